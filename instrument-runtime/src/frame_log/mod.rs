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
mod disk;
mod error;
mod file_name;
mod format;
mod lines;
mod log_file;
mod open_log;
mod opening;
mod output;
mod part;
mod payload;
mod process_log;
mod reader;
mod recency;
mod recent;
mod replay;
mod room;
mod schedule;
#[cfg(test)]
mod tests;
mod writer_thread;

pub use conversation_log::{ConversationLog, lost_events};
pub use error::FrameLogWriteError;
pub use opening::Opening;
pub use part::PartSize;
pub use process_log::FrameLogWriter;
pub use reader::{
    Footer, FrameLogReadError, FrameLogReader, Header, LineError, LogFiles, LogLineError, LoggedEvent,
    is_part_after,
};
pub use replay::{Replay, ReplayReport, replay};
