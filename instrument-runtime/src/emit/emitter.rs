//! Starts and ends the OpenTelemetry spans of one conversation as its records arrive.

use std::sync::Arc;

use opentelemetry::Context;

use super::outbox::Outbox;
use super::span_writer::SpanWriter;
use super::{ConversationHandle, EmitSettings, RecordProcessor, RemoteParent, Session, Tracers};
use crate::engine::content::RequestLimits;
use crate::engine::record::{Recording, SpanKey, SpanRecord, SpanSink, SpanStart};
use crate::privacy::Privacy;

/// Turns the records of one conversation into OpenTelemetry spans.
///
/// A span starts when its record does, so that its context exists for its children, for the sampler and for outgoing
/// requests. Its attributes are written once, when it ends, in order of importance. A span that the sampler drops still
/// has a context, but nothing is written to it.
///
/// The root of a trace is each turn or a span of the whole conversation, depending on the [layout](super::TraceLayout).
/// The conversation span ends with [`finish`](Self::finish), or when the emitter is dropped.
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
    outbox: Outbox,
}

impl Emitter {
    /// Returns an emitter of the conversation `session`. By default it redacts only large images; see
    /// [`privacy`](Self::privacy).
    pub fn new(tracers: &Tracers, settings: Arc<EmitSettings>, session: Session) -> Self {
        let writer = SpanWriter {
            tracers: tracers.clone(),
            settings,
            session,
            privacy: Privacy::default(),
            record_processor: None,
            handle: None,
        };
        Self { outbox: Outbox::new(writer) }
    }

    /// Sets the privacy settings, which redact and truncate content.
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.outbox.writer_mut().privacy = privacy;
        self
    }

    /// Sets the processor that receives every finished record.
    pub fn record_processor(mut self, processor: Arc<dyn RecordProcessor>) -> Self {
        self.outbox.writer_mut().record_processor = Some(processor);
        self
    }

    /// Sets the parent and links of root spans that start from now on.
    pub fn remote_parent(self, remote_parent: RemoteParent) -> Self {
        self.outbox.set_remote_parent(remote_parent);
        self
    }

    /// Sets the conversation that span processors see in the parent context of root spans.
    pub(crate) fn handle(mut self, handle: ConversationHandle) -> Self {
        self.outbox.writer_mut().handle = Some(handle);
        self
    }

    /// Returns the OpenTelemetry context in which turns start: that of the remote parent, or of the conversation span
    /// in [`TraceLayout::PerConversation`](super::TraceLayout::PerConversation), where it is `None` before the first
    /// turn.
    pub fn conversation_context(&self) -> Option<Context> {
        self.outbox.conversation_context()
    }

    /// Returns the OpenTelemetry context in which the span `key` is current, for child spans and `traceparent` headers;
    /// `None` once the span has ended.
    pub fn context(&self, key: SpanKey) -> Option<Context> {
        self.outbox.context(key)
    }

    /// Returns the limits within which the request of a span is copied.
    pub(crate) fn request_limits(&self) -> RequestLimits {
        self.outbox.request_limits()
    }

    /// Ends all open spans and the conversation span. Dropping the emitter does so, too.
    pub fn finish(self) {
        drop(self);
    }

    /// Returns the outbox, for a conversation that emits its spans after it is unlocked.
    pub(crate) fn into_outbox(self) -> Outbox {
        self.outbox
    }
}

impl From<Outbox> for Emitter {
    fn from(outbox: Outbox) -> Self {
        Self { outbox }
    }
}

impl SpanSink for Emitter {
    fn start(&mut self, start: SpanStart) -> Recording {
        let key = start.key;
        (&self.outbox).start(start);
        self.outbox.drain();
        self.outbox.recording(key)
    }

    fn end(&mut self, record: SpanRecord) {
        (&self.outbox).end(record);
        self.outbox.drain();
    }
}

#[cfg(test)]
mod tests;
