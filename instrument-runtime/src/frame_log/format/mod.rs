//! The lines of a frame log, version 1, as serde reads and writes them.
//!
//! What stands here beyond the format's own text are extensions that other readers skip: `signals` and `part` in the header,
//! `continues` in the footer, the roles `sink` and `unknown`, and in payloads `chunking`, `context_id` of TTS boundaries and the `transcript` of a VAD
//! stop. They are there so that the log of a framework that says less than Pipecat replays as it was live.

mod frame_id;
mod line;
mod processor;

pub(super) use frame_id::IdNumber;
pub(super) use line::{EventLine, FooterLine, FrameSupportLine, HeaderLine, Line};
pub(super) use processor::{ProcessorEnvelope, ProcessorLine};

/// The version of the format that is written, and read.
pub(super) const VERSION: u64 = 1;
