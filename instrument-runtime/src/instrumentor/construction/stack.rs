//! The stack of annotated constructors that are running on a thread.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use super::task_name::TaskName;
use crate::catch_panic::{PanicMessage, catch_panic};
use crate::observer::ObserveOptions;

thread_local! {
    /// The tasks whose constructors are running on this thread, outermost first.
    static STACK: RefCell<Vec<PendingTask>> = const { RefCell::new(Vec::new()) };
}

/// The expressions of an annotation, as a function that sets its options. Only the first call evaluates them.
pub(super) type OptionsFn<'a> = &'a mut dyn FnMut(ObserveOptions) -> ObserveOptions;

/// A task under construction, and the options of its conversation so far.
#[derive(Debug, Clone)]
pub(super) struct PendingTask {
    pub(super) task: TaskName,
    options: Arc<Mutex<ObserveOptions>>,
}

impl PendingTask {
    /// Returns `None` if the annotation's expressions panic.
    pub(super) fn new(task: TaskName, options: OptionsFn<'_>) -> Option<Self> {
        Some(Self { task, options: Arc::new(Mutex::new(evaluate(task, options)?)) })
    }

    /// Returns the innermost task of this name that is under construction on this thread.
    pub(super) fn on_stack(task: TaskName) -> Option<Self> {
        STACK.with_borrow(|stack| stack.iter().rev().find(|pending| pending.task == task).cloned())
    }

    /// Fills options that are not set with those of an inner constructor.
    pub(super) fn merge(&self, inner: OptionsFn<'_>) {
        if self.with_options(|options| options.is_incomplete())
            && let Some(inner) = evaluate(self.task, inner)
        {
            self.with_options(|options| options.merge(inner));
        }
    }

    pub(super) fn options(&self) -> ObserveOptions {
        self.with_options(|options| options.clone())
    }

    /// Reads or changes the options. `access` must not panic, as it runs under the lock.
    fn with_options<T>(&self, access: impl FnOnce(&mut ObserveOptions) -> T) -> T {
        access(&mut self.options.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Pushes the task onto this thread's stack, until the entry is dropped.
    pub(super) fn push(&self) -> StackEntry {
        STACK.with_borrow_mut(|stack| stack.push(self.clone()));
        StackEntry { not_send: PhantomData }
    }
}

/// Evaluates the expressions of an annotation; `None` if they panic.
fn evaluate(task: TaskName, options: OptionsFn<'_>) -> Option<ObserveOptions> {
    catch_panic(|| options(ObserveOptions::new()))
        .inspect_err(|PanicMessage(panic)| {
            tracing::error!(
                task,
                panic,
                "the arguments of #[instrument_task] panicked: their values are lost, the task is built"
            );
        })
        .ok()
}

/// Keeps a task on the stack of this thread while its constructor runs.
#[derive(Debug)]
pub(super) struct StackEntry {
    not_send: PhantomData<*const ()>,
}

impl Drop for StackEntry {
    fn drop(&mut self) {
        // Entries are locals of nested calls, so the last one pushed is the first one dropped.
        STACK.with_borrow_mut(Vec::pop);
    }
}
