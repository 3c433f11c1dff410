//! The annotated types of a program.
//!
//! ```text
//!   #[instrument_task] ──▶ inventory::submit!   listed by the linker, before `main`
//!        └──▶ begin(name, …) ──▶ on_call        listed by the first call that is observed
//! ```
//!
//! The second way is for programs whose linker drops the entries of the first: WebAssembly whose host does not call the
//! constructors, and static libraries linked with flags other than rustc's.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, Once, PoisonError};

/// Whether the linker lists annotations. On WebAssembly that depends on the host program, which must call the
/// constructors, so it counts as `false`.
pub(super) const LINKED: bool = !cfg!(target_family = "wasm");

/// A type or a constructor that is annotated with `#[instrument_task]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnotatedType {
    name: &'static str,
    file: &'static str,
    line: u32,
}

inventory::collect!(AnnotatedType);

/// Annotations whose constructors have been called, without duplicates.
static CALLED: Mutex<Vec<&'static AnnotatedType>> = Mutex::new(Vec::new());

impl AnnotatedType {
    /// Creates the entry of an annotation, for its expansion.
    #[doc(hidden)]
    pub const fn new(name: &'static str, file: &'static str, line: u32) -> Self {
        Self { name, file, line }
    }

    /// Returns the type as written in the annotated item, or the `name` in the annotation.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the file of the annotation.
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// Returns the line of the annotation.
    pub const fn line(&self) -> u32 {
        self.line
    }
}

impl fmt::Display for AnnotatedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.name, self.file, self.line)
    }
}

/// Lists the annotation of an observed constructor that is called, in case the linker dropped it.
pub(super) fn on_call(name: &'static str, at: &'static Location<'static>) {
    let annotated = AnnotatedType::new(name, at.file(), at.line());
    let mut called = CALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if !called.contains(&&annotated) {
        // Leaks no more than one entry per annotation in the program.
        called.push(Box::leak(Box::new(annotated)));
    }
}

/// Returns each annotation once.
pub(super) fn annotated_types() -> impl Iterator<Item = &'static AnnotatedType> {
    let called = CALLED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    deduplicated(inventory::iter::<AnnotatedType>.into_iter().chain(called)).into_iter()
}

fn deduplicated(entries: impl Iterator<Item = &'static AnnotatedType>) -> Vec<&'static AnnotatedType> {
    let mut listed: Vec<&'static AnnotatedType> = Vec::new();
    for annotated in entries {
        if !listed.contains(&annotated) {
            listed.push(annotated);
        }
    }
    listed
}

/// Warns once if the program has no annotations, the most common reason for missing traces.
pub(super) fn warn_if_none() {
    static WARNED: Once = Once::new();

    if should_warn(LINKED, annotated_types().count()) {
        WARNED.call_once(|| {
            tracing::warn!(
                "nothing in this program is annotated, so no task will be traced: write \
                 #[pipecat_instrument::instrument_task] above `impl YourTask {{ … }}` or above the function that builds \
                 it (observers made by PipecatInstrumentor::observe need no annotation)"
            );
        });
    }
}

/// Returns whether to warn. Without the linker's list, annotations are listed only when they are called.
const fn should_warn(linked: bool, listed: usize) -> bool {
    linked && listed == 0
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::{AnnotatedType, annotated_types, deduplicated, on_call, should_warn};

    #[test]
    fn annotation_dropped_by_the_linker_is_listed_at_its_first_call() {
        let listed = || annotated_types().filter(|listed| listed.name() == "LeftOut").count();

        assert_eq!(listed(), 0);
        for _ in 0..3 {
            on_call("LeftOut", Location::caller());
        }
        assert_eq!(listed(), 1);
    }

    #[test]
    fn annotation_listed_twice_is_returned_once() {
        static LINKED: AnnotatedType = AnnotatedType::new("Task", "src/task.rs", 7);
        static CALLED: AnnotatedType = AnnotatedType::new("Task", "src/task.rs", 7);
        static NEXT: AnnotatedType = AnnotatedType::new("Task", "src/task.rs", 8);
        assert_eq!(deduplicated([&LINKED, &CALLED, &NEXT].into_iter()), [&LINKED, &NEXT]);
    }

    #[test]
    fn no_warning_where_the_linker_lists_nothing() {
        assert!(should_warn(true, 0));
        assert!(!should_warn(true, 1));
        assert!(!should_warn(false, 0));
    }
}
