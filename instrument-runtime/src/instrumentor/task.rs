//! What an observer can be put into.

use std::ops::DerefMut;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::observer::Observer;

/// A task that an annotated constructor can put its observer into.
///
/// Implemented once, for the task's own type. What constructors wrap it in (`Result`, `Option`, `Box`, `Arc`, `Rc`,
/// `Pin`, and these in each other; a tuple with the task first, as `(Task, Receiver)`) is implemented here.
///
/// ```
/// use pipecat_instrument_runtime::instrumentor::ObservedTask;
/// use pipecat_instrument_runtime::observer::Observer;
///
/// struct PipelineTask {
///     observer: Option<Observer>,
/// }
///
/// impl ObservedTask for PipelineTask {
///     fn attach_observer(&mut self, observer: Observer) {
///         self.observer = Some(observer);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no place for an observer",
    label = "`ObservedTask` is not implemented for this",
    note = "implement `pipecat_instrument::ObservedTask` for the task type",
    note = "or name the constructor's argument that takes observers: \
            `#[instrument_task(observers = the_argument, via = path::to::adapter)]`"
)]
pub trait ObservedTask {
    /// Takes the observer of this task's conversation. A second one takes the place of the first, which is to be dropped.
    fn attach_observer(&mut self, observer: Observer);

    /// Whether there is a task here to be observed: wrappers look inside.
    #[doc(hidden)]
    fn presence(&self) -> TaskPresence {
        TaskPresence::Here
    }
}

/// Whether there is a task in what a constructor returned.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskPresence {
    /// There is, and it can be given an observer.
    Here,
    /// There is none: the constructor failed.
    None,
    /// There is, but somebody else holds it already, so that it cannot be changed any more.
    Shared,
}

impl<T: ObservedTask> ObservedTask for Option<T> {
    fn attach_observer(&mut self, observer: Observer) {
        if let Some(task) = self {
            task.attach_observer(observer);
        }
    }

    fn presence(&self) -> TaskPresence {
        self.as_ref().map_or(TaskPresence::None, T::presence)
    }
}

impl<T: ObservedTask, E> ObservedTask for Result<T, E> {
    fn attach_observer(&mut self, observer: Observer) {
        if let Ok(task) = self {
            task.attach_observer(observer);
        }
    }

    fn presence(&self) -> TaskPresence {
        self.as_ref().map_or(TaskPresence::None, T::presence)
    }
}

impl<T: ObservedTask + ?Sized> ObservedTask for Box<T> {
    fn attach_observer(&mut self, observer: Observer) {
        (**self).attach_observer(observer);
    }

    fn presence(&self) -> TaskPresence {
        (**self).presence()
    }
}

impl<P: DerefMut<Target: ObservedTask + Unpin>> ObservedTask for Pin<P> {
    fn attach_observer(&mut self, observer: Observer) {
        (**self).attach_observer(observer);
    }

    fn presence(&self) -> TaskPresence {
        (**self).presence()
    }
}

macro_rules! with_the_task_first {
    ($($beside:ident),*) => {
        impl<T: ObservedTask, $($beside),*> ObservedTask for (T, $($beside),*) {
            fn attach_observer(&mut self, observer: Observer) {
                self.0.attach_observer(observer);
            }

            fn presence(&self) -> TaskPresence {
                self.0.presence()
            }
        }
    };
}

with_the_task_first!(A);
with_the_task_first!(A, B);

macro_rules! if_nobody_else_holds_it {
    ($($pointer:ident),*) => {$(
        impl<T: ObservedTask + ?Sized> ObservedTask for $pointer<T> {
            fn attach_observer(&mut self, observer: Observer) {
                if let Some(task) = Self::get_mut(self) {
                    task.attach_observer(observer);
                }
            }

            fn presence(&self) -> TaskPresence {
                // `get_mut` asks for both, too.
                if Self::strong_count(self) == 1 && Self::weak_count(self) == 0 {
                    (**self).presence()
                } else {
                    TaskPresence::Shared
                }
            }
        }
    )*};
}

if_nobody_else_holds_it!(Arc, Rc);

#[cfg(test)]
mod tests;
