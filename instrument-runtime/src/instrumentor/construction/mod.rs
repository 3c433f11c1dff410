//! Helpers for the macro's expansion: run an annotated constructor, and attach an observer to its task.
//!
//! ```text
//!   begin::<Task>(options) ──not instrumented, or inside another constructor of Task──▶ the body runs unchanged
//!        │
//!        ├─ observer() → into an argument, then run(body) or run_…(future)
//!        ├─ attach(body) or attach_…(future) → into the finished task
//!        └─ attach_wrapped…(…, wrap) → into a wrapper of the task
//! ```
//!
//! While a body runs, or its future is polled, its task type is on a stack of the thread. A constructor of the same
//! type that it calls there does not make a second observer, but may set options that the outer one did not set, such
//! as the conversation's id. A constructor that it calls on another thread makes its own observer, and so its own
//! conversation.

mod stack;
mod task_name;

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::{Arc, Once};
use std::task::{Context, Poll};

use self::stack::{OptionsFn, PendingTask, StackEntry};
use self::task_name::{TaskName, task_name};
use super::task::{ObservedTask, TaskAccess};
use super::{global, registry};
use crate::observer::{ObserveOptions, Observer, ObserverProvider};

/// A call of an annotated constructor.
#[derive(Debug)]
#[must_use]
pub struct Construction {
    observed: Option<ObservedConstruction>,
}

/// The outermost constructor of a task, while the process is instrumented.
#[derive(Debug)]
struct ObservedConstruction {
    provider: Arc<ObserverProvider>,
    pending: PendingTask,
}

/// Begins a constructor of `T`. The caller's location is that of the annotation, listed as `name`. Calls `options` only
/// if the task will be observed, and before the body moves the arguments.
#[inline]
#[track_caller]
pub fn begin<T: ?Sized>(
    name: &'static str,
    options: impl FnOnce(ObserveOptions) -> ObserveOptions,
) -> Construction {
    if registry::LINKED && global::is_off() {
        return Construction { observed: None };
    }
    let mut options = Some(options);
    let mut once = |defaults| match options.take() {
        Some(options) => options(defaults),
        None => defaults,
    };
    Construction::begin(name, Location::caller(), std::any::type_name::<T>(), &mut once)
}

// Not generic where possible: generic code is compiled again for each constructor of a program.

impl Construction {
    #[cold]
    fn begin(
        name: &'static str,
        at: &'static Location<'static>,
        type_name: &'static str,
        options: OptionsFn<'_>,
    ) -> Self {
        if !registry::LINKED {
            registry::on_call(name, at);
        }
        let observed = global::current_provider().and_then(|provider| {
            registry::on_call(name, at);
            ObservedConstruction::new(task_name(type_name), provider, options)
        });
        Self { observed }
    }

    /// Returns an observer for the constructor's arguments, if the task will be observed.
    pub fn observer(&self) -> Option<Observer> {
        self.observed.as_ref().map(ObservedConstruction::observer)
    }

