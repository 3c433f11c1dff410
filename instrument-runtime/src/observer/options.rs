//! Options of one conversation.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::TraceContextExt;

use super::{FrameLogTarget, ToAttributes, ToConversationId, ToFrameLogTarget, ToParentContext};
use crate::emit::RemoteParent;
use crate::engine::conversation::FrameSupport;

/// The handler of a conversation's timeouts. A turn ends by one if no frame follows the bot's speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Timer {
    /// One thread of the process, for all conversations.
    #[default]
    Thread,
    /// The host, with [`Observer::poll_timeout`](super::Observer::poll_timeout) and
    /// [`Observer::handle_timeout`](super::Observer::handle_timeout): for a host with an event loop, or with a time of
    /// its own.
    Host,
}

/// The thread that passes the spans of a conversation to the tracer, and so to samplers, span processors and exporters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Emission {
    /// The thread that reports a hop, after the conversation is unlocked; for a timeout, a thread of the process.
    #[default]
    Caller,
    /// The host's, in [`Observer::emit`](super::Observer::emit): for a host whose exporters need a certain thread or a
    /// global lock. Ending the conversation emits on the thread that ends it.
    Host,
}

/// Options of one conversation, for its observer.
///
/// Takes ids and attributes by reference, so that an argument can be named and still be used afterwards.
///
/// ```
/// use opentelemetry::KeyValue;
/// use pipecat_instrument_runtime::observer::ObserveOptions;
///
/// let call_id = String::from("call-42");
/// let options = ObserveOptions::new().conversation_id(&call_id).attributes(&[KeyValue::new("tenant", "acme")]);
/// # let _ = (options, call_id);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ObserveOptions {
    pub(super) conversation_id: Option<Arc<str>>,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) frame_support: FrameSupport,
    pub(super) remote_parent: RemoteParent,
    pub(super) debug_log: FrameLogTarget,
    pub(super) timer: Timer,
    pub(super) emission: Emission,
}

impl ObserveOptions {
    /// Creates options for a conversation with a random UUID as its id.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the conversation's id. An empty one, or `None`, leaves the UUID.
    pub fn conversation_id(mut self, id: &(impl ToConversationId + ?Sized)) -> Self {
        self.conversation_id = id.to_conversation_id().filter(|id| !id.is_empty());
        self
    }

    /// Adds attributes to every span of the conversation.
    pub fn attributes(mut self, attributes: &(impl ToAttributes + ?Sized)) -> Self {
        attributes.for_each_attribute(&mut |attribute| self.attributes.push(attribute));
        self
    }

    /// Sets the span of the caller: the conversation's root spans become its children, in its trace. The baggage of a
    /// `Context` counts, too. Has no effect without a valid span.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::ObserveOptions;
    ///
    /// let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// let options = ObserveOptions::new().parent(traceparent);
    /// # let _ = options;
    /// ```
    pub fn parent(mut self, caller: &(impl ToParentContext + ?Sized)) -> Self {
        if let Some(context) = caller.to_parent_context() {
            self.remote_parent.set_parent(&context);
        }
        self
    }

    /// Links the conversation's root spans to the span of a caller. They stay traces of their own, as many backends
    /// expect of turns. May be called for several callers. Has no effect without a valid span.
    pub fn link(mut self, caller: &(impl ToParentContext + ?Sized)) -> Self {
        if let Some(context) = caller.to_parent_context() {
            self.remote_parent.add_link(context.span().span_context().clone());
        }
        self
    }

    /// Sets the target of the conversation's frame log: a path as for the whole program, `false` for no log, or an
    /// `Option` of one. The first frame opens the file; if the file cannot be written, a warning is logged.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::ObserveOptions;
    ///
    /// let watched = ObserveOptions::new().debug_log("logs/watched-{conversation_id}.jsonl");
    /// let confidential = ObserveOptions::new().debug_log(&false);
    /// # let _ = (watched, confidential);
    /// ```
    pub fn debug_log(mut self, target: &(impl ToFrameLogTarget + ?Sized)) -> Self {
        self.debug_log = target.to_frame_log_target();
        self
    }

    /// Sets the frames that the framework sends.
    pub fn frame_support(mut self, support: FrameSupport) -> Self {
        self.frame_support = support;
        self
    }

    /// Sets the handler of the conversation's timeouts.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use opentelemetry::trace::noop::NoopTracerProvider;
    /// use pipecat_instrument_runtime::emit::Tracers;
    /// use pipecat_instrument_runtime::engine::time::Time;
    /// use pipecat_instrument_runtime::observer::{ObserveOptions, Observer, ObserverProvider, Timer};
    ///
    /// /// Called by the event loop after each frame, and at the time that it returned last.
    /// fn on_event(observer: &Observer, now: Time) -> Option<Time> {
    ///     observer.handle_timeout(now);
    ///     observer.poll_timeout()
    /// }
    ///
    /// let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
    /// let observer = observers.observe(ObserveOptions::new().timer(Timer::Host));
    /// assert_eq!(on_event(&observer, Time::from_unix_nanos(1_000)), None);
    /// ```
    pub fn timer(mut self, timer: Timer) -> Self {
        self.timer = timer;
        self
    }

    /// Sets the thread that passes the spans of the conversation to the tracer.
    pub fn emission(mut self, emission: Emission) -> Self {
        self.emission = emission;
        self
    }

    /// Returns whether [`merge`](Self::merge) could set anything.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.conversation_id.is_none()
            || self.attributes.is_empty()
            || self.remote_parent.is_empty()
            || self.debug_log == FrameLogTarget::AsTheProgram
            || self.timer == Timer::Thread
            || self.emission == Emission::Caller
    }

    /// Fills options that are not set with those of `other`.
    pub(crate) fn merge(&mut self, other: Self) {
        if self.conversation_id.is_none() {
            self.conversation_id = other.conversation_id;
        }
        if self.attributes.is_empty() {
            self.attributes = other.attributes;
        }
        if self.remote_parent.is_empty() {
            self.remote_parent = other.remote_parent;
        }
        if self.debug_log == FrameLogTarget::AsTheProgram {
            self.debug_log = other.debug_log;
        }
        if self.timer == Timer::Thread {
            self.timer = other.timer;
        }
        if self.emission == Emission::Caller {
            self.emission = other.emission;
        }
    }
}
