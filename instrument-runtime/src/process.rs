//! Values that each process has of its own.
//!
//! A child of `fork` inherits the memory of its parent, but only the thread that forked. In the child, the other threads do
//! not exist, and the locks that they held are never released. So the child must not use or drop a value that depends on
//! them: it makes its own.
//!
//! ```text
//!   PerProcess ──▶ the value of the parent ──▶ the value of the child ──▶ …
//!                  (never touched in the child)
//! ```
//!
//! Reading the id of the process takes a system call: use these types where a thread is used, and not for each frame.

use std::sync::Arc;

use once_cell::race::OnceBox;

/// Identifies a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessId(u32);

impl ProcessId {
    /// Returns the id of this process.
    pub(crate) fn current() -> Self {
        Self(std::process::id())
    }
}

/// A value that each process makes when it first needs it. Without locks, as another thread may have held them at the
/// fork.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    first: OnceBox<Entry<T>>,
}

/// The value of one process, and those of its descendants.
struct Entry<T> {
    process: ProcessId,
    value: Arc<T>,
    next: PerProcess<T>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { first: OnceBox::new() }
    }

    /// Returns the value of this process, if it has made one.
    pub(crate) fn get(&self) -> Option<&T> {
        let process = ProcessId::current();
        let mut entry = self.first.get()?;
        while entry.process != process {
            entry = entry.next.first.get()?;
        }
        Some(&entry.value)
    }

    /// Returns the value of this process, made by `init` if it has none. If threads race, all but one of their values
    /// are dropped.
    pub(crate) fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
        let process = ProcessId::current();
        let mut slot = &self.first;
        while let Some(entry) = slot.get() {
            if entry.process == process {
                return &entry.value;
            }
            slot = &entry.next.first;
        }
        let entry = slot
            .get_or_init(|| Box::new(Entry { process, value: Arc::new(init()), next: PerProcess::new() }));
        &entry.value
    }
}

/// Drops the value of this process only.
impl<T> Drop for Entry<T> {
    fn drop(&mut self) {
        if self.process != ProcessId::current() {
            // Never reaches zero, so that the value is not dropped.
            std::mem::forget(Arc::clone(&self.value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Entry, PerProcess, ProcessId};

    #[test]
    fn value_is_made_once() {
        let values = PerProcess::new();
        assert_eq!(values.get(), None);
        assert_eq!((values.get_or_init(|| 1), values.get_or_init(|| 2), values.get()), (&1, &1, Some(&1)));
    }

    #[test]
    fn value_of_another_process_is_neither_used_nor_dropped() {
        let (of_parent, of_child) = (Arc::new("parent"), Arc::new("child"));
        let values = PerProcess::new();
        let parent = ProcessId(ProcessId::current().0 ^ 1);
        let entry =
            Entry { process: parent, value: Arc::new(Arc::clone(&of_parent)), next: PerProcess::new() };
        assert!(values.first.set(Box::new(entry)).is_ok());

        assert!(values.get().is_none());
        assert_eq!(**values.get_or_init(|| Arc::clone(&of_child)), *of_child);
        assert!(values.get().is_some_and(|value| Arc::ptr_eq(value, &of_child)));
        drop(values);
        assert_eq!((Arc::strong_count(&of_parent), Arc::strong_count(&of_child)), (2, 1));
    }
}
