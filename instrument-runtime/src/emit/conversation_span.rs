//! The span of a whole conversation, in the layout that has one.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer};

use super::emitter::{AnnotationEvents, status, system_time};
use super::span_scope::SpanScope;
use super::truncate::truncate_values;
use super::{RemoteParent, Tracers, span_attributes};
use crate::engine::record::{SpanDetails, SpanRecord, Status};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// The span of a whole conversation: it begins with the first turn and ends with the last one, which is known when
/// the conversation is over.
#[derive(Debug)]
pub(super) struct ConversationSpan {
    context: Context,
    start: Time,
    /// Until when its turns go, as far as they have ended.
    end: Time,
    told: ConversationFacts,
}

/// What there is to tell of a whole conversation.
#[derive(Debug, Default)]
pub(super) struct ConversationFacts {
    /// The first turn that failed is what failed.
    pub(super) status: Status,
    /// Who the user is, as the last turn that knows says.
    pub(super) user_id: Option<Arc<str>>,
}

impl ConversationSpan {
    pub(super) fn begin(
        tracers: &Tracers,
        scope: &SpanScope<'_>,
        remote_parent: &RemoteParent,
        at: Time,
    ) -> Self {
        let builder = SpanBuilder::from_name(scope.root_name()).with_start_time(system_time(at));
        let span = tracers.tracer().build_with_context(remote_parent.link(builder), remote_parent.parent());
        let context = remote_parent.parent().with_span(span);
        Self { context, start: at, end: at, told: ConversationFacts::default() }
    }

    /// The context in which it is current.
    pub(super) const fn context(&self) -> &Context {
        &self.context
    }

    /// Something of it is over, and this is what may leave of it.
    pub(super) fn take_in(&mut self, record: &SpanRecord) {
        self.end = self.end.max(record.end);
        if !matches!(record.details, SpanDetails::Turn(_)) {
            return;
        }
        if self.told.status == Status::Ok {
            self.told.status.clone_from(&record.status);
        }
        if record.user_id.is_some() {
            self.told.user_id.clone_from(&record.user_id);
        }
    }

    pub(super) fn end(self, scope: &SpanScope<'_>, notes: AnnotationEvents, privacy: &Privacy) {
        let span = self.context.span();
        if span.is_recording() {
            let mut attributes = span_attributes::conversation_attributes(&self.told, scope);
            truncate_values(&mut attributes, privacy);
            span.set_attributes(attributes);
            notes.write(&span, (self.start, self.end), privacy);
            span.set_status(status(self.told.status));
        }
        span.end_with_timestamp(system_time(self.end));
    }
}
