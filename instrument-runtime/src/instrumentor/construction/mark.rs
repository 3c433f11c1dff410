//! Which tasks are being built on a thread.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use super::name::TaskName;
use crate::observer::{ObserveOptions, Panicked, isolate};

thread_local! {
    /// The tasks whose constructors are running on this thread, outermost first.
    static UNDER_CONSTRUCTION: RefCell<Vec<Planned>> = const { RefCell::new(Vec::new()) };
}

/// What an annotation's own expressions add to what is known; counts once.
pub(super) type Say<'a> = &'a mut dyn FnMut(ObserveOptions) -> ObserveOptions;

/// A task that is being built, and what is known of its conversation so far.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) task: TaskName,
    options: Arc<Mutex<ObserveOptions>>,
}

impl Planned {
    pub(super) fn new(task: TaskName, options: ObserveOptions) -> Self {
        Self { task, options: Arc::new(Mutex::new(options)) }
    }

    /// The one that is running on this thread.
    pub(super) fn under_construction(task: TaskName) -> Option<Self> {
        UNDER_CONSTRUCTION
            .with_borrow(|planned| planned.iter().rev().find(|planned| planned.task == task).cloned())
    }

    /// Takes from a constructor further in what is not known yet.
    pub(super) fn complete_with(&self, say: Say<'_>) {
        if self.with_options(|known| known.is_incomplete())
            && let Some(more) = said(self.task, say)
        {
            self.with_options(|known| known.complete_with(more));
        }
    }

    pub(super) fn options(&self) -> ObserveOptions {
        self.with_options(|known| known.clone())
    }

    /// Reads or changes what is known. Nothing that can panic happens under this lock.
    fn with_options<T>(&self, look: impl FnOnce(&mut ObserveOptions) -> T) -> T {
        look(&mut self.options.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the annotation's own expressions say, if they do not panic.
pub(super) fn said(task: TaskName, say: Say<'_>) -> Option<ObserveOptions> {
    isolate(|| say(ObserveOptions::new()))
        .inspect_err(|Panicked(panic)| {
            tracing::error!(
                task,
                panic,
                "a panic in the arguments of #[instrument_task]: what they say is lost, the task is built all the same"
            );
        })
        .ok()
}

/// While it lives, a constructor of its task is running on this thread.
#[derive(Debug)]
pub(super) struct Mark {
    stays_on_its_thread: PhantomData<*const ()>,
}

impl Mark {
    pub(super) fn set(planned: Planned) -> Self {
        UNDER_CONSTRUCTION.with_borrow_mut(|tasks| tasks.push(planned));
        Self { stays_on_its_thread: PhantomData }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // Marks are locals of nested calls, so the last one set is the first one dropped.
        UNDER_CONSTRUCTION.with_borrow_mut(Vec::pop);
    }
}
