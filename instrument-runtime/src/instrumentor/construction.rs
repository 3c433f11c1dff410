//! What an annotated constructor runs in: the helpers that the macro's expansion calls.
//!
//! ```text
//!   begin::<Task>(options) ──switched off, or inside another constructor of Task──▶ the body runs as it stands
//!        │
//!        ├─ observer() → into an argument, then run(body) or run_…(future)
//!        └─ attach(body) or attach_…(future) → into the finished task
//! ```
//!
//! While a body runs, or a future of one is polled, its task type is marked on the thread: a constructor of the same type
//! that it calls makes no second observer, but may say what the outer one does not know, as the conversation's id. One
//! that it calls on another thread makes an observer, which the outer one finds when it attaches its own.

mod boxed;
mod mark;
mod name;

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, Once};

use self::mark::{Mark, Planned, said};
use self::name::{TaskName, task_name};
use super::registry;
use super::switch;
use super::task::{ObservedTask, TaskPresence};
use crate::observer::{ObserveOptions, Observer, ObserverGroup, displaced_by};

pub use self::boxed::UnderConstruction;

/// A constructor of a task, about to run.
#[derive(Debug)]
#[must_use]
pub struct Construction {
    observed: Option<Observed>,
}

/// What the outermost constructor of a task holds while it is switched on.
#[derive(Debug)]
struct Observed {
    group: Arc<ObserverGroup>,
    planned: Planned,
}

/// What happens to what a constructor made.
type Then<R> = fn(Observed, &mut R);

/// A constructor of `T` begins, annotated where this is called from and listed as `name`. `options` is called if the task is to be observed, before the body takes the arguments.
#[inline]
#[track_caller]
pub fn begin<T: ?Sized>(
    name: &'static str,
    options: impl FnOnce(ObserveOptions) -> ObserveOptions,
) -> Construction {
    let at = Location::caller();
    if !registry::LINKED {
        registry::called(name, at);
    }
    let observed = switch::current().and_then(|group| {
        registry::called(name, at);
        Observed::new(task_name::<T>(), group, options)
    });
    Construction { observed }
}

impl Observed {
    /// `None` inside another constructor of the same task, which is told `options` instead.
    fn new(
        task: TaskName,
        group: Arc<ObserverGroup>,
        options: impl FnOnce(ObserveOptions) -> ObserveOptions,
    ) -> Option<Self> {
        if let Some(outer) = Planned::under_construction(task) {
            outer.complete_with(options);
            return None;
        }
        Some(Self { group, planned: Planned::new(task, said(task, options)?) })
    }

    fn observer(&self) -> Observer {
        self.group.observe(self.planned.options())
    }

    fn attach<R: ObservedTask>(self, made: &mut R) {
        match made.presence() {
            TaskPresence::Here => {
                let observer = self.observer();
                let displaced = displaced_by(&observer, || made.attach_observer(observer.clone()));
                if let Some(inner) = displaced {
                    made.attach_observer(self.reconciled(inner));
                }
            }
            TaskPresence::None => {}
            TaskPresence::Shared => warn_of_shared(self.planned.task),
        }
    }

    /// One observer for a task that has got its own from a constructor on another thread. One that has seen frames stays;
    /// one that has not may know what this does not.
    fn reconciled(&self, inner: Observer) -> Observer {
        match inner.told_before_the_first_frame() {
            Some(told) => {
                self.planned.complete_with(|_| told);
                self.observer()
            }
            None => inner,
        }
    }
}

impl Construction {
    /// An observer for the constructor's arguments, if the task is to be observed.
    pub fn observer(&self) -> Option<Observer> {
        self.observed.as_ref().map(Observed::observer)
    }

    /// Runs a body that has the observer in its arguments, or what one does before it returns its future.
    #[inline]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        let _mark = self.observed.as_ref().map(|observed| Mark::set(observed.planned.clone()));
        body()
    }

    /// Runs a body, and puts the observer into what it made.
    #[inline]
    pub fn attach<R: ObservedTask>(self, body: impl FnOnce() -> R) -> R {
        let mut made = self.run(body);
        if let Some(observed) = self.observed {
            observed.attach(&mut made);
        }
        made
    }

    /// [`attach`](Self::attach), for an async body.
    pub async fn attach_async<F: Future<Output: ObservedTask>>(self, body: F) -> F::Output {
        let Some(observed) = self.observed else { return body.await };
        let mut made = marked(&observed.planned, body).await;
        observed.attach(&mut made);
        made
    }

    /// [`run`](Self::run), for an async body.
    pub async fn run_async<F: Future>(self, body: F) -> F::Output {
        match self.observed {
            Some(observed) => marked(&observed.planned, body).await,
            None => body.await,
        }
    }

    /// [`attach`](Self::attach), for a body that has returned a boxed future. Switched off, it stays as it is.
    pub fn attach_boxed<F>(self, future: F, boxed: impl FnOnce(UnderConstruction<F>) -> F) -> F
    where
        F: Future<Output: ObservedTask> + Unpin,
    {
        self.boxed(future, boxed, Observed::attach)
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
        then: Then<F::Output>,
    ) -> F {
        match self.observed {
            Some(observed) => boxed(UnderConstruction { future, observed: Some(observed), then }),
            None => future,
        }
    }
}

/// Marks the task on whatever thread polls, for as long as it polls.
async fn marked<R>(planned: &Planned, body: impl Future<Output = R>) -> R {
    let mut body = pin!(body);
    poll_fn(|context| {
        let _mark = Mark::set(planned.clone());
        body.as_mut().poll(context)
    })
    .await
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

/// What an expansion names when it must state a type and no value: it stands behind `if false`.
#[doc(hidden)]
pub fn never<T>() -> T {
    unreachable!("stands behind `if false`")
}

#[cfg(test)]
mod tests;
