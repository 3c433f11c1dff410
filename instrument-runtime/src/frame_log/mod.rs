//! The frame log: one conversation as a file of JSON lines, to look at and to [`replay`].
//!
//! It holds what was said and what was measured, hop by hop, but never audio samples; and of what was said no more than
//! [`privacy`](crate::privacy) lets out.
//!
//! ```text
//!  record ──▶ bounded room ──▶ one thread ──▶ a file a conversation ──▶ FrameLogReader ──▶ replay ──▶ spans
//! ```
//!
//! | | |
//! |---|---|
//! | [`FrameLogWriter`] | frame logs of a whole process: where they go, and the thread that writes them |
//! | [`ConversationLog`] | the log of one conversation: takes every hop and never waits |
//! | [`FrameLogReader`] | a log, event by event; bad lines are named, and skipped |
//! | [`replay`] | the same conversation once more |

mod attributes;
mod conversation_log;
mod error;
mod file_name;
mod file_writer;
mod flush_schedule;
mod format;
mod frame_cache;
mod fs;
mod header_info;
mod line_buffer;
mod log_path;
mod log_writer;
mod payload;
mod queue_budget;
mod reader;
mod recency;
mod replay;
mod rotation;
#[cfg(test)]
mod tests;
mod writer;
mod writer_thread;

pub use conversation_log::{ConversationLog, lost_events};
pub use error::FrameLogWriteError;
pub use header_info::HeaderInfo;
pub use reader::{
    Footer, FrameLogReadError, FrameLogReader, Header, LineError, LogFiles, LogLineError, LoggedEvent,
    is_part_after,
};
pub use replay::{Replay, ReplayReport, replay};
pub use rotation::PartSize;
pub use writer::FrameLogWriter;
