//! Tasks that accept an observer, and the wrapper types in which constructors return them.

use std::ops::DerefMut;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::observer::Observer;

/// A task to which an annotated constructor can attach an observer.
///
/// Implement it for the task type. This crate implements it for the types in which constructors return tasks: `Result`,
/// `Option`, `Box`, `Arc`, `Rc`, `Pin`, any nesting of them, and a tuple with the task first, such as
/// `(Task, Receiver)`.
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
    message = "`{Self}` cannot take an observer",
    label = "`ObservedTask` is not implemented for this",
    note = "implement `pipecat_instrument::ObservedTask` for the task type",
    note = "or name the constructor's argument that takes observers: \
            `#[instrument_task(observers = the_argument, via = path::to::adapter)]`"
)]
pub trait ObservedTask {
    /// Takes the observer of this task's conversation. A second observer replaces the first, which must be dropped.
    fn attach_observer(&mut self, observer: Observer);

    /// Returns whether an observer can be attached. Wrappers return the access of their content.
    #[doc(hidden)]
    fn access(&self) -> TaskAccess {
        TaskAccess::Exclusive
    }
}

/// Whether an observer can be attached to the value that a constructor returned.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskAccess {
    /// The value holds a task that can be changed.
    Exclusive,
    /// The value does not hold a task: the constructor failed.
    Absent,
    /// The value holds a task that other pointers share, which prevents changes.
    Shared,
}

impl<T: ObservedTask> ObservedTask for Option<T> {
    fn attach_observer(&mut self, observer: Observer) {
        if let Some(task) = self {
            task.attach_observer(observer);
        }
    }

    fn access(&self) -> TaskAccess {
        self.as_ref().map_or(TaskAccess::Absent, T::access)
    }
}

impl<T: ObservedTask, E> ObservedTask for Result<T, E> {
    fn attach_observer(&mut self, observer: Observer) {
        if let Ok(task) = self {
            task.attach_observer(observer);
        }
    }

    fn access(&self) -> TaskAccess {
        self.as_ref().map_or(TaskAccess::Absent, T::access)
    }
}

impl<T: ObservedTask + ?Sized> ObservedTask for Box<T> {
    fn attach_observer(&mut self, observer: Observer) {
        (**self).attach_observer(observer);
    }

    fn access(&self) -> TaskAccess {
        (**self).access()
    }
}

impl<P: DerefMut<Target: ObservedTask + Unpin>> ObservedTask for Pin<P> {
    fn attach_observer(&mut self, observer: Observer) {
        (**self).attach_observer(observer);
    }

    fn access(&self) -> TaskAccess {
        (**self).access()
    }
}

macro_rules! tuples {
    ($($other:ident),*) => {
        impl<T: ObservedTask, $($other),*> ObservedTask for (T, $($other),*) {
            fn attach_observer(&mut self, observer: Observer) {
                self.0.attach_observer(observer);
            }

            fn access(&self) -> TaskAccess {
                self.0.access()
            }
        }
    };
}

tuples!(A);
tuples!(A, B);

macro_rules! shared_pointers {
    ($($pointer:ident),*) => {$(
        impl<T: ObservedTask + ?Sized> ObservedTask for $pointer<T> {
            fn attach_observer(&mut self, observer: Observer) {
                if let Some(task) = Self::get_mut(self) {
                    task.attach_observer(observer);
                }
            }

            fn access(&self) -> TaskAccess {
                // `get_mut` checks both, too.
                if Self::strong_count(self) == 1 && Self::weak_count(self) == 0 {
                    (**self).access()
                } else {
                    TaskAccess::Shared
                }
            }
        }
    )*};
}

shared_pointers!(Arc, Rc);

#[cfg(test)]
mod tests;
