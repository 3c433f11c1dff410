//! Starts and ends the OpenTelemetry spans of one conversation.

use std::mem::take;
use std::sync::Arc;

use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

use super::annotations::{Annotation, AnnotationEvents, Annotations};
use super::conversation_span::ConversationSpan;
use super::open_span::OpenSpan;
use super::otel::to_system_time;
use super::span_scope::SpanScope;
use super::{EmitSettings, RecordProcessor, RemoteParent, Session, TraceLayout, Tracers};
use crate::engine::content::RequestLimits;
use crate::engine::record::{Recording, SpanKey, SpanKind, SpanRecord, SpanSink, SpanStart, TurnNumber};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// Turns the records of one conversation into OpenTelemetry spans.
///
/// A span starts when its record does, so that its context exists for its children, for the sampler and for outgoing
/// requests. Its attributes are written once, when it ends, in order of importance. A span that the sampler drops still
/// has a context, but nothing is written to it.
///
/// The root of a trace is each turn or a span of the whole conversation, depending on the [layout](TraceLayout). The
/// conversation span ends with [`finish`](Self::finish), or when the emitter is dropped.
///
/// ```
/// use std::sync::Arc;
///
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::engine::record::{Recording, SpanKey, SpanKind, SpanStart, SpanSink, TurnNumber};
/// use pipecat_instrument_runtime::engine::time::Time;
/// use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
///
/// let tracers = Tracers::new(&NoopTracerProvider::new());
/// let mut emitter = Emitter::new(&tracers, Arc::new(EmitSettings::default()), Session::new("call-42"));
/// let turn = SpanStart {
///     key: SpanKey(1),
///     kind: SpanKind::Turn,
///     parent: None,
///     at: Time::from_unix_nanos(0),
///     name: String::new(),
///     turn: TurnNumber(1),
/// };
/// assert_eq!(emitter.start(turn), Recording::No); // this provider records nothing
/// assert!(emitter.context(SpanKey(1)).is_some());
/// ```
#[derive(Debug)]
pub struct Emitter {
    tracers: Tracers,
    settings: Arc<EmitSettings>,
    session: Session,
    remote_parent: RemoteParent,
    record_processor: Option<Arc<dyn RecordProcessor>>,
    privacy: Privacy,
    /// The root of all turns, in the layout that has one. Starts with the first turn.
    conversation: Option<Box<ConversationSpan>>,
    /// In the order of their starts. They are few: the spans under way in one or two turns.
    open: Vec<OpenSpan>,
    /// Annotations added while no turn was open. The next turn receives them.
    pending: Annotations,
    /// Notes and scores of the conversation span, in the layout that has one.
    conversation_events: AnnotationEvents,
    /// The latest time of any start or end.
    now: Time,
}

impl Emitter {
    /// Returns an emitter of the conversation `session`. By default it redacts only large images; see
    /// [`privacy`](Self::privacy).
    pub fn new(tracers: &Tracers, settings: Arc<EmitSettings>, session: Session) -> Self {
        Self {
            tracers: tracers.clone(),
            settings,
            session,
            remote_parent: RemoteParent::default(),
            record_processor: None,
            privacy: Privacy::default(),
            conversation: None,
            open: Vec::new(),
            pending: Annotations::default(),
            conversation_events: AnnotationEvents::default(),
            now: Time::default(),
        }
    }

    /// Sets the privacy settings, which redact and truncate content.
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    /// Sets the processor that receives every finished record.
    pub fn record_processor(mut self, processor: Arc<dyn RecordProcessor>) -> Self {
        self.record_processor = Some(processor);
        self
    }

    /// Returns the parent and links of the conversation's root spans.
    pub const fn remote_parent_mut(&mut self) -> &mut RemoteParent {
        &mut self.remote_parent
    }

    /// Returns the OpenTelemetry context in which turns start: that of the remote parent, or of the conversation span in
    /// [`TraceLayout::PerConversation`], where it is `None` before the first turn.
    pub fn conversation_context(&self) -> Option<&Context> {
        match self.settings.layout {
            TraceLayout::PerTurn => Some(self.remote_parent.parent()),
            TraceLayout::PerConversation => self.conversation.as_deref().map(ConversationSpan::context),
        }
    }

    /// Returns the OpenTelemetry context in which the span `key` is current, for child spans and `traceparent` headers;
    /// `None` once the span has ended.
    pub fn context(&self, key: SpanKey) -> Option<Context> {
        self.open.iter().find(|open| open.start.key == key).map(|open| open.context.clone())
    }

    /// Returns the limits within which the request of a span is copied.
    pub(crate) fn request_limits(&self) -> RequestLimits {
        RequestLimits { attributes: self.settings.attribute_limit, content: self.privacy.content_limits() }
    }

