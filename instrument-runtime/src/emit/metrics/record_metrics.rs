//! The numbers of one record.
//!
//! What is recorded bears no text, and neither conversation nor user: only kinds, providers and models.

use opentelemetry::{KeyValue, StringValue};

use super::cardinality::CardinalityLimits;
use super::instruments::Instruments;
use crate::emit::service_attributes::{ServiceSpan, ServiceType};
use crate::emit::{gen_ai, keys, openinference};
use crate::engine::frame::LlmUsage;
use crate::engine::record::{
    EndReason, SpanDetails, SpanEventKind, SpanRecord, Status, TurnRecord, UserToBotLatency,
};

/// Records what `record` tells.
pub(super) fn record(record: &SpanRecord, instruments: &Instruments, limits: &CardinalityLimits) {
    let reading = Reading { record, instruments, limits, who: who(&record.details, limits) };
    reading.errors();
    if let Some(span) = ServiceSpan::of(&record.details) {
        reading.service(&span);
    }
    match &record.details {
        SpanDetails::Turn(turn) => reading.turn(turn),
        SpanDetails::Stt(stt) => reading.transcribed(stt.audio_seconds),
        SpanDetails::Llm(llm) => reading.tokens(llm.usage.as_ref()),
        SpanDetails::Tts(tts) => reading.characters(tts.characters),
        SpanDetails::Tool(_) => reading.tool(),
    }
}

/// One record, and where its numbers go.
struct Reading<'a> {
    record: &'a SpanRecord,
    instruments: &'a Instruments,
    limits: &'a CardinalityLimits,
    /// What was done, by whose model.
    who: Vec<KeyValue>,
}

fn who(details: &SpanDetails, limits: &CardinalityLimits) -> Vec<KeyValue> {
    let mut who = vec![KeyValue::new(keys::GEN_AI_OPERATION_NAME, gen_ai::operation(details))];
    if let Some(service) = ServiceSpan::of(details) {
        let provider = limits.providers.admit(&gen_ai::provider_name(&service));
        who.push(KeyValue::new(keys::GEN_AI_PROVIDER_NAME, provider));
        let model = service.model().map(|model| limits.models.admit(model));
        who.extend(model.map(|model| KeyValue::new(keys::GEN_AI_REQUEST_MODEL, model)));
    }
    who
}

impl Reading<'_> {
    fn turn(&self, turn: &TurnRecord) {
        let reason = openinference::end_reason(turn.end_reason);
        record_at(
            &self.instruments.turn_duration,
            self.seconds(),
            &[KeyValue::new(keys::END_REASON, reason)],
        );
        if turn.end_reason == EndReason::Interrupted {
            self.instruments.interruptions.add(1, &[]);
        }
        if let Some(latency) = &turn.latency {
            self.latency(latency);
        }
    }

    fn latency(&self, latency: &UserToBotLatency) {
        let source = openinference::latency_source(latency.source);
        let source = [KeyValue::new(keys::LATENCY_SOURCE, source)];
        record_at(&self.instruments.user_to_bot_latency, latency.seconds, &source);
        for (stage, seconds) in latency.stages.named() {
            if let Some(seconds) = seconds {
                let stage = [KeyValue::new(keys::LATENCY_STAGE, stage)];
                record_at(&self.instruments.latency_stage, seconds, &stage);
            }
        }
    }

    fn service(&self, span: &ServiceSpan<'_>) {
        // An utterance takes as long as the user speaks: that is no time of the service's.
        let answers = span.service_type != ServiceType::Stt;
        if let Some((seconds, measured)) = span.times.ttfb {
            let source = KeyValue::new(keys::SERVICE_TTFB_SOURCE, openinference::ttfb_source(measured));
            record_at(&self.instruments.ttfb, seconds, &self.who_and(Some(source)));
            if answers {
                record_at(&self.instruments.time_to_first_chunk, seconds, &self.who);
            }
        }
        if answers {
            record_at(&self.instruments.operation_duration, self.seconds(), &self.who_and(self.failure()));
        }
    }

    fn tokens(&self, usage: Option<&LlmUsage>) {
        let Some(usage) = usage else { return };
        for (kind, tokens) in [("input", usage.prompt), ("output", usage.completion)] {
            let kind = KeyValue::new(keys::GEN_AI_TOKEN_TYPE, kind);
            self.instruments.tokens.record(tokens, &self.who_and(Some(kind)));
        }
    }

    fn characters(&self, characters: Option<u64>) {
        if let Some(characters) = characters {
            self.instruments.characters.add(characters, &self.who);
        }
    }

    fn transcribed(&self, seconds: Option<f64>) {
        if let Some(seconds) = seconds.and_then(sensible) {
            self.instruments.transcribed.add(seconds, &self.who);
        }
    }

    fn tool(&self) {
        let failure: Vec<KeyValue> = self.failure().into_iter().collect();
        record_at(&self.instruments.tool_duration, self.seconds(), &failure);
    }

    fn errors(&self) {
        for event in &self.record.events {
            if let SpanEventKind::Exception { error_type, .. } = &event.kind {
                let error_type = KeyValue::new(keys::ERROR_TYPE, self.error_type(error_type));
                self.instruments.errors.add(1, &self.who_and(Some(error_type)));
            }
        }
    }

    fn failure(&self) -> Option<KeyValue> {
        match &self.record.status {
            Status::Ok => None,
            Status::Error { error_type, .. } => {
                Some(KeyValue::new(keys::ERROR_TYPE, self.error_type(error_type)))
            }
        }
    }

    fn error_type(&self, error_type: &str) -> StringValue {
        self.limits.error_types.admit(error_type)
    }

    fn who_and(&self, more: Option<KeyValue>) -> Vec<KeyValue> {
        self.who.iter().cloned().chain(more).collect()
    }

    fn seconds(&self) -> f64 {
        self.record.end.seconds_since(self.record.start)
    }
}

fn record_at(histogram: &opentelemetry::metrics::Histogram<f64>, seconds: f64, attributes: &[KeyValue]) {
    if let Some(seconds) = sensible(seconds) {
        histogram.record(seconds, attributes);
    }
}

/// What a service reports may be no number, and a bot may speak before its user is found to be done: OpenTelemetry
/// takes no negative numbers, and a sum that is no number never is one again.
fn sensible(seconds: f64) -> Option<f64> {
    seconds.is_finite().then(|| seconds.max(0.0))
}
