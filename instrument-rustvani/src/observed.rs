//! A task with an observer, for a framework that takes its observer where the task runs.

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
use crate::builder::RustvaniObserverBuilder;
use crate::observer::{RustvaniHop, RustvaniObserver};

/// A [`PipelineTask`] that is observed where it runs: rustvani takes its observer there, and not where the task is made.
///
/// What `#[instrument_task(wrap = …)]` makes of a task, or a function does that has more to say. It derefs to the task;
/// its own [`run`](Self::run) feeds the observer that it is given beside the one for the trace.
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
/// async fn hold(call_id: &str, processors: Vec<FrameProcessor>) -> rustvani::Result<()> {
///     let task = build_task(call_id, processors, &Billing::for_trace());
///     task.run(rustvani::system_clock(), None).await
/// }
/// # let _ = hold;
/// ```
pub struct Observed<T> {
    task: T,
    builder: RustvaniObserverBuilder,
    observer: Option<Observer>,
}

impl<T> Observed<T> {
    /// `task`, of which no more is known than rustvani's own names.
    pub fn new(task: T) -> Self {
        Self { task, builder: RustvaniObserver::builder(), observer: None }
    }

    /// Says who stands behind a name: [`RustvaniObserverBuilder::service`].
    #[must_use]
    pub fn service(self, service: Processor) -> Self {
        Self { builder: self.builder.service(service), ..self }
    }

    /// Takes usage from what is billed: [`RustvaniObserverBuilder::billing`].
    #[must_use]
    pub fn billing(self, billing: &Arc<Billing>) -> Self {
        Self { builder: self.builder.billing(billing), ..self }
    }

    /// The task alone. If it was observed, that ends.
    pub fn into_task(self) -> T {
        self.task
    }
}

impl<T: Borrow<PipelineTask>> Observed<T> {
    /// Runs the task as [`PipelineTask::run`] does, observed; `observer` is told everything, too.
    ///
    /// The conversation ends with the task. If this future is dropped, it is cancelled: rustvani then leaves its
    /// processors running for nobody.
    ///
    /// # Errors
    ///
    /// Those of [`PipelineTask::run`].
    pub async fn run(
        &self,
        clock: Arc<dyn BaseClock>,
        observer: Option<Arc<dyn BaseObserver>>,
    ) -> rustvani::Result<()> {
        let task: &PipelineTask = self.task.borrow();
        let Some(ours) = self.observer.clone() else { return task.run(clock, observer).await };
        let ours = self.builder.clone().build(ours);
        let run_over = CancelledUnlessOver(&ours);
        let both: Arc<dyn BaseObserver> = match observer {
            Some(theirs) => Arc::new(Both { ours: Arc::clone(&ours), theirs }),
            None => Arc::clone(&ours) as Arc<dyn BaseObserver>,
        };
        let ended = task.run(clock, Some(both)).await;
        run_over.0.close();
        ended
    }
}

/// Cancels the conversation when it goes, unless it is over.
struct CancelledUnlessOver<'a>(&'a RustvaniObserver);

impl Drop for CancelledUnlessOver<'_> {
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

/// The observer of the trace, and the user's own.
struct Both {
    ours: Arc<RustvaniObserver>,
    theirs: Arc<dyn BaseObserver>,
}

impl BaseObserver for Both {
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
        self.ours.push(&RustvaniHop::of(&event));
        self.theirs.on_push_frame(event)
    }
}