    /// Returns an emitter for one span outside any turn. The span's parent is the current span of `parent`, else the
    /// remote parent of this conversation.
    pub(crate) fn standalone(&self, parent: &Context) -> Self {
        let settings = Arc::new(EmitSettings::clone(&self.settings).layout(TraceLayout::PerTurn));
        let mut alone =
            Self::new(&self.tracers, settings, self.session.clone()).privacy(self.privacy.clone());
        alone.record_processor.clone_from(&self.record_processor);
        alone.remote_parent = self.remote_parent.clone();
        if parent.has_active_span() {
            alone.remote_parent.set_parent(parent);
        }
        alone
    }

    /// Sets an attribute of the turn `turn`; if that is not open, of the next turn.
    pub(crate) fn set_attribute(&mut self, turn: Option<SpanKey>, attribute: KeyValue) {
        let limit = self.settings.attribute_limit;
        let open = self.open.iter_mut().find(|open| Some(open.start.key) == turn);
        let annotations = open.map_or(&mut self.pending, |open| &mut open.annotations);
        annotations.set_attribute(attribute, limit);
    }

    /// Adds `annotation` to the newest open turn; if none is open, to the next turn. Also adds it to the conversation
    /// span, in the layout that has one.
    pub(crate) fn annotate(&mut self, at: Time, annotation: Annotation) {
        if self.settings.layout == TraceLayout::PerConversation {
            self.conversation_events.add(at, annotation.clone());
        }
        let open = self.open.iter_mut().rev().find(|open| open.is_turn());
        open.map_or(&mut self.pending, |open| &mut open.annotations).add_event(at, annotation);
    }

    /// Ends all open spans and the conversation span. Dropping the emitter does so, too.
    pub fn finish(self) {
        drop(self);
    }

    /// Returns `builder` and its parent context for a span without a parent of this conversation.
    fn root(&mut self, builder: SpanBuilder, at: Time) -> (SpanBuilder, Context) {
        if self.settings.layout == TraceLayout::PerTurn {
            // Never the thread's current context: a span around the pipeline is not the parent of its turns.
            return (self.remote_parent.link(builder), self.remote_parent.parent().clone());
        }
        let scope = SpanScope { session: &self.session, settings: &self.settings, turn: None };
        let start = || Box::new(ConversationSpan::start(&self.tracers, &scope, &self.remote_parent, at));
        (builder, self.conversation.get_or_insert_with(start).context().clone())
    }

    /// Redacts `record` and ends its span.
    fn close(&mut self, open: OpenSpan, record: SpanRecord) {
        if let Some(processor) = &self.record_processor {
            processor.on_end(&record);
        }
        let is_written = open.is_recording() || self.conversation.is_some();
        let record = if is_written { self.privacy.redact_record(record) } else { record };
        if let Some(conversation) = &mut self.conversation {
            conversation.on_end(&record);
        }
        let scope = self.scope(open.turn());
        open.end(record, &scope, &self.privacy);
    }

    fn scope(&self, turn: Option<TurnNumber>) -> SpanScope<'_> {
        SpanScope { session: &self.session, settings: &self.settings, turn }
    }
}

/// The engine calls these methods while its conversation is locked, so span processors and exporters run under that lock.
impl SpanSink for Emitter {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.now = self.now.max(start.at);
        let name = self.settings.span_names.span(&start);
        let builder = SpanBuilder::from_name(name).with_start_time(to_system_time(start.at));
        let (builder, parent) = match start.parent.and_then(|key| self.context(key)) {
            Some(parent) => (builder, parent),
            None => self.root(builder, start.at),
        };
        let context = parent.with_span(self.tracers.tracer().build_with_context(builder, &parent));
        let recording = match &self.record_processor {
            _ if context.span().is_recording() => Recording::Yes,
            Some(_) => Recording::MetricsOnly,
            None => Recording::No,
        };
        let is_turn = start.kind == SpanKind::Turn;
        let annotations = if is_turn { take(&mut self.pending) } else { Annotations::default() };
        self.open.push(OpenSpan { start, context, annotations });
        recording
    }

    fn end(&mut self, record: SpanRecord) {
        self.now = self.now.max(record.end);
        let Some(index) = self.open.iter().position(|open| open.start.key == record.key) else {
            return;
        };
        let open = self.open.remove(index);
        self.close(open, record);
    }
}

/// Ends and exports every started span, also when the conversation is lost.
impl Drop for Emitter {
    fn drop(&mut self) {
        while let Some(open) = self.open.pop() {
            let record = open.unfinished_record(self.now);
            self.close(open, record);
        }
        let conversation = self.conversation.take();
        let unwritten = self.pending.event_count();
        if unwritten > 0 && conversation.is_none() {
            tracing::warn!(
                conversation_id = &*self.session.id,
                notes = unwritten,
                "notes or scores arrived after the conversation's last turn and are in no span; add them during the \
                 conversation, at the latest two seconds after the turn ends"
            );
        }
        if let Some(conversation) = conversation {
            let events = take(&mut self.conversation_events);
            conversation.end(&self.scope(None), events, &self.privacy);
        }
    }
}

#[cfg(test)]
mod tests;
