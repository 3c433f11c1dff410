//! A span between its start and its end.
//!
//! See [Nothing lost](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#nothing-lost).

use std::sync::Arc;

use opentelemetry::Context;

use super::RemoteParent;
use super::annotations::Annotations;
use crate::engine::frame::{Processor, Role};
use crate::engine::record::{
    EndReason, Initiator, LlmRecord, Recording, SpanDetails, SpanKind, SpanRecord, SpanStart, Status,
    SttRecord, ToolRecord, TtsRecord, TurnRecord,
};
use crate::engine::time::Time;

/// A span that has not ended.
#[derive(Debug)]
pub(super) struct OpenSpan {
    pub(super) start: SpanStart,
    pub(super) state: SpanState,
    pub(super) annotations: Annotations,
}

/// The state of an [`OpenSpan`]'s OpenTelemetry span.
///
/// ```text
///   Queued ──▶ Started
///     │
///     └──▶ Skipped
/// ```
#[derive(Debug)]
pub(super) enum SpanState {
    /// It will start. Without a parent in the conversation, it will be below this one.
    Queued(Arc<RemoteParent>),
    /// It has started.
    Started(StartedSpan),
    /// It will not start: the outbox was full, its parent was skipped or dropped by the sampler, or starting it
    /// panicked.
    Skipped,
}

/// An OpenTelemetry span that has started.
#[derive(Debug, Clone)]
pub(super) struct StartedSpan {
    /// The context in which the span is current.
    pub(super) context: Context,
    pub(super) recording: Recording,
}

impl OpenSpan {
    pub(super) fn is_turn(&self) -> bool {
        self.start.kind == SpanKind::Turn
    }

    /// Returns the started span; `None` before its start, or if it will not start.
    pub(super) fn started(&self) -> Option<&StartedSpan> {
        match &self.state {
            SpanState::Started(started) => Some(started),
            SpanState::Queued(_) | SpanState::Skipped => None,
        }
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
