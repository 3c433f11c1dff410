//! Runtime of `pipecat-instrument`.
pub mod core;
