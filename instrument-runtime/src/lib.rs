//! Runtime of `pipecat-instrument`.
pub mod core;
pub mod emit;
#[cfg(feature = "setup")]
pub mod setup;
