//! Runtime of `pipecat-instrument`.
pub mod core;
pub mod emit;
pub mod observer;
#[cfg(feature = "setup")]
pub mod setup;
