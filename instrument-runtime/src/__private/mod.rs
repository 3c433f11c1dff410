//! Items that the macros' expansions use. They are versioned, so that code expanded by older macros keeps its behavior.

mod fields;

/// The first version.
pub mod v1 {
    pub use super::fields::{ByteCount, Count, OptionalJson, OptionalText, Text, Truth};
    pub use crate::__pipecat_instrument_v1_register as register;
    pub use crate::engine::frame;
    pub use crate::instrumentor::AnnotatedType;
    pub use crate::instrumentor::construction::{Construction, UnderConstruction, begin, never};
    pub use crate::traced::{
        CharacterCount, LlmTokens, OutcomeBuilder, ReturnValue, Seconds, ServiceInput, ServiceMetadata,
        ServiceOutput, ServiceRef, Started, TracedCall, TracedFuture, TracedStream, traced_llm, traced_stt,
        traced_tts,
    };
    pub use inventory;
    pub use std::boxed::Box;
}

/// Lists the annotated type or function `$name`, through the linker. The location is that of the expansion.
#[doc(hidden)]
#[macro_export]
macro_rules! __pipecat_instrument_v1_register {
    ($name:literal) => {
        $crate::__private::v1::inventory::submit! {
            $crate::__private::v1::AnnotatedType::new($name, ::core::file!(), ::core::line!())
        }
    };
}
