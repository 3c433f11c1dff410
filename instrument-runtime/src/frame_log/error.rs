//! What can be wrong with a frame log that is to be written.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why no frame logs can be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameLogWriteError {
    /// The path ends in a directory.
    #[error(
        "the debug_log path {path:?} names no file: end it with one, as `frames-{{conversation_id}}.jsonl`"
    )]
    NoFileName {
        /// The path.
        path: PathBuf,
    },
    /// The path is not text, so that no id can be put into it.
    #[error("the debug_log path {path:?} is not UTF-8: choose a path that is")]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// No file can be made there.
    #[error(
        "cannot write frame logs into {directory}: {source}; make it a directory that this process may write to, \
         or choose another path for debug_log",
        directory = directory.display()
    )]
    Unwritable {
        /// Where the files were to be.
        directory: PathBuf,
        /// Why they cannot.
        source: io::Error,
    },
    /// The disk is slower than somebody would wait.
    #[error(
        "the frame logs were not all written within {waited:?}: wait longer, or look for what blocks the disk"
    )]
    FlushTimeout {
        /// How long somebody waited.
        waited: Duration,
    },
}
