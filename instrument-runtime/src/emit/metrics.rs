//! OpenTelemetry metrics over all conversations.
//!
//! Measurements carry neither texts nor conversation or user ids: only operations, providers, models and error types.
//!
//! See [Metrics](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#metrics).

mod cardinality;
mod instruments;

use std::fmt;
use std::sync::Arc;

use opentelemetry::metrics::{Histogram, Meter, MeterProvider};
use opentelemetry::{KeyValue, StringValue};

use super::keys::{self, MetricInfo};
use super::otel::scope;
use super::service_attributes::{ServiceSpan, end_reason, latency_source, ttfb_source};
use super::{RecordProcessor, gen_ai};
use crate::engine::frame::LlmUsage;
use crate::engine::operation::ServiceKind;
use crate::engine::record::{
    EndReason, SpanDetails, SpanEventKind, SpanRecord, StageTime, Status, TurnRecord, UserToBotLatency,
};
use cardinality::CardinalityLimits;
use instruments::Instruments;

/// Records the metrics of any meter provider. `docs/metrics.md` lists them.
///
/// Cheap to clone. Keeps the provider alive, as some providers shut down when their last handle is dropped.
/// ```
/// use opentelemetry::metrics::NoopMeterProvider;
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::{MetricsRecorder, Tracers};
/// use pipecat_instrument_runtime::observer::ObserverProvider;
///
/// let recorder = MetricsRecorder::new(NoopMeterProvider::new());
/// let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new())).metrics(&recorder);
/// # let _ = observers;
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
    /// Returns a recorder for `provider`, with the scope `pipecat-instrument` and this crate's version.
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

    /// Reports the total `count` of this process as `metric`, whenever metrics are collected.
    pub(crate) fn observe(&self, metric: &MetricInfo, count: fn() -> u64) {
        instruments::observe(&self.shared.meter, metric, count);
    }
}

impl RecordProcessor for MetricsRecorder {
    fn on_end(&self, record: &SpanRecord) {
        record_metrics(record, &self.shared.instruments, &self.shared.limits);
    }
}

impl fmt::Debug for MetricsRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsRecorder").finish_non_exhaustive()
    }
}

/// Records the measurements of `record`.
fn record_metrics(record: &SpanRecord, instruments: &Instruments, limits: &CardinalityLimits) {
    let attributes = common_attributes(&record.details, limits);
    let measurements = Measurements { record, instruments, limits, attributes };
    measurements.record_errors();
    if let Some(span) = ServiceSpan::of(&record.details) {
        measurements.record_service(&span);
    }
    match &record.details {
        SpanDetails::Turn(turn) => measurements.record_turn(turn),
        SpanDetails::Stt(stt) => measurements.record_transcribed(stt.audio_seconds),
        SpanDetails::Llm(llm) => measurements.record_tokens(llm.usage.as_ref()),
        SpanDetails::Tts(tts) => measurements.record_characters(tts.characters),
        SpanDetails::Tool(_) => measurements.record_tool(),
    }
}

/// The measurements of one record.
struct Measurements<'a> {
    record: &'a SpanRecord,
    instruments: &'a Instruments,
    limits: &'a CardinalityLimits,
    /// Operation, provider and model.
    attributes: Vec<KeyValue>,
}

fn common_attributes(details: &SpanDetails, limits: &CardinalityLimits) -> Vec<KeyValue> {
    let mut attributes = vec![KeyValue::new(keys::GEN_AI_OPERATION_NAME, gen_ai::operation(details))];
    if let Some(service) = ServiceSpan::of(details) {
        let provider = limits.providers.limit(&gen_ai::provider_name(&service));
        attributes.push(KeyValue::new(keys::GEN_AI_PROVIDER_NAME, provider));
        let model = service.model().map(|model| limits.models.limit(model));
        attributes.extend(model.map(|model| KeyValue::new(keys::GEN_AI_REQUEST_MODEL, model)));
    }
    attributes
}

