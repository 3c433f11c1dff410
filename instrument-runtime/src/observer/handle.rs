//! The observer that a pipeline holds.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::TracingContext;
use super::clock::{At, Now};
use super::observed_conversation::{DRAIN_TIMEOUT, ObservedConversation};
use crate::engine::conversation::{CloseReason, FrameSupport};
use crate::engine::frame::{FramePushed, ObservedFrame};
use crate::engine::time::Time;

/// Observes one conversation. The pipeline reports every hop of every frame, and the observer emits spans.
///
/// Cheap to clone. Processors may push from several threads at once. The conversation ends with its last frame (`End`
/// or `Cancel`), with [`close`](Self::close), or when the last clone is dropped.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::engine::frame::{Direction, Frame, FrameId, FramePushed, ProcessorRef};
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
///
/// let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = observers.observe(ObserveOptions::new());
/// observer.on_push_frame(&FramePushed {
///     source: ProcessorRef::named("Source"),
///     destination: ProcessorRef::named("Stt"),
///     direction: Direction::Downstream,
///     id: Some(FrameId(1)),
///     sibling: None,
///     frame: &Frame::Start,
/// });
/// observer.close();
/// ```
#[derive(Clone)]
pub struct Observer {
    conversation: Arc<ObservedConversation>,
}

impl Observer {
    pub(super) fn new(conversation: Arc<ObservedConversation>) -> Self {
        Self { conversation }
    }

    /// Sets the frames that the framework sends, for adapters that receive an existing observer. Has no effect after
    /// the first frame.
    pub fn with_frame_support(self, support: FrameSupport) -> Self {
        self.conversation.set_frame_support(support);
        self
    }

    /// Returns the conversation's id, which is `session.id` on its spans.
    pub fn conversation_id(&self) -> &str {
        self.conversation.id()
    }

    /// Returns the handle to the conversation for code inside it. The handle gives `traceparent`s for requests, sets
    /// attributes on turns and names the caller. Take it where the task gets its observer, and pass it to the code that
    /// needs it.
    ///
    /// ```
    /// use pipecat_instrument_runtime::instrumentor::ObservedTask;
    /// use pipecat_instrument_runtime::observer::{Observer, TracingContext};
    ///
    /// #[derive(Default)]
    /// struct PipelineTask {
    ///     observer: Option<Observer>,
    ///     tracing: TracingContext,
    /// }
    ///
    /// impl ObservedTask for PipelineTask {
    ///     fn attach_observer(&mut self, observer: Observer) {
    ///         self.tracing = observer.tracing_context();
    ///         self.observer = Some(observer);
    ///     }
    /// }
    /// ```
    pub fn tracing_context(&self) -> TracingContext {
        TracingContext::new(Arc::clone(self.conversation.id()), Arc::downgrade(&self.conversation))
    }

    /// Reports one hop of one frame, as it happens. Blocks only for another hop of the same conversation, and never
    /// panics.
    #[inline]
    pub fn on_push_frame<F: ObservedFrame + ?Sized>(&self, hop: &FramePushed<'_, F>) {
        self.conversation.on_hop(Now, hop);
    }

