//! The OpenTelemetry spans of one conversation.

mod told;

use std::borrow::Cow;
use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanBuilder, SpanRef, Status as SpanStatus, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

pub(crate) use told::Note;

use self::told::Told;
use super::abandoned::abandoned;
use super::{EmitSettings, Origin, Session, Tracers, keys, span};
use crate::core::record::{
    Happening, Recording, SpanEvent, SpanKey, SpanKind, SpanRecord, SpanStart, Spans, Status,
};
use crate::core::time::Time;

/// Turns the spans of one conversation into OpenTelemetry spans.
///
/// A span is started when its record is, so that its context exists for its children, for the sampler and for
/// outgoing requests. All that it has to tell is written at its end, once, in order of importance. Each turn is the
/// root of a trace of its own; one that the sampler drops is still there as a context, and writes nothing.
///
/// ```
/// use std::sync::Arc;
///
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::core::record::{Recording, SpanKey, SpanKind, SpanStart, Spans, TurnNumber};
/// use pipecat_instrument_runtime::core::time::Time;
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
    origin: Origin,
    /// What was told while no turn was open: it is the next one's.
    untold: Told,
    /// In the order in which they began. They are few: what one or two turns have under way.
    open: Vec<OpenSpan>,
    /// The latest time that was told.
    now: Time,
}

/// A span that has begun.
#[derive(Debug)]
struct OpenSpan {
    start: SpanStart,
    context: Context,
    told: Told,
}

impl Emitter {
    /// Spans of the conversation `session` are made by `tracers` and written as `settings` say.
    pub fn new(tracers: &Tracers, settings: Arc<EmitSettings>, session: Session) -> Self {
        Self {
            tracers: tracers.clone(),
            settings,
            session,
            origin: Origin::default(),
            untold: Told::default(),
            open: Vec::new(),
            now: Time::default(),
        }
    }

    /// Where the conversation came from.
    pub fn origin_mut(&mut self) -> &mut Origin {
        &mut self.origin
    }

    /// The OpenTelemetry context that the conversation's root spans begin in.
    pub const fn root_context(&self) -> &Context {
        self.origin.parent()
    }

    /// The OpenTelemetry context in which the span `key` is current, while that span is open: the parent of what is
    /// done in it, and what `traceparent` is made from.
    pub fn context(&self, key: SpanKey) -> Option<Context> {
        self.open.iter().find(|open| open.start.key == key).map(|open| open.context.clone())
    }

    fn close(&self, span: &SpanRef<'_>, told: Told, record: SpanRecord) {
        if span.is_recording() {
            span.set_attributes(span::attributes(&record, &told.with_session(&self.session), &self.settings));
            told.write_notes(span, record.start, record.end);
            record.events.into_iter().for_each(|event| add_event(span, event));
            span.set_status(status(record.status));
        }
        span.end_with_timestamp(system_time(record.end));
    }
}

impl Spans for Emitter {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.now = self.now.max(start.at);
        // Never the thread's current context: what the pipeline happens to be traced by is not the turn's parent.
        let mut builder = SpanBuilder::from_name(name(&start)).with_start_time(system_time(start.at));
        let parent = if let Some(key) = start.parent {
            self.context(key).unwrap_or_default()
        } else {
            builder = self.origin.link(builder);
            self.origin.parent().clone()
        };
        let context = parent.with_span(self.tracers.tracer().build_with_context(builder, &parent));
        let recording = if context.span().is_recording() { Recording::Yes } else { Recording::No };
        let told = if start.kind == SpanKind::Turn { take(&mut self.untold) } else { Told::default() };
        self.open.push(OpenSpan { start, context, told });
        recording
    }

    fn end(&mut self, record: SpanRecord) {
        self.now = self.now.max(record.end);
        let Some(index) = self.open.iter().position(|open| open.start.key == record.key) else {
            return;
        };
        let open = self.open.remove(index);
        self.close(&open.context.span(), open.told, record);
    }
}

/// Every span that was started is exported, whatever became of its conversation.
impl Drop for Emitter {
    fn drop(&mut self) {
        while let Some(open) = self.open.pop() {
            self.close(&open.context.span(), open.told, abandoned(open.start, self.now));
        }
        self.warn_of_untold();
    }
}

fn name(start: &SpanStart) -> Cow<'static, str> {
    match start.kind {
        SpanKind::Turn => "pipecat.conversation.turn".into(),
        SpanKind::Stt => "pipecat.stt".into(),
        SpanKind::Llm => "pipecat.llm".into(),
        SpanKind::Tts => "pipecat.tts".into(),
        SpanKind::Tool => format!("pipecat.tool.{}", start.name).into(),
    }
}

fn add_event(span: &SpanRef<'_>, event: SpanEvent) {
    let (name, attributes) = match event.what {
        Happening::Exception { message, error_type } => (
            "exception",
            vec![
                KeyValue::new(keys::EXCEPTION_TYPE, error_type),
                KeyValue::new(keys::EXCEPTION_MESSAGE, message),
            ],
        ),
        Happening::FirstToken => ("first_token", Vec::new()),
        Happening::FirstAudio => ("first_audio", Vec::new()),
        Happening::Interrupted => ("interrupted", Vec::new()),
    };
    span.add_event_with_timestamp(name, system_time(event.at), attributes);
}

fn status(status: Status) -> SpanStatus {
    match status {
        Status::Ok => SpanStatus::Ok,
        Status::Error { message, .. } => SpanStatus::error(message),
    }
}

fn system_time(time: Time) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(time.as_unix_nanos())
}

#[cfg(test)]
mod tests;
