//! The annotated types of a program, gathered by the linker.

use std::fmt;
use std::sync::Once;

/// A type, or a constructor of one, that is annotated with `#[instrument_task]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnotatedType {
    name: &'static str,
    file: &'static str,
    line: u32,
}

inventory::collect!(AnnotatedType);

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

pub(super) fn annotated_types() -> impl Iterator<Item = &'static AnnotatedType> {
    inventory::iter::<AnnotatedType>.into_iter()
}

/// Says once if nothing is annotated: the commonest way to get no traces.
pub(super) fn warn_if_none() {
    static WARNED: Once = Once::new();

    // There, the linker gathers nothing unless the host program calls the constructors.
    let linker_gathers = !cfg!(target_family = "wasm");
    if linker_gathers && annotated_types().next().is_none() {
        WARNED.call_once(|| {
            tracing::warn!(
                "nothing in this program is annotated, so no task will be traced: write \
                 #[pipecat_instrument::instrument_task] above `impl YourTask {{ … }}` or above the function that builds \
                 it (observers made by PipecatInstrumentor::observe work without)"
            );
        });
    }
}
