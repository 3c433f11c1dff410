//! OpenTelemetry handles and conversions.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::InstrumentationScope;
use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{Status as OtelStatus, Tracer, TracerProvider};

use crate::engine::record::Status;
use crate::engine::time::Time;

/// The name of the instrumentation scope of all spans and metrics.
const SCOPE: &str = "pipecat-instrument";

/// Returns the instrumentation scope, with this crate's version.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION")).build()
}

/// A tracer of any provider, from which [`Emitter`](super::Emitter)s start their spans.
///
/// Cheap to clone. Keeps the provider alive for as long as the provider's tracers do.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
///
/// let tracers = Tracers::new(&NoopTracerProvider::new());
/// let for_another_conversation = tracers.clone();
/// ```
#[derive(Debug, Clone)]
pub struct Tracers {
    tracer: Arc<BoxedTracer>,
}

impl Tracers {
    /// Returns a tracer of `provider` with the scope `pipecat-instrument` and this crate's version.
    pub fn new<P>(provider: &P) -> Self
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        Self { tracer: Arc::new(BoxedTracer::new(Box::new(provider.tracer_with_scope(scope())))) }
    }

    pub(super) fn tracer(&self) -> &BoxedTracer {
        &self.tracer
    }
}

pub(super) fn to_otel_status(status: Status) -> OtelStatus {
    match status {
        Status::Ok => OtelStatus::Ok,
        Status::Error { message, .. } => OtelStatus::error(message),
    }
}

pub(super) fn to_system_time(time: Time) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(time.as_unix_nanos())
}