    /// Reports one hop of one frame that happened at `time`: nanoseconds since the Unix epoch, by the host's clock.
    /// Spans and the frame log have these times.
    ///
    /// A time before that of an earlier event counts as that. Until the next time is given, the conversation's clock
    /// runs on from this one.
    ///
    /// ```
    /// use opentelemetry::trace::noop::NoopTracerProvider;
    /// use pipecat_instrument_runtime::emit::Tracers;
    /// use pipecat_instrument_runtime::engine::frame::{Direction, Frame, FramePushed, ProcessorRef};
    /// use pipecat_instrument_runtime::engine::time::Time;
    /// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
    ///
    /// let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
    /// let observer = observers.observe(ObserveOptions::new());
    /// observer.on_push_frame_at(Time::from_unix_nanos(1_700_000_000_000_000_000), &FramePushed {
    ///     source: ProcessorRef::named("Source"),
    ///     destination: ProcessorRef::named("Stt"),
    ///     direction: Direction::Downstream,
    ///     id: None,
    ///     sibling: None,
    ///     frame: &Frame::Start,
    /// });
    /// ```
    pub fn on_push_frame_at<F: ObservedFrame + ?Sized>(&self, time: Time, hop: &FramePushed<'_, F>) {
        self.conversation.on_hop(At(time), hop);
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) must be called if no frame comes before; `None` if never.
    /// For a host with [`Timer::Host`](super::Timer::Host), which asks again after each frame.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.conversation.of_this_process()?.poll_timeout()
    }

    /// Handles everything that is due at `now`, by the conversation's clock: a turn ends, or its spans do. A late call
    /// has the same result, as the deadline counts.
    pub fn handle_timeout(&self, now: Time) {
        if let Some(conversation) = self.conversation.of_this_process() {
            conversation.handle_timeout(At(now));
        }
    }

    /// Passes the spans that wait to the tracer, on this thread; returns at once if another thread is doing so. For a
    /// host with [`Emission::Host`](super::Emission::Host).
    pub fn emit(&self) {
        if let Some(conversation) = self.conversation.of_this_process() {
            conversation.outbox().drain();
        }
    }

    /// Returns whether there is work for [`emit`](Self::emit).
    pub fn has_spans_to_emit(&self) -> bool {
        self.conversation.of_this_process().is_some_and(|conversation| conversation.outbox().has_queued())
    }

    /// Ends the conversation and its open spans. Has no effect on a conversation that has ended.
    ///
    /// Waits until its spans are passed to the tracer, for five seconds at most if another thread is doing so. Code
    /// that the tracer calls, such as a span processor, does not wait.
    pub fn close(&self) {
        self.conversation.close(CloseReason::Shutdown, DRAIN_TIMEOUT);
    }

    /// Ends the conversation as dropping the last clone does: open turns end as cancelled. For adapters of frameworks
    /// that hold an observer longer than its task lives.
    ///
    /// ```
    /// # use opentelemetry::trace::noop::NoopTracerProvider;
    /// # use pipecat_instrument_runtime::emit::Tracers;
    /// # use pipecat_instrument_runtime::observer::{ObserveOptions, Observer, ObserverProvider};
    /// struct CancelOnDrop(Observer);
    ///
    /// impl Drop for CancelOnDrop {
    ///     fn drop(&mut self) {
    ///         self.0.cancel();
    ///     }
    /// }
    /// # let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
    /// # drop(CancelOnDrop(observers.observe(ObserveOptions::new())));
    /// ```
    pub fn cancel(&self) {
        self.conversation.close(CloseReason::Dropped, DRAIN_TIMEOUT);
    }

    /// Returns a function that does what the timer does for this conversation.
    #[cfg(loom)]
    pub(super) fn waker(&self) -> impl FnOnce() + Send + use<> {
        let conversation = Arc::downgrade(&self.conversation);
        move || {
            if let Some(conversation) = conversation.upgrade() {
                super::timer::Wake::wake(&*conversation);
            }
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("conversation_id", &self.conversation_id()).finish_non_exhaustive()
    }
}

/// A future that is ready when it is first polled. It has no size, so that boxing it allocates nothing: for adapters of
/// frameworks that ask for a boxed future for every hop.
///
/// ```
/// use std::pin::Pin;
///
/// use pipecat_instrument_runtime::observer::Ready;
///
/// fn on_push_frame() -> Pin<Box<dyn Future<Output = ()> + Send>> {
///     Box::pin(Ready)
/// }
/// # let _ = on_push_frame;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Ready;

const _: () = assert!(size_of::<Ready>() == 0, "boxing it must not allocate");

impl Future for Ready {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}
