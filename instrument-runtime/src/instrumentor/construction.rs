//! What an annotated constructor runs in: the helpers that the macro's expansion calls.
//!
//! ```text
//!   begin::<Task>(options) ──switched off, or inside another constructor of Task──▶ the body runs as it stands
//!        │
//!        ├─ observer() → into an argument, then run(body)
//!        └─ attach(body) → into the finished task
//! ```
//!
//! While a body runs, or an async one is polled, its task type is marked on the thread: a constructor of the same type
//! that it calls makes no second observer.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Once};

use super::switch;
use super::task::{ObservedTask, TaskPresence};
use crate::observer::{ObserveOptions, Observer, ObserverGroup, Panicked, isolate};

thread_local! {
    /// The task types whose constructors are running on this thread, outermost first.
    static UNDER_CONSTRUCTION: RefCell<Vec<TaskName>> = const { RefCell::new(Vec::new()) };
}

/// A task type, by its name: unlike a `TypeId`, a type that borrows has one, too.
type TaskName = &'static str;

/// A constructor of a task, about to run.
#[derive(Debug)]
#[must_use]
pub struct Construction {
    observed: Option<Observed>,
}

/// What the outermost constructor of a task knows while it is switched on.
#[derive(Debug)]
struct Observed {
    task: TaskName,
    group: Arc<ObserverGroup>,
    options: ObserveOptions,
}

/// A constructor of `T` begins. `options` is called if the task is to be observed, before the body takes the arguments.
#[inline]
pub fn begin<T: ?Sized>(options: impl FnOnce() -> ObserveOptions) -> Construction {
    let observed = switch::current().and_then(|group| Observed::new(std::any::type_name::<T>(), group, options));
    Construction { observed }
}

impl Observed {
    fn new(
        task: TaskName,
        group: Arc<ObserverGroup>,
        options: impl FnOnce() -> ObserveOptions,
    ) -> Option<Self> {
        if UNDER_CONSTRUCTION.with_borrow(|tasks| tasks.contains(&task)) {
            return None;
        }
        match isolate(options) {
            Ok(options) => Some(Self { task, group, options }),
            Err(Panicked(panic)) => {
                tracing::error!(
                    task,
                    panic,
                    "a panic in the arguments of #[instrument_task]: this task is not traced, but built all the same"
                );
                None
            }
        }
    }

    fn observer(self) -> Observer {
        self.group.observe(self.options)
    }

    fn attach<R: ObservedTask>(self, made: &mut R) {
        match made.presence() {
            TaskPresence::Here => made.attach_observer(self.observer()),
            TaskPresence::None => {}
            TaskPresence::Shared => warn_of_shared(self.task),
        }
    }
}

impl Construction {
    /// An observer for the constructor's arguments, if the task is to be observed.
    pub fn observer(&self) -> Option<Observer> {
        let Observed { group, options, .. } = self.observed.as_ref()?;
        Some(group.observe(options.clone()))
    }

    /// Runs a body that has the observer in its arguments.
    #[inline]
    pub fn run<R>(self, body: impl FnOnce() -> R) -> R {
        let _mark = self.observed.map(|observed| Mark::set(observed.task));
        body()
    }

    /// Runs a body, and puts the observer into what it made.
    #[inline]
    pub fn attach<R: ObservedTask>(self, body: impl FnOnce() -> R) -> R {
        let Some(observed) = self.observed else { return body() };
        let mut made = {
            let _mark = Mark::set(observed.task);
            body()
        };
        observed.attach(&mut made);
        made
    }

    /// [`run`](Self::run), for an async body.
    pub async fn run_async<R>(self, body: impl Future<Output = R>) -> R {
        match self.observed {
            Some(observed) => marked(observed.task, body).await,
            None => body.await,
        }
    }

    /// [`attach`](Self::attach), for an async body.
    pub async fn attach_async<R: ObservedTask>(self, body: impl Future<Output = R>) -> R {
        let Some(observed) = self.observed else { return body.await };
        let mut made = marked(observed.task, body).await;
        observed.attach(&mut made);
        made
    }
}

/// Marks `task` on whatever thread polls, for as long as it polls.
async fn marked<R>(task: TaskName, body: impl Future<Output = R>) -> R {
    let mut body = pin!(body);
    poll_fn(|context| {
        let _mark = Mark::set(task);
        body.as_mut().poll(context)
    })
    .await
}

/// While it lives, a constructor of its task is running on this thread.
struct Mark;

impl Mark {
    fn set(task: TaskName) -> Self {
        UNDER_CONSTRUCTION.with_borrow_mut(|tasks| tasks.push(task));
        Self
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // Marks are locals of nested calls, so the last one set is the first one dropped.
        UNDER_CONSTRUCTION.with_borrow_mut(Vec::pop);
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

/// What an expansion names when it must state a type and no value: it stands behind `if false`.
#[doc(hidden)]
pub fn never<T>() -> T {
    unreachable!("stands behind `if false`")
}

#[cfg(test)]
mod tests;