    /// Runs a body whose arguments contain the observer, or the part of a body that returns its future.
    #[inline]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        let _entry = self.push();
        body()
    }

    /// Runs a body, and attaches the observer to the task it returns.
    #[inline]
    pub fn attach<R: ObservedTask>(self, body: impl FnOnce() -> R) -> R {
        let mut made = self.run(body);
        self.finish(&mut made);
        made
    }

    /// [`run`](Self::run), for an async body.
    pub async fn run_async<F: Future>(self, body: F) -> F::Output {
        self.run_pinned(pin!(body)).await
    }

    fn run_pinned<F: Future>(&self, mut body: Pin<&mut F>) -> impl Future<Output = F::Output> {
        poll_fn(move |context| {
            let _entry = self.push();
            body.as_mut().poll(context)
        })
    }

    /// [`attach`](Self::attach), for an async body.
    pub async fn attach_async<F: Future<Output: ObservedTask>>(self, body: F) -> F::Output {
        let mut made = self.run_pinned(pin!(body)).await;
        self.finish(&mut made);
        made
    }

    /// Runs a body, and calls `wrap` to put its task into a [`wrapped`](Self::wrapped) one.
    #[inline]
    pub fn attach_wrapped<R, W>(self, body: impl FnOnce() -> R, wrap: impl FnOnce(R, Self) -> W) -> W {
        let made = self.run(body);
        wrap(made, self)
    }

    /// [`attach_wrapped`](Self::attach_wrapped), for an async body.
    pub async fn attach_wrapped_async<F: Future, W>(
        self,
        body: F,
        wrap: impl FnOnce(F::Output, Self) -> W,
    ) -> W {
        let made = self.run_pinned(pin!(body)).await;
        wrap(made, self)
    }

    /// Wraps a task, and attaches the observer to the wrapper. Wraps it even if it is not observed.
    #[inline]
    pub fn wrapped<W: TaskWrapper<T>, T>(self, task: T) -> W {
        let mut wrapped = W::around(task);
        self.finish(&mut wrapped);
        wrapped
    }

    /// [`attach`](Self::attach), for a body that has returned a boxed future. Boxes it again only if the task is observed.
    pub fn attach_boxed<F>(self, future: F, boxed: impl FnOnce(UnderConstruction<F>) -> F) -> F
    where
        F: Future<Output: ObservedTask> + Unpin,
    {
        self.boxed(future, boxed, |construction, made| construction.finish(made))
    }

    /// [`run`](Self::run), for a body that has returned a boxed future.
    pub fn run_boxed<F>(self, future: F, boxed: impl FnOnce(UnderConstruction<F>) -> F) -> F
    where
        F: Future + Unpin,
    {
        self.boxed(future, boxed, |_, _| {})
    }

    fn boxed<F: Future>(
        self,
        future: F,
        boxed: impl FnOnce(UnderConstruction<F>) -> F,
        then: fn(Self, &mut F::Output),
    ) -> F {
        if self.observed.is_none() {
            return future;
        }
        boxed(UnderConstruction { future, construction: Some(self), then })
    }

    /// Puts the task on this thread's stack, until the entry is dropped.
    #[inline]
    fn push(&self) -> Option<StackEntry> {
        self.observed.as_ref().map(|observed| observed.pending.push())
    }

    /// Attaches the observer to the task that a body returned.
    #[inline]
    fn finish(self, made: &mut dyn ObservedTask) {
        if let Some(observed) = self.observed {
            observed.attach(made);
        }
    }
}

impl ObservedConstruction {
    /// Returns `None` inside another constructor of the same task, to which the options are added.
    fn new(task: TaskName, provider: Arc<ObserverProvider>, options: OptionsFn<'_>) -> Option<Self> {
        if let Some(outer) = PendingTask::on_stack(task) {
            outer.merge(options);
            return None;
        }
        Some(Self { provider, pending: PendingTask::new(task, options)? })
    }

    fn observer(&self) -> Observer {
        self.provider.observe(self.pending.options())
    }

    fn attach(self, made: &mut dyn ObservedTask) {
        match made.access() {
            TaskAccess::Exclusive => made.attach_observer(self.observer()),
            TaskAccess::Absent => {}
            TaskAccess::Shared => warn_of_shared(self.pending.task),
        }
    }
}

fn warn_of_shared(task: TaskName) {
    static WARNED: Once = Once::new();

    WARNED.call_once(|| {
        tracing::warn!(
            task,
            "this constructor shares the task (`Arc` or `Rc`) before it returns it, so no observer can be attached and \
             the task is not traced; take the observer as an argument: #[instrument_task(observers = …, via = …)]"
        );
    });
}

/// Placeholder behind `if false`, where an expansion must state a type without a value.
#[doc(hidden)]
pub fn never<T>() -> T {
    unreachable!("stands behind `if false`")
}

/// A wrapper for a task that cannot accept an observer, such as one from another crate.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take a task and an observer",
    label = "not a wrapper of what this function returns",
    note = "a wrapper implements `From<Task>`, and `pipecat_instrument::ObservedTask` with the task in it",
    note = "the return type has to show the task: `Task` or `Result<Task, Error>`, no alias, and not the wrapper itself"
)]
pub trait TaskWrapper<T>: ObservedTask {
    /// Wraps `task`.
    fn around(task: T) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, W: From<T> + ObservedTask> TaskWrapper<T> for W {
    fn around(task: T) -> Self {
        task.into()
    }
}

/// The boxed future of a constructor, and the work to do when it is ready.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct UnderConstruction<F: Future> {
    future: F,
    /// `None` after the future is ready.
    construction: Option<Construction>,
    then: fn(Construction, &mut F::Output),
}

impl<F: Future + Unpin> Future for UnderConstruction<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let entry = this.construction.as_ref().and_then(Construction::push);
        let polled = Pin::new(&mut this.future).poll(context);
        drop(entry);
        polled.map(|mut made| {
            if let Some(construction) = this.construction.take() {
                (this.then)(construction, &mut made);
            }
            made
        })
    }
}

#[cfg(test)]
mod tests;
