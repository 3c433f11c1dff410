//! The annotated types of a program.
//!
//! ```text
//!   #[instrument_task] ──▶ inventory::submit!   gathered by the linker, before `main`
//!        └──▶ begin(name, …) ──▶ called         gathered by the first call that is observed
//! ```
//!
//! The second way is for programs whose linker leaves the first one out: WebAssembly unless its host calls the
//! constructors, a static library linked by something other than rustc with flags of its own.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, Once, PoisonError};

/// Whether the linker gathers what is annotated. On WebAssembly it does only if the host program calls the
/// constructors, of which nobody here can know.
pub(super) const LINKED: bool = !cfg!(target_family = "wasm");

/// A type, or a constructor of one, that is annotated with `#[instrument_task]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnotatedType {
    name: &'static str,
    file: &'static str,
    line: u32,
}

inventory::collect!(AnnotatedType);

/// What was called, each once.
static CALLED: Mutex<Vec<&'static AnnotatedType>> = Mutex::new(Vec::new());

impl AnnotatedType {
    /// What an annotation submits.
    #[doc(hidden)]
    pub const fn new(name: &'static str, file: &'static str, line: u32) -> Self {
        Self { name, file, line }
    }

    /// The type as it is written there, or the name that the annotation gives it.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The file that it is annotated in.
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// The line of the annotation.
    pub const fn line(&self) -> u32 {
        self.line
    }
}

impl fmt::Display for AnnotatedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.name, self.file, self.line)
    }
}

/// A constructor is called that is observed: the linker may have left its annotation out.
pub(super) fn called(name: &'static str, at: &'static Location<'static>) {
    let annotated = AnnotatedType::new(name, at.file(), at.line());
    let mut called = CALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if !called.contains(&&annotated) {
        // As many as there are annotations in the program.
        called.push(Box::leak(Box::new(annotated)));
    }
}

/// Each annotation once, whoever gathered it.
pub(super) fn annotated_types() -> impl Iterator<Item = &'static AnnotatedType> {
    let called = CALLED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    each_once(inventory::iter::<AnnotatedType>.into_iter().chain(called)).into_iter()
}

fn each_once(gathered: impl Iterator<Item = &'static AnnotatedType>) -> Vec<&'static AnnotatedType> {
    let mut listed: Vec<&'static AnnotatedType> = Vec::new();
    for annotated in gathered {
        if !listed.contains(&annotated) {
            listed.push(annotated);
        }
    }
    listed
}

/// Says once if nothing is annotated: the commonest way to get no traces.
pub(super) fn warn_if_none() {
    static WARNED: Once = Once::new();

    if is_worth_a_warning(LINKED, annotated_types().count()) {
        WARNED.call_once(|| {
            tracing::warn!(
                "nothing in this program is annotated, so no task will be traced: write \
                 #[pipecat_instrument::instrument_task] above `impl YourTask {{ … }}` or above the function that builds \
                 it (observers made by PipecatInstrumentor::observe work without)"
            );
        });
    }
}

/// Where the linker gathers nothing, what is annotated shows only later.
const fn is_worth_a_warning(linked: bool, listed: usize) -> bool {
    linked && listed == 0
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::{AnnotatedType, annotated_types, called, each_once, is_worth_a_warning};

    #[test]
    fn what_the_linker_left_out_is_listed_at_its_first_call() {
        let listed = || annotated_types().filter(|listed| listed.name() == "LeftOut").count();

        assert_eq!(listed(), 0);
        for _ in 0..3 {
            called("LeftOut", Location::caller());
        }
        assert_eq!(listed(), 1);
    }

    #[test]
    fn what_both_have_gathered_is_listed_once() {
        static LINKED: AnnotatedType = AnnotatedType::new("Task", "src/task.rs", 7);
        static CALLED: AnnotatedType = AnnotatedType::new("Task", "src/task.rs", 7);
        static NEXT: AnnotatedType = AnnotatedType::new("Task", "src/task.rs", 8);
        assert_eq!(each_once([&LINKED, &CALLED, &NEXT].into_iter()), [&LINKED, &NEXT]);
    }

    #[test]
    fn where_the_linker_gathers_nothing_there_is_no_warning() {
        assert!(is_worth_a_warning(true, 0));
        assert!(!is_worth_a_warning(true, 1));
        assert!(!is_worth_a_warning(false, 0));
    }
}
