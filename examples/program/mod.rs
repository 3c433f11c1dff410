//! The program around a voice agent: its options, where its traces go, and what it prints.

pub(crate) mod frame_log;
pub(crate) mod options;
pub(crate) mod terminal;
pub(crate) mod traces;
mod turns;
