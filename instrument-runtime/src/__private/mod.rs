//! What the macros' expansions call. Versioned, so that an expansion by older macros keeps its meaning.

mod fields;
mod register;

/// The first version.
pub mod v1 {
    pub use super::fields::{ByteCount, Count, OptionalJson, OptionalSeconds, OptionalText, Text, Truth};
    pub use crate::__pipecat_instrument_v1_register as register;
    pub use crate::engine::frame;
    pub use crate::instrumentor::AnnotatedType;
    pub use crate::instrumentor::construction::{Construction, UnderConstruction, begin, never};
    pub use crate::traced::{
        Announced, AudioLength, CharacterCount, Decorated, Found, Known, LlmTokens, Opened, Seen,
        ServiceInput, ServiceOutput, TracedStream, Waiting, traced_llm, traced_stt, traced_tts,
    };
    pub use inventory;
    pub use std::boxed::Box;
}
