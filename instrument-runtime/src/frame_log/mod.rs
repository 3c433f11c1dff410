//! The frame log: one conversation as a file of JSON lines, for people to read and for [`replay`](replay()).
//!
//! It records every hop with its texts and measurements, as far as [`privacy`](crate::privacy) allows, but never audio
//! samples. [`docs/frame-log.md`] describes its use and its format.
//!
//! ```text
//!  record ──▶ bounded queue ──▶ one thread ──▶ one file per conversation ──▶ FrameLogReader ──▶ replay ──▶ spans
//!  (copies)                    (redacts, encodes)
//! ```
//!
//! | | |
//! |---|---|
//! | [`FrameLogWriter`] | writes the frame logs of a process, in a thread of its own |
//! | [`ConversationLog`] | records the hops of one conversation; never waits |
//! | [`FrameLogReader`] | reads a log event by event, and reports malformed lines |
//! | [`replay`](replay()) | turns a log into the spans of its conversation |
//!
//! [`docs/frame-log.md`]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/frame-log.md

mod conversation_log;
mod deferred;
mod error;
mod file_writer;
mod format;
mod frame_log_writer;
mod header;
mod line_buffer;
mod log_path;
mod parted_log;
mod payload;
mod reader;
mod recorded_log;
mod replay;
#[cfg(test)]
mod tests;
mod writer_thread;

pub use conversation_log::{ConversationLog, lost_events};
pub use error::{FrameLogReadError, FrameLogWriteError, LineError, LogLineError};
pub use frame_log_writer::FrameLogWriter;
pub use header::{Header, HeaderInfo};
pub use log_path::PartSize;
pub use reader::{Footer, FrameLogReader, LoggedEvent, is_part_after};
pub use replay::{Replay, ReplayReport, replay};
