//! What the macros' expansions call. Versioned, so that an expansion by older macros keeps its meaning.

mod fields;
mod register;

/// The first version.
pub mod v1 {
    pub use super::fields::{ByteCount, Count, OptionalJson, OptionalSeconds, OptionalText, Text, Truth};
    pub use crate::__pipecat_instrument_v1_register as register;
    pub use crate::core::frame;
    pub use crate::instrumentor::AnnotatedType;
    pub use crate::instrumentor::construction::{Construction, UnderConstruction, begin, never};
    pub use inventory;
    pub use std::boxed::Box;
}
