//! Starts, writes and ends the OpenTelemetry spans of one conversation.
//!
//! Everything that a program can plug in runs in these methods: the tracer with its sampler and span processors, the record
//! processor and the redaction hook. So they are called without any lock.

use std::mem::take;
use std::sync::Arc;

use opentelemetry::trace::{SpanBuilder, SpanRef, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

use super::annotations::{AnnotationEvents, Annotations};
use super::attributes::truncate_values;
use super::conversation_span::{ConversationSpan, RecordSummary};
use super::open_span::StartedSpan;
use super::otel::{to_otel_status, to_system_time};
use super::span_scope::SpanScope;
use super::{
    ConversationHandle, EmitSettings, RecordProcessor, RemoteParent, Session, TraceLayout, Tracers, keys,
    span_attributes,
};
use crate::engine::record::{
    Recording, SpanDetails, SpanEvent, SpanEventKind, SpanRecord, SpanStart, TurnNumber,
};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// Starts, writes and ends the OpenTelemetry spans of one conversation. Has no state.
#[derive(Debug, Clone)]
pub(super) struct SpanWriter {
    pub(super) tracers: Tracers,
    pub(super) settings: Arc<EmitSettings>,
    pub(super) session: Session,
    pub(super) privacy: Privacy,
    pub(super) record_processor: Option<Arc<dyn RecordProcessor>>,
    /// Put into the parent context of root spans, for span processors.
    pub(super) handle: Option<ConversationHandle>,
}

impl SpanWriter {
    /// Starts the span of the conversation.
    pub(super) fn start_conversation(&self, remote: &RemoteParent, at: Time) -> ConversationSpan {
        let scope = self.scope(None);
        let builder = SpanBuilder::from_name(scope.root_name())
            .with_start_time(to_system_time(at))
            .with_attributes(self.truncated(span_attributes::at_conversation_start(&scope)));
        let parent = self.root_parent(remote);
        let span = self.tracers.tracer().build_with_context(remote.link(builder), &parent);
        ConversationSpan::new(parent.with_span(span), at)
    }

    /// Starts a span whose parent is the current span of `parent`.
    pub(super) fn start(&self, start: &SpanStart, parent: &Context) -> StartedSpan {
        self.start_with(self.builder(start), parent)
    }

    /// Starts a span without a parent in the conversation.
    ///
    /// The thread's current context is not used: a span around the pipeline is not the parent of its turns.
    pub(super) fn start_root(&self, start: &SpanStart, remote: &RemoteParent) -> StartedSpan {
        self.start_with(remote.link(self.builder(start)), &self.root_parent(remote))
    }

    /// Redacts `record`, writes it with the annotations to the span, if the sampler kept that, and ends the span. Returns the
    /// content that the conversation span needs, in the layout that has one.
    pub(super) fn end(
        &self,
        start: &SpanStart,
        started: &StartedSpan,
        annotations: Annotations,
        mut record: SpanRecord,
    ) -> Option<RecordSummary> {
        if let SpanDetails::Llm(llm) = &mut record.details
            && llm.service.may_hold_instruction()
        {
            Arc::make_mut(&mut llm.service).take_instruction();
        }
        if let Some(processor) = &self.record_processor {
            processor.on_end(&record);
        }
        let span = started.context.span();
        let has_conversation_span = self.settings.layout == TraceLayout::PerConversation;
        let is_written = span.is_recording();
        let record =
            if is_written || has_conversation_span { self.privacy.redact_record(record) } else { record };
        let summary = has_conversation_span.then(|| RecordSummary::of(&record));
        let end = to_system_time(record.end);
        if is_written {
            self.write(&span, start, annotations, record);
        }
        span.end_with_timestamp(end);
        summary
    }

    /// Writes and ends the span of the conversation.
    pub(super) fn end_conversation(&self, conversation: ConversationSpan, events: AnnotationEvents) {
        conversation.end(&self.scope(None), events, &self.privacy);
    }

    fn builder(&self, start: &SpanStart) -> SpanBuilder {
        let attributes = span_attributes::at_start(start.kind, &self.scope(start.turn_number()));
        SpanBuilder::from_name(self.settings.span_names.span(start))
            .with_start_time(to_system_time(start.at))
            .with_attributes(self.truncated(attributes))
    }

    fn start_with(&self, builder: SpanBuilder, parent: &Context) -> StartedSpan {
        let context = parent.with_span(self.tracers.tracer().build_with_context(builder, parent));
        let recording = match &self.record_processor {
            _ if context.span().is_recording() => Recording::Yes,
            Some(_) => Recording::MetricsOnly,
            None => Recording::No,
        };
        StartedSpan { context, recording }
    }

    fn write(&self, span: &SpanRef<'_>, start: &SpanStart, annotations: Annotations, mut record: SpanRecord) {
        let (events, status) = (take(&mut record.events), to_otel_status(record.status.clone()));
        let session = annotations.apply_to(&self.session);
        let scope = SpanScope { session: &session, ..self.scope(start.turn_number()) };
        annotations.into_events().write(span, (record.start, record.end), &self.privacy);
        span.set_attributes(self.truncated(span_attributes::of_record(record, &scope)));
        for event in events {
            add_event(span, event);
        }
        span.set_status(status);
    }

    fn root_parent(&self, remote: &RemoteParent) -> Context {
        let parent = remote.parent();
        self.handle.clone().map_or_else(|| parent.clone(), |handle| parent.with_value(handle))
    }

    fn truncated(&self, mut attributes: Vec<KeyValue>) -> Vec<KeyValue> {
        truncate_values(&mut attributes, &self.privacy);
        attributes
    }

    fn scope(&self, turn: Option<TurnNumber>) -> SpanScope<'_> {
        SpanScope { session: &self.session, settings: &self.settings, turn }
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
