//! A task with an observer.

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use pipecat_instrument_runtime::engine::frame::Processor;
use pipecat_instrument_runtime::instrumentor::ObservedTask;
use pipecat_instrument_runtime::observer::Observer;
use rustvani::observer::{BaseObserver, FrameProcessed, FramePushed};
use rustvani::{BaseClock, PipelineTask};

use crate::billing::Billing;
use crate::observer::{RustvaniHop, RustvaniObserver, RustvaniObserverBuilder};

/// A [`PipelineTask`] with an observer, which it passes to rustvani when it runs.
///
/// `#[instrument_task(wrap = …)]` wraps a task in it; a function can also return one to describe its services. It
/// dereferences to the task, but [`run`](Self::run) is its own.
///
/// ```
/// use std::sync::Arc;
///
/// use pipecat_instrument::frame::{Processor, Role};
/// use pipecat_instrument::instrument_task;
/// use pipecat_instrument_rustvani::{Billing, Observed};
/// use rustvani::{FrameProcessor, PipelineParams, PipelineTask};
///
/// #[instrument_task(conversation_id = call_id)]
/// fn build_task(
///     call_id: &str,
///     processors: Vec<FrameProcessor>,
///     billing: &Arc<Billing>,
/// ) -> Observed<PipelineTask> {
///     Observed::new(PipelineTask::new(processors, PipelineParams::default()))
///         .service(Processor::new("OpenAILLM", "OpenAILLM", Role::Llm).model("gpt-4.1"))
///         .billing(billing)
/// }
///
/// async fn run_call(call_id: &str, processors: Vec<FrameProcessor>) -> rustvani::Result<()> {
///     let task = build_task(call_id, processors, &Billing::for_trace());
///     task.run(rustvani::system_clock(), None).await
/// }
/// # let _ = run_call;
/// ```
pub struct Observed<T> {
    task: T,
    builder: RustvaniObserverBuilder,
    observer: Option<Observer>,
}

impl<T> Observed<T> {
    /// Wraps a task.
    pub fn new(task: T) -> Self {
        Self { task, builder: RustvaniObserver::builder(), observer: None }
    }

    /// Describes the service behind a name, like [`RustvaniObserverBuilder::service`].
    #[must_use]
    pub fn service(self, service: Processor) -> Self {
        Self { builder: self.builder.service(service), ..self }
    }

    /// Adds the usage that services bill, like [`RustvaniObserverBuilder::billing`].
    #[must_use]
    pub fn billing(self, billing: &Arc<Billing>) -> Self {
        Self { builder: self.builder.billing(billing), ..self }
    }

    /// Returns the task, and drops the observer.
    pub fn into_task(self) -> T {
        self.task
    }
}

impl<T: Borrow<PipelineTask>> Observed<T> {
    /// Runs the task with the observer of the trace, and with `observer` next to it.
    ///
    /// The conversation ends when the task does. Dropping this future cancels the conversation, although rustvani leaves
    /// its processors running.
    ///
    /// # Errors
    ///
    /// The same as [`PipelineTask::run`].
    pub async fn run(
        &self,
        clock: Arc<dyn BaseClock>,
        observer: Option<Arc<dyn BaseObserver>>,
    ) -> rustvani::Result<()> {
        let task: &PipelineTask = self.task.borrow();
        let Some(ours) = self.observer.clone() else { return task.run(clock, observer).await };
        let ours = self.builder.clone().build(ours);
        let cancel_on_drop = CancelOnDrop(&ours);
        let observer: Arc<dyn BaseObserver> = match observer {
            Some(theirs) => Arc::new(ObserverPair { ours: Arc::clone(&ours), theirs }),
            None => Arc::clone(&ours) as Arc<dyn BaseObserver>,
        };
        let outcome = task.run(clock, Some(observer)).await;
        cancel_on_drop.0.close();
        outcome
    }
}

/// Cancels the conversation on drop, unless it has ended.
struct CancelOnDrop<'a>(&'a RustvaniObserver);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl<T> ObservedTask for Observed<T> {
    fn attach_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }
}

impl<T> From<T> for Observed<T> {
    fn from(task: T) -> Self {
        Self::new(task)
    }
}

impl<T> Deref for Observed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.task
    }
}

impl<T> fmt::Debug for Observed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").field("observer", &self.observer).finish_non_exhaustive()
    }
}

/// The observer of the trace, and one of the user.
struct ObserverPair {
    ours: Arc<RustvaniObserver>,
    theirs: Arc<dyn BaseObserver>,
}

impl BaseObserver for ObserverPair {
    fn on_process_frame<'a, 'async_trait>(
        &'a self,
        event: FrameProcessed,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        self.theirs.on_process_frame(event)
    }

    fn on_push_frame<'a, 'async_trait>(
        &'a self,
        event: FramePushed,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        self.ours.on_hop(&RustvaniHop::from_event(&event));
        self.theirs.on_push_frame(event)
    }
}