impl Measurements<'_> {
    fn record_turn(&self, turn: &TurnRecord) {
        let reason = end_reason(turn.end_reason);
        record_seconds(
            &self.instruments.turn_duration,
            self.seconds(),
            &[KeyValue::new(keys::END_REASON, reason)],
        );
        if turn.end_reason == EndReason::Interrupted {
            self.instruments.interruptions.add(1, &[]);
        }
        if let Some(latency) = &turn.latency {
            self.record_latency(latency);
        }
    }

    fn record_latency(&self, latency: &UserToBotLatency) {
        let source = latency_source(latency.source);
        let source = [KeyValue::new(keys::LATENCY_SOURCE, source)];
        record_seconds(&self.instruments.user_to_bot_latency, latency.seconds, &source);
        for StageTime { stage, seconds, .. } in &latency.stages {
            let stage = [KeyValue::new(keys::LATENCY_STAGE, stage.as_str())];
            record_seconds(&self.instruments.latency_stage, *seconds, &stage);
        }
    }

    fn record_service(&self, span: &ServiceSpan<'_>) {
        // An STT span lasts as long as the user speaks, so its duration does not measure the service.
        let is_response = span.kind != ServiceKind::Stt;
        if let Some((seconds, source)) = span.times.ttfb {
            let source = KeyValue::new(keys::SERVICE_TTFB_SOURCE, ttfb_source(source));
            record_seconds(&self.instruments.ttfb, seconds, &self.attributes_with(Some(source)));
            if is_response {
                record_seconds(&self.instruments.time_to_first_chunk, seconds, &self.attributes);
            }
        }
        if is_response {
            record_seconds(
                &self.instruments.operation_duration,
                self.seconds(),
                &self.attributes_with(self.error_attribute()),
            );
        }
    }

    fn record_tokens(&self, usage: Option<&LlmUsage>) {
        let Some(usage) = usage else { return };
        for (kind, tokens) in [("input", usage.prompt), ("output", usage.completion)] {
            let kind = KeyValue::new(keys::GEN_AI_TOKEN_TYPE, kind);
            self.instruments.tokens.record(tokens, &self.attributes_with(Some(kind)));
        }
    }

    fn record_characters(&self, characters: Option<u64>) {
        if let Some(characters) = characters {
            self.instruments.characters.add(characters, &self.attributes);
        }
    }

    fn record_transcribed(&self, seconds: Option<f64>) {
        if let Some(seconds) = seconds.and_then(valid_seconds) {
            self.instruments.transcribed.add(seconds, &self.attributes);
        }
    }

    fn record_tool(&self) {
        let error: Vec<KeyValue> = self.error_attribute().into_iter().collect();
        record_seconds(&self.instruments.tool_duration, self.seconds(), &error);
    }

    fn record_errors(&self) {
        for event in &self.record.events {
            if let SpanEventKind::Exception { error_type, .. } = &event.kind {
                let error_type = KeyValue::new(keys::ERROR_TYPE, self.error_type(error_type));
                self.instruments.errors.add(1, &self.attributes_with(Some(error_type)));
            }
        }
    }

    fn error_attribute(&self) -> Option<KeyValue> {
        match &self.record.status {
            Status::Ok => None,
            Status::Error { error_type, .. } => {
                Some(KeyValue::new(keys::ERROR_TYPE, self.error_type(error_type)))
            }
        }
    }

    fn error_type(&self, error_type: &str) -> StringValue {
        self.limits.error_types.limit(error_type)
    }

    fn attributes_with(&self, additional: Option<KeyValue>) -> Vec<KeyValue> {
        self.attributes.iter().cloned().chain(additional).collect()
    }

    fn seconds(&self) -> f64 {
        self.record.end.seconds_since(self.record.start)
    }
}

fn record_seconds(histogram: &Histogram<f64>, seconds: f64, attributes: &[KeyValue]) {
    if let Some(seconds) = valid_seconds(seconds) {
        histogram.record(seconds, attributes);
    }
}

/// Clamps `seconds` at zero; `None` for infinity and NaN.
///
/// Services may report NaN, which would spoil a sum for good. A bot may speak before its user is announced as stopped, but
/// OpenTelemetry does not take negative numbers.
fn valid_seconds(seconds: f64) -> Option<f64> {
    seconds.is_finite().then(|| seconds.max(0.0))
}

#[cfg(test)]
mod tests;
