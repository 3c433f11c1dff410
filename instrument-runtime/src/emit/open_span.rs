//! A span between its start and its end.
//!
//! See [Nothing lost](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#nothing-lost).

use std::mem::take;
use std::sync::Arc;

use opentelemetry::trace::{SpanRef, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use super::annotations::Annotations;
use super::attributes::truncate_values;
use super::otel::{to_otel_status, to_system_time};
use super::span_scope::SpanScope;
use super::{keys, span_attributes};
use crate::engine::frame::{Processor, Role};
use crate::engine::record::{
    EndReason, Initiator, LlmRecord, SpanDetails, SpanEvent, SpanEventKind, SpanKind, SpanRecord, SpanStart,
    Status, SttRecord, ToolRecord, TtsRecord, TurnNumber, TurnRecord,
};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// A started span.
#[derive(Debug)]
pub(super) struct OpenSpan {
    pub(super) start: SpanStart,
    /// The context in which the span is current.
    pub(super) context: Context,
    pub(super) annotations: Annotations,
}

impl OpenSpan {
    pub(super) fn is_turn(&self) -> bool {
        self.start.kind == SpanKind::Turn
    }

    /// Returns whether the sampler kept the span.
    pub(super) fn is_recording(&self) -> bool {
        self.context.span().is_recording()
    }

    /// Returns the turn of the span; `None` outside any turn.
    pub(super) fn turn(&self) -> Option<TurnNumber> {
        (self.is_turn() || self.start.parent.is_some()).then_some(self.start.turn)
    }

    /// Writes the redacted `record` to the span, if the sampler kept it, and ends the span.
    pub(super) fn end(self, mut record: SpanRecord, scope: &SpanScope<'_>, privacy: &Privacy) {
        let (span, end) = (self.context.span(), to_system_time(record.end));
        if span.is_recording() {
            let (events, status) = (take(&mut record.events), to_otel_status(record.status.clone()));
            let session = self.annotations.apply_to(scope.session);
            let scope = SpanScope { session: &session, ..*scope };
            self.annotations.into_events().write(&span, (record.start, record.end), privacy);
            let mut attributes = span_attributes::of_record(record, &scope);
            truncate_values(&mut attributes, privacy);
            span.set_attributes(attributes);
            for event in events {
                add_event(&span, event);
            }
            span.set_status(status);
        }
        span.end_with_timestamp(end);
    }

    /// Returns a record that ends at `end`, for a span whose conversation is gone. Its status is Ok: the service did not
    /// fail.
    pub(super) fn unfinished_record(&self, end: Time) -> SpanRecord {
        let SpanStart { key, kind, at, ref name, turn, .. } = self.start;
        let service = |role| Arc::new(Processor::new(name, name, role));
        let details = match kind {
            SpanKind::Turn => SpanDetails::Turn(TurnRecord {
                number: turn,
                input: None,
                output: None,
                end_reason: EndReason::Cancelled,
                initiator: Initiator::Bot,
                latency: None,
                repeats: None,
                start_missed: false,
            }),
            SpanKind::Stt => {
                SpanDetails::Stt(SttRecord { service: service(Role::Stt), ..SttRecord::default() })
            }
            SpanKind::Llm => SpanDetails::Llm(Box::new(LlmRecord {
                service: service(Role::Llm),
                interrupted: true,
                ..LlmRecord::default()
            })),
            SpanKind::Tts => SpanDetails::Tts(TtsRecord {
                service: service(Role::Tts),
                interrupted: true,
                ..TtsRecord::default()
            }),
            SpanKind::Tool => {
                SpanDetails::Tool(ToolRecord { name: name.clone(), cancelled: true, ..ToolRecord::default() })
            }
        };
        let (status, events) = (Status::Ok, Vec::new());
        SpanRecord { key, start: at, end, status, events, user_id: None, details }
    }
}

fn add_event(span: &SpanRef<'_>, event: SpanEvent) {
    let (name, attributes) = match event.kind {
        SpanEventKind::Exception { message, error_type } => (
            "exception",
            vec![
                KeyValue::new(keys::EXCEPTION_TYPE, error_type),
                KeyValue::new(keys::EXCEPTION_MESSAGE, message),
            ],
        ),
        SpanEventKind::FirstToken => ("first_token", Vec::new()),
        SpanEventKind::FirstAudio => ("first_audio", Vec::new()),
        SpanEventKind::Interrupted => ("interrupted", Vec::new()),
    };
    span.add_event_with_timestamp(name, to_system_time(event.at), attributes);
}
