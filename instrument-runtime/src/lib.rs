//! Runtime of `pipecat-instrument`.
pub mod core;
pub mod debug_log;
pub mod emit;
pub mod json;
#[cfg(feature = "setup")]
pub mod setup;
