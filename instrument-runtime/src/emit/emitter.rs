//! The OpenTelemetry spans of one conversation.

mod annotations;

use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanBuilder, SpanRef, Status as SpanStatus, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

pub(crate) use annotations::Annotation;
pub(super) use annotations::AnnotationEvents;

use self::annotations::Annotations;
use super::conversation_span::ConversationSpan;
use super::span_scope::SpanScope;
use super::truncate::truncate_values;
use super::unfinished_span::abandoned;
use super::{
    EmitSettings, RecordProcessor, RemoteParent, Session, TraceLayout, Tracers, keys, span_attributes,
};
use crate::engine::record::{
    Recording, SpanEvent, SpanEventKind, SpanKey, SpanKind, SpanRecord, SpanSink, SpanStart, Status,
    TurnNumber,
};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// Turns the spans of one conversation into OpenTelemetry spans.
///
/// A span is started when its record is, so that its context exists for its children, for the sampler and for
/// outgoing requests. All that it has to tell is written at its end, once, in order of importance. One that the sampler
/// drops is still there as a context, and writes nothing.
///
/// The [layout](TraceLayout) says what is the root of a trace: each turn, or a span of the conversation, which ends
/// with [`finish`](Self::finish) or when this is dropped.
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
/// assert_eq!(emitter.start(turn), Recording::No); // as this provider records nothing
/// assert!(emitter.context(SpanKey(1)).is_some());
/// ```
#[derive(Debug)]
pub struct Emitter {
    tracers: Tracers,
    settings: Arc<EmitSettings>,
    session: Session,
    remote_parent: RemoteParent,
    measure: Option<Arc<dyn RecordProcessor>>,
    privacy: Privacy,
    /// The root of all, in the layout that has one; it begins with the first turn.
    conversation: Option<Box<ConversationSpan>>,
    /// In the order in which they began. They are few: what one or two turns have under way.
    open: Vec<OpenSpan>,
    /// What was told while no turn was open: it is the next one's.
    untold: Annotations,
    /// What was remarked on the conversation, in the layout that has a span for it.
    notes: AnnotationEvents,
    /// The latest time that was told.
    now: Time,
}

/// A span that has begun.
#[derive(Debug)]
struct OpenSpan {
    start: SpanStart,
    context: Context,
    told: Annotations,
}

impl Emitter {
    /// Spans of the conversation `session` are made by `tracers` and written as `settings` say.
    ///
    /// They tell what they have to tell, but for large pictures; see [`privacy`](Self::privacy).
    pub fn new(tracers: &Tracers, settings: Arc<EmitSettings>, session: Session) -> Self {
        Self {
            tracers: tracers.clone(),
            settings,
            session,
            remote_parent: RemoteParent::default(),
            measure: None,
            privacy: Privacy::default(),
            conversation: None,
            open: Vec::new(),
            untold: Annotations::default(),
            notes: AnnotationEvents::default(),
            now: Time::default(),
        }
    }

    /// The same, with spans that tell no more than `privacy` lets out.
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    /// The same, with every record shown to `measure` as well.
    pub fn record_processor(mut self, measure: Arc<dyn RecordProcessor>) -> Self {
        self.measure = Some(measure);
        self
    }

    /// Where the conversation came from.
    pub const fn remote_parent_mut(&mut self) -> &mut RemoteParent {
        &mut self.remote_parent
    }

    /// The OpenTelemetry context that turns begin in: the conversation's own, in the layout that has one, once it has
    /// begun; else the one that the conversation came from.
    pub fn conversation_context(&self) -> Option<&Context> {
        match self.settings.layout {
            TraceLayout::PerTurn => Some(self.remote_parent.parent()),
            TraceLayout::PerConversation => self.conversation.as_deref().map(ConversationSpan::context),
        }
    }

    /// The OpenTelemetry context in which the span `key` is current, while that span is open: the parent of what is
    /// done in it, and what `traceparent` is made from.
    pub fn context(&self, key: SpanKey) -> Option<Context> {
        self.open.iter().find(|open| open.start.key == key).map(|open| open.context.clone())
    }

    /// How many attributes a span carries.
    pub(crate) fn attribute_limit(&self) -> usize {
        self.settings.attribute_limit
    }

