//! What an annotated constructor runs in: the helpers that the macro's expansion calls.
//!
//! ```text
//!   begin::<Task>(options) ──switched off, or inside another constructor of Task──▶ the body runs as it stands
//!        │
//!        ├─ observer() → into an argument, then run(body) or run_…(future)
//!        ├─ attach(body) or attach_…(future) → into the finished task
//!        └─ attach_wrapped…(…, wrap) → into what is made of it
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

use self::mark::{Mark, Planned, Say, said};
use self::name::{TaskName, task_name};
use super::registry;
use super::switch;
use super::task::{ObservedTask, TaskPresence};
use crate::observer::{ObserveOptions, Observer, ObserverProvider, displaced_by};

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
    group: Arc<ObserverProvider>,
    planned: Planned,
}

/// A constructor of `T` begins, annotated where this is called from and listed as `name`. `options` is called if the task
/// is to be observed, before the body takes the arguments.
#[inline]
#[track_caller]
pub fn begin<T: ?Sized>(
    name: &'static str,
    options: impl FnOnce(ObserveOptions) -> ObserveOptions,
) -> Construction {
    if registry::LINKED && switch::is_off() {
        return Construction { observed: None };
    }
    let mut options = Some(options);
    let mut say = |known| match options.take() {
        Some(options) => options(known),
        None => known,
    };
    Construction::begin(name, Location::caller(), std::any::type_name::<T>(), &mut say)
}

// What follows knows neither the task nor the body where it can help it: what is generic is compiled anew for each
// constructor of a program.

impl Construction {
    #[cold]
    fn begin(
        name: &'static str,
        at: &'static Location<'static>,
        type_name: &'static str,
        say: Say<'_>,
    ) -> Self {
        if !registry::LINKED {
            registry::called(name, at);
        }
        let observed = switch::current().and_then(|group| {
            registry::called(name, at);
            Observed::new(task_name(type_name), group, say)
        });
        Self { observed }
    }

    /// An observer for the constructor's arguments, if the task is to be observed.
    pub fn observer(&self) -> Option<Observer> {
        self.observed.as_ref().map(Observed::observer)
    }

    /// Runs a body that has the observer in its arguments, or what one does before it returns its future.
    #[inline]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        let _mark = self.mark();
        body()
    }

    /// Runs a body, and puts the observer into what it made.
    #[inline]
    pub fn attach<R: ObservedTask>(self, body: impl FnOnce() -> R) -> R {
        let mut made = self.run(body);
        self.finish(&mut made);
        made
    }

    /// [`run`](Self::run), for an async body.
    pub async fn run_async<F: Future>(self, body: F) -> F::Output {
        let mut body = pin!(body);
        poll_fn(|context| {
            let _mark = self.mark();
            body.as_mut().poll(context)
        })
        .await
    }

    /// [`attach`](Self::attach), for an async body.
    pub async fn attach_async<F: Future<Output: ObservedTask>>(self, body: F) -> F::Output {
        let mut body = pin!(body);
        let mut made = poll_fn(|context| {
            let _mark = self.mark();
            body.as_mut().poll(context)
        })
        .await;
        self.finish(&mut made);
        made
    }

    /// Runs a body, and has `wrap` put the task in what it made into a [`wrapped`](Self::wrapped) one.
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
        let mut body = pin!(body);
        let made = poll_fn(|context| {
            let _mark = self.mark();
            body.as_mut().poll(context)
        })
        .await;
        wrap(made, self)
    }

    /// A task in its wrapper, and the observer in that. Switched off, the wrapper is there all the same.
    #[inline]
    pub fn wrapped<W: TaskWrapper<T>, T>(self, task: T) -> W {
        let mut wrapped = W::around(task);
        self.finish(&mut wrapped);
        wrapped
    }

    /// [`attach`](Self::attach), for a body that has returned a boxed future. Switched off, it stays as it is.
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

    /// While the mark lives, a constructor of the task is running on this thread.
    #[inline]
    fn mark(&self) -> Option<Mark> {
        self.observed.as_ref().map(|observed| Mark::set(observed.planned.clone()))
    }

    /// The observer goes into what was made.
    #[inline]
    fn finish(self, made: &mut dyn ObservedTask) {
        if let Some(observed) = self.observed {
            observed.attach(made);
        }
    }
}

impl Observed {
    /// `None` inside another constructor of the same task, which is told the options instead.
    fn new(task: TaskName, group: Arc<ObserverProvider>, say: Say<'_>) -> Option<Self> {
        if let Some(outer) = Planned::under_construction(task) {
            outer.complete_with(say);
            return None;
        }
        Some(Self { group, planned: Planned::new(task, said(task, say)?) })
    }

    fn observer(&self) -> Observer {
        self.group.observe(self.planned.options())
    }

    fn attach(self, made: &mut dyn ObservedTask) {
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
                self.planned.complete_with(&mut |_| told.clone());
                self.observer()
            }
            None => inner,
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

/// What an expansion names when it must state a type and no value: it stands behind `if false`.
#[doc(hidden)]
pub fn never<T>() -> T {
    unreachable!("stands behind `if false`")
}

/// What a task that is somebody else's goes into, so that it can be given an observer: made of the task, as the function
/// returns it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take a task and an observer",
    label = "not a wrapper of what this function returns",
    note = "a wrapper implements `From<Task>`, and `pipecat_instrument::ObservedTask` with the task in it",
    note = "the return type has to show the task: `Task` or `Result<Task, Error>`, no alias, and not the wrapper itself"
)]
pub trait TaskWrapper<T>: ObservedTask {
    /// The wrapper with the task in it.
    fn around(task: T) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, W: From<T> + ObservedTask> TaskWrapper<T> for W {
    fn around(task: T) -> Self {
        task.into()
    }
}

#[cfg(test)]
mod tests;
