//! Runtime of `pipecat-instrument`.
pub mod core;
pub mod debug_log;
pub mod emit;
pub mod instrumentor;
pub mod json;
pub mod observer;
#[doc(hidden)]
pub mod __private;
#[cfg(feature = "setup")]
pub mod setup;
