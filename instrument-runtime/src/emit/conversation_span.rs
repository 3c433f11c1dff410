//! The span of a whole conversation, in [`TraceLayout::PerConversation`](super::TraceLayout::PerConversation).

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use super::annotations::AnnotationEvents;
use super::attributes::truncate_values;
use super::otel::{to_otel_status, to_system_time};
use super::span_attributes;
use super::span_scope::SpanScope;
use crate::engine::record::{SpanDetails, SpanRecord, Status};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// The content of a redacted record that the conversation span needs.
#[derive(Debug)]
pub(super) struct RecordSummary {
    end: Time,
    turn: Option<TurnSummary>,
}

#[derive(Debug)]
struct TurnSummary {
    status: Status,
    user_id: Option<Arc<str>>,
    start_missed: bool,
}

impl RecordSummary {
    pub(super) fn of(record: &SpanRecord) -> Self {
        let turn = match &record.details {
            SpanDetails::Turn(turn) => Some(TurnSummary {
                status: record.status.clone(),
                user_id: record.user_id.clone(),
                start_missed: turn.start_missed,
            }),
            _ => None,
        };
        Self { end: record.end, turn }
    }
}

/// The span of a whole conversation. It starts with the first turn, and ends with the last one when the conversation
/// closes.
#[derive(Debug)]
pub(super) struct ConversationSpan {
    context: Context,
    start: Time,
    /// The latest end of a record so far.
    end: Time,
    /// The status of the first failed turn.
    status: Status,
    /// The user id of the last turn that has one.
    user_id: Option<Arc<str>>,
    /// Whether a turn has `start_missed`.
    start_missed: bool,
}

impl ConversationSpan {
    pub(super) const fn new(context: Context, start: Time) -> Self {
        Self { context, start, end: start, status: Status::Ok, user_id: None, start_missed: false }
    }

    /// Returns the context in which the span is current.
    pub(super) const fn context(&self) -> &Context {
        &self.context
    }

    /// Takes end time, status, user id and a missed start from a finished record of the conversation.
    pub(super) fn on_end(&mut self, record: RecordSummary) {
        self.end = self.end.max(record.end);
        let Some(turn) = record.turn else { return };
        self.start_missed |= turn.start_missed;
        if self.status == Status::Ok {
            self.status = turn.status;
        }
        self.user_id = turn.user_id.or(self.user_id.take());
    }

    /// Writes the attributes and `events`, and ends the span.
    pub(super) fn end(self, scope: &SpanScope<'_>, events: AnnotationEvents, privacy: &Privacy) {
        let span = self.context.span();
        if span.is_recording() {
            let mut attributes =
                span_attributes::of_conversation(&self.status, self.user_id, self.start_missed, scope);
            truncate_values(&mut attributes, privacy);
            span.set_attributes(attributes);
            events.write(&span, (self.start, self.end), privacy);
            span.set_status(to_otel_status(self.status));
        }
        span.end_with_timestamp(to_system_time(self.end));
    }
}
