//! The handle that a pipeline holds.

use std::fmt;
use std::sync::Arc;

use super::watch::Watch;
use super::{ObserveOptions, TracingContext, displaced};
use crate::engine::conversation::{CloseReason, FrameSupport};
use crate::engine::frame::{FramePushed, ObservedFrame};

/// Watches one conversation: every hop of a frame goes past it, spans come out at the other end.
///
/// Cheap to clone; processors of several threads may push at once. The conversation ends with its last frame
/// (`End`, `Cancel`), with [`close`](Self::close), or when the last clone is dropped.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::engine::frame::{Direction, Frame, FrameId, FramePushed, ProcessorRef};
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
///
/// let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = group.observe(ObserveOptions::new());
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
    watch: Arc<Watch>,
}

impl Observer {
    pub(super) fn new(watch: Arc<Watch>) -> Self {
        Self { watch }
    }

    /// The same, for a framework that announces `signals`. For adapters that are handed an observer; it tells
    /// nothing any more once the first frame has been seen.
    pub fn with_signals(self, signals: FrameSupport) -> Self {
        self.watch.expect_signals(signals);
        self
    }

    /// The conversation's id: `session.id` of its spans.
    pub fn conversation_id(&self) -> &str {
        self.watch.conversation_id()
    }

    /// The handle to the conversation for code inside it: `traceparent` for its requests, attributes of its turns, the
    /// call that it came from. To be taken where the task is given its observer, and passed on to who needs it.
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
        TracingContext::new(self.watch.shared_id(), Arc::downgrade(&self.watch))
    }

    /// One hop of one frame, as it happens. Never blocks for anything but another hop of the same conversation, and
    /// never panics.
    #[inline]
    pub fn on_push_frame<F: ObservedFrame + ?Sized>(&self, hop: &FramePushed<'_, F>) {
        self.watch.hop(hop);
    }

    /// Ends the conversation and what is still open in it. Nothing happens afterwards, nor if it was over before.
    pub fn close(&self) {
        self.watch.close(CloseReason::Shutdown);
    }

    /// Ends the conversation as dropping the last clone would: what is still open was cancelled. For adapters of
    /// frameworks that hold on to an observer when the task that it watched is gone.
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
    /// # let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
    /// # drop(CancelOnDrop(group.observe(ObserveOptions::new())));
    /// ```
    pub fn cancel(&self) {
        self.watch.close(CloseReason::Dropped);
    }
}

impl Observer {
    /// What it was told of its conversation; `None` once a frame was seen.
    pub(crate) fn told_before_the_first_frame(&self) -> Option<ObserveOptions> {
        self.watch.told()
    }

    /// What the timer does with it.
    #[cfg(loom)]
    pub(super) fn waker(&self) -> impl FnOnce() + Send + use<> {
        let watch = Arc::downgrade(&self.watch);
        move || {
            if let Some(watch) = watch.upgrade() {
                super::timer::Wake::wake(&*watch);
            }
        }
    }

    pub(super) fn is_of_the_conversation_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.watch, &other.watch)
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        displaced::notice(self);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("conversation_id", &self.conversation_id()).finish_non_exhaustive()
    }
}
