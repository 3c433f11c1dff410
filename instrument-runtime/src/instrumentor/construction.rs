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
//! that it calls makes no second observer, but may say what the outer one does not know, as the conversation's id.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, Once, PoisonError};

use super::switch;
use super::task::{ObservedTask, TaskPresence};
use crate::observer::{ObserveOptions, Observer, ObserverGroup, Panicked, isolate};

thread_local! {
    /// The tasks whose constructors are running on this thread, outermost first.
    static UNDER_CONSTRUCTION: RefCell<Vec<Planned>> = const { RefCell::new(Vec::new()) };
}

/// A task type, by its name: unlike a `TypeId`, a type that borrows has one, too.
type TaskName = &'static str;

/// A task that is being built, and what is known of its conversation so far.
#[derive(Debug, Clone)]
struct Planned {
    task: TaskName,
    options: Arc<Mutex<ObserveOptions>>,
}

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

/// A constructor of `T` begins. `options` is called if the task is to be observed, before the body takes the arguments.
#[inline]
pub fn begin<T: ?Sized>(options: impl FnOnce() -> ObserveOptions) -> Construction {
    let observed =
        switch::current().and_then(|group| Observed::new(std::any::type_name::<T>(), group, options));
    Construction { observed }
}

impl Observed {
    /// `None` inside another constructor of the same task, which is told `options` instead.
    fn new(
        task: TaskName,
        group: Arc<ObserverGroup>,
        options: impl FnOnce() -> ObserveOptions,
    ) -> Option<Self> {
        if let Some(outer) = Planned::under_construction(task) {
            outer.complete_with(options);
            return None;
        }
        let options = Arc::new(Mutex::new(said(task, options)?));
        Some(Self { group, planned: Planned { task, options } })
    }

    fn observer(&self) -> Observer {
        self.group.observe(self.planned.with_options(|options| options.clone()))
    }

    fn attach<R: ObservedTask>(self, made: &mut R) {
        match made.presence() {
            TaskPresence::Here => made.attach_observer(self.observer()),
            TaskPresence::None => {}
            TaskPresence::Shared => warn_of_shared(self.planned.task),
        }
    }
}

impl Planned {
    fn under_construction(task: TaskName) -> Option<Self> {
        UNDER_CONSTRUCTION
            .with_borrow(|planned| planned.iter().rev().find(|planned| planned.task == task).cloned())
    }

    fn complete_with(&self, options: impl FnOnce() -> ObserveOptions) {
        if self.with_options(|options| options.is_incomplete())
            && let Some(more) = said(self.task, options)
        {
            self.with_options(|options| options.complete_with(more));
        }
    }

    /// Reads or changes what is known. Nothing that can panic happens under this lock.
    fn with_options<T>(&self, look: impl FnOnce(&mut ObserveOptions) -> T) -> T {
        look(&mut self.options.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the annotation's own expressions say, if they do not panic.
fn said(task: TaskName, options: impl FnOnce() -> ObserveOptions) -> Option<ObserveOptions> {
    isolate(options)
        .inspect_err(|Panicked(panic)| {
            tracing::error!(
                task,
                panic,
                "a panic in the arguments of #[instrument_task]: what they say is lost, the task is built all the same"
            );
        })
        .ok()
}

impl Construction {
    /// An observer for the constructor's arguments, if the task is to be observed.
    pub fn observer(&self) -> Option<Observer> {
        self.observed.as_ref().map(Observed::observer)
    }

    /// Runs a body that has the observer in its arguments.
    #[inline]
    pub fn run<R>(self, body: impl FnOnce() -> R) -> R {
        let _mark = self.observed.map(|observed| Mark::set(observed.planned));
        body()
    }

    /// Runs a body, and puts the observer into what it made.
    #[inline]
    pub fn attach<R: ObservedTask>(self, body: impl FnOnce() -> R) -> R {
        let Some(observed) = self.observed else { return body() };
        let mut made = {
            let _mark = Mark::set(observed.planned.clone());
            body()
        };
        observed.attach(&mut made);
        made
    }

    /// [`run`](Self::run), for an async body.
    pub async fn run_async<R>(self, body: impl Future<Output = R>) -> R {
        match self.observed {
            Some(observed) => marked(&observed.planned, body).await,
            None => body.await,
        }
    }

    /// [`attach`](Self::attach), for an async body.
    pub async fn attach_async<R: ObservedTask>(self, body: impl Future<Output = R>) -> R {
        let Some(observed) = self.observed else { return body.await };
        let mut made = marked(&observed.planned, body).await;
        observed.attach(&mut made);
        made
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

/// While it lives, a constructor of its task is running on this thread.
struct Mark;

impl Mark {
    fn set(planned: Planned) -> Self {
        UNDER_CONSTRUCTION.with_borrow_mut(|tasks| tasks.push(planned));
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