    /// Another one, for a span that belongs to no turn: a child of what is current in `parent`, else of what this
    /// conversation came from.
    pub(crate) fn standalone(&self, parent: &Context) -> Self {
        let settings = Arc::new(EmitSettings::clone(&self.settings).layout(TraceLayout::PerTurn));
        let mut alone =
            Self::new(&self.tracers, settings, self.session.clone()).privacy(self.privacy.clone());
        alone.measure.clone_from(&self.measure);
        alone.remote_parent = self.remote_parent.clone();
        if parent.has_active_span() {
            alone.remote_parent.set_parent(parent);
        }
        alone
    }

    /// The conversation is over: ends what is still open, and its own span. Dropping it does the same.
    pub fn finish(self) {
        drop(self);
    }

    /// The root that `builder` builds, and what it is under: the conversation, in the layout that has one.
    fn root(&mut self, builder: SpanBuilder, at: Time) -> (SpanBuilder, Context) {
        if self.settings.layout == TraceLayout::PerTurn {
            // Never the thread's current context: what the pipeline happens to be traced by is not the turn's parent.
            return (self.remote_parent.link(builder), self.remote_parent.parent().clone());
        }
        let scope = SpanScope { session: &self.session, settings: &self.settings, turn: None };
        let begin = || Box::new(ConversationSpan::begin(&self.tracers, &scope, &self.remote_parent, at));
        (builder, self.conversation.get_or_insert_with(begin).context().clone())
    }

    fn close(&mut self, OpenSpan { start, context, told }: OpenSpan, record: SpanRecord) {
        if let Some(measure) = &self.measure {
            measure.on_end(&record);
        }
        let (span, end) = (context.span(), system_time(record.end));
        let is_shown = span.is_recording() || self.conversation.is_some();
        let mut record = if is_shown { self.privacy.redact_record(record) } else { record };
        if let Some(conversation) = &mut self.conversation {
            conversation.take_in(&record);
        }
        if span.is_recording() {
            let (events, status) = (take(&mut record.events), status(record.status.clone()));
            let session = told.with_session(&self.session);
            let scope = SpanScope { session: &session, ..self.place(start.turn_of_it()) };
            told.into_notes().write(&span, (record.start, record.end), &self.privacy);
            let mut attributes = span_attributes::attributes(record, &scope);
            truncate_values(&mut attributes, &self.privacy);
            span.set_attributes(attributes);
            for event in events {
                add_event(&span, event);
            }
            span.set_status(status);
        }
        span.end_with_timestamp(end);
    }

    fn place(&self, turn: Option<TurnNumber>) -> SpanScope<'_> {
        SpanScope { session: &self.session, settings: &self.settings, turn }
    }
}

impl SpanStart {
    /// The turn that it belongs to, if it does to one.
    fn turn_of_it(&self) -> Option<TurnNumber> {
        (self.kind == SpanKind::Turn || self.parent.is_some()).then_some(self.turn)
    }
}

impl SpanSink for Emitter {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.now = self.now.max(start.at);
        let name = self.settings.span_names.span(&start);
        let builder = SpanBuilder::from_name(name).with_start_time(system_time(start.at));
        let (builder, parent) = match start.parent.and_then(|key| self.context(key)) {
            Some(parent) => (builder, parent),
            None => self.root(builder, start.at),
        };
        let context = parent.with_span(self.tracers.tracer().build_with_context(builder, &parent));
        let recording = match &self.measure {
            _ if context.span().is_recording() => Recording::Yes,
            Some(_) => Recording::MetricsOnly,
            None => Recording::No,
        };
        let told = if start.kind == SpanKind::Turn { take(&mut self.untold) } else { Annotations::default() };
        self.open.push(OpenSpan { start, context, told });
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

/// Every span that was started is exported, whatever became of its conversation.
impl Drop for Emitter {
    fn drop(&mut self) {
        while let Some(open) = self.open.pop() {
            let record = abandoned(&open.start, self.now);
            self.close(open, record);
        }
        self.warn_of_untold();
        if let Some(conversation) = self.conversation.take() {
            let notes = take(&mut self.notes);
            conversation.end(&self.place(None), notes, &self.privacy);
        }
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
    span.add_event_with_timestamp(name, system_time(event.at), attributes);
}

pub(super) fn status(status: Status) -> SpanStatus {
    match status {
        Status::Ok => SpanStatus::Ok,
        Status::Error { message, .. } => SpanStatus::error(message),
    }
}

pub(super) fn system_time(time: Time) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(time.as_unix_nanos())
}

#[cfg(test)]
mod tests;
