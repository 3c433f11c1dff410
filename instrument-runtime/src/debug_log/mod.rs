//! The frame log: one conversation as a file of JSON lines, to look at and to [`replay`].
mod attributes;
mod format;
mod payload;
mod reader;
mod recent;
mod replay;

pub use reader::{BadLine, Footer, FrameLogError, FrameLogReader, Header, LineError, LoggedEvent};
pub use replay::{ReplayReport, replay};
