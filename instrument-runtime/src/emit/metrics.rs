//! OpenTelemetry metrics: the numbers of all conversations together.
//!
//! | file | subject |
//! |---|---|
//! | `instruments` | what measurements are recorded with, and the boundaries of its histograms |
//! | `readings` | the numbers of one record |
//! | `vocabulary` | the values of attributes that come from outside, no more than so many |

mod cardinality;
mod instruments;
mod record_metrics;

use std::fmt;
use std::sync::Arc;

use opentelemetry::metrics::{Meter, MeterProvider};

use super::RecordProcessor;
use super::keys::MetricInfo;
use super::tracers::scope;
use crate::engine::record::SpanRecord;
use cardinality::CardinalityLimits;
use instruments::Instruments;

/// The metrics of some provider, whose type is forgotten. `docs/metrics.md` lists them.
///
/// Cheap to clone. Holds the provider, as some are shut down when their last handle is dropped.
///
/// ```
/// use opentelemetry::metrics::NoopMeterProvider;
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::{MetricsRecorder, Tracers};
/// use pipecat_instrument_runtime::observer::ObserverProvider;
///
/// let meters = MetricsRecorder::new(NoopMeterProvider::new());
/// let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new())).metrics(&meters);
/// # let _ = group;
/// ```
#[derive(Clone)]
pub struct MetricsRecorder {
    shared: Arc<Shared>,
}

struct Shared {
    meter: Meter,
    instruments: Instruments,
    limits: CardinalityLimits,
    _provider: Box<dyn MeterProvider + Send + Sync>,
}

impl MetricsRecorder {
    /// Measurements go to `provider`, under the scope `pipecat-instrument` and this crate's version.
    pub fn new(provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        let meter = provider.meter_with_scope(scope());
        let shared = Shared {
            instruments: Instruments::new(&meter),
            limits: CardinalityLimits::default(),
            meter,
            _provider: Box::new(provider),
        };
        Self { shared: Arc::new(shared) }
    }

    /// From now on `metric` is what `count` says: a total of this process.
    pub(crate) fn observe(&self, metric: &MetricInfo, count: fn() -> u64) {
        instruments::observe(&self.shared.meter, metric, count);
    }
}

impl RecordProcessor for MetricsRecorder {
    fn on_end(&self, record: &SpanRecord) {
        record_metrics::record(record, &self.shared.instruments, &self.shared.limits);
    }
}

impl fmt::Debug for MetricsRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsRecorder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
