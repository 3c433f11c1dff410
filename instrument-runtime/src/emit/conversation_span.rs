//! The span of a whole conversation, in [`TraceLayout::PerConversation`](super::TraceLayout::PerConversation).

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer};

use super::annotations::AnnotationEvents;
use super::attributes::truncate_values;
use super::otel::{to_otel_status, to_system_time};
use super::span_scope::SpanScope;
use super::{RemoteParent, Tracers, span_attributes};
use crate::engine::record::{SpanDetails, SpanRecord, Status};
use crate::engine::time::Time;
use crate::privacy::Privacy;

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
    /// Whether its first turn says that the start of the conversation was missed.
    start_missed: bool,
}

impl ConversationSpan {
    pub(super) fn start(tracers: &Tracers, scope: &SpanScope<'_>, remote: &RemoteParent, at: Time) -> Self {
        let builder = SpanBuilder::from_name(scope.root_name()).with_start_time(to_system_time(at));
        let span = tracers.tracer().build_with_context(remote.link(builder), remote.parent());
        let context = remote.parent().with_span(span);
        Self { context, start: at, end: at, status: Status::Ok, user_id: None, start_missed: false }
    }

    /// Returns the context in which the span is current.
    pub(super) const fn context(&self) -> &Context {
        &self.context
    }

    /// Takes end time, status, user id and a missed start from a redacted record of the conversation.
    pub(super) fn on_end(&mut self, record: &SpanRecord) {
        self.end = self.end.max(record.end);
        let SpanDetails::Turn(turn) = &record.details else { return };
        self.start_missed |= turn.start_missed;
        if self.status == Status::Ok {
            self.status.clone_from(&record.status);
        }
        if record.user_id.is_some() {
            self.user_id.clone_from(&record.user_id);
        }
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
