//! Runtime of `pipecat-instrument`.
#[doc(hidden)]
pub mod __private;
pub mod core;
pub mod debug_log;
pub mod emit;
pub mod instrumentor;
pub mod json;
pub mod observer;
pub mod privacy;
#[cfg(feature = "setup")]
pub mod setup;
