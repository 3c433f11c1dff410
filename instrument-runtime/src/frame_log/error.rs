//! Errors of writing and reading frame logs.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::format::VERSION;

/// An error of writing frame logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameLogWriteError {
    /// The path ends in a directory.
    #[error(
        "the debug_log path {path:?} has no file name: add one, such as `frames-{{conversation_id}}.jsonl`"
    )]
    NoFileName {
        /// The path.
        path: PathBuf,
    },
    /// The path is not text, so that no id can be inserted.
    #[error("the debug_log path {path:?} is not UTF-8: choose a path that is")]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// No file can be created there.
    #[error(
        "cannot write frame logs into {directory}: {source}; make it a directory that this process may write to, \
         or choose another path for debug_log",
        directory = directory.display()
    )]
    Unwritable {
        /// The directory of the files.
        directory: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A flush took longer than its timeout.
    #[error(
        "the frame logs were not all written within {waited:?}: wait longer, or check whether the disk is blocked"
    )]
    FlushTimeout {
        /// The timeout.
        waited: Duration,
    },
}

/// An error of reading a file as a frame log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameLogReadError {
    /// The file cannot be opened.
    #[error("cannot open {path}: {source}; {}", remedy(.source), path = path.display())]
    Open {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Nothing can be read from the file.
    #[error("cannot read it: {0}; pass a file that `debug_log` or the Pipecat recorder wrote")]
    Read(#[from] io::Error),
    /// The file is empty.
    #[error("not a frame log: the file is empty; either its conversation never began, or it is not a log")]
    Empty,
    /// The first line is not a header.
    #[error(
        "not a frame log: the first line must be a header such as {{\"frame_log\":{VERSION},\"writer\":\"…\",\
         \"wall\":…}} ({reason}); pass a file that `debug_log` or the Pipecat recorder wrote"
    )]
    NoHeader {
        /// The error in the line.
        reason: LineError,
    },
    /// The format is newer than this reader.
    #[error("a frame log of version {0}, but this program reads version {VERSION}: update pipecat-trace")]
    Version(u64),
}

/// Returns the remedy for a file that cannot be opened.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => {
            "check the path: `debug_log` sets where logs are written, one per conversation, at its first frame"
        }
        io::ErrorKind::PermissionDenied => "let this user read it",
        _ => "pass a file that `debug_log` or the Pipecat recorder wrote",
    }
}

/// A line that was skipped.
///
/// ```
/// use pipecat_instrument_runtime::frame_log::FrameLogReader;
///
/// let log = "{\"frame_log\":1,\"writer\":\"me\",\"wall\":0}\noops\n";
/// let mut reader = FrameLogReader::new(log.as_bytes())?;
/// let bad = reader.next().and_then(Result::err).map(|bad| bad.to_string());
/// assert_eq!(bad.as_deref(), Some("line 2: not JSON: expected value at column 1"));
/// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}line {line}: {reason}", PartPrefix(*.part))]
pub struct LogLineError {
    /// The number of the part, of a log that has parts.
    pub part: Option<u32>,
    /// The number of the line, from 1.
    pub line: u64,
    /// The error in the line.
    pub reason: LineError,
}

/// An error in a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line is not JSON, or lacks a field.
    #[error("{}", JsonError(.0))]
    Json(#[from] serde_json::Error),
    /// The payload does not fit its frame.
    #[error("payload of {frame}: {}", JsonError(source))]
    Payload {
        /// The frame's class.
        frame: String,
        /// The error in the payload.
        source: serde_json::Error,
    },
    /// The first line is a valid line, but not a header.
    #[error("this line is valid, but not a header")]
    NotAHeader,
    /// There is a second header.
    #[error("a second header: a file holds one conversation")]
    SecondHeader,
    /// There are lines after the footer.
    #[error("lines after the footer: a file holds one conversation; the rest is not read")]
    AfterFooter,
    /// The rest of the file cannot be read.
    #[error("cannot read the rest: {0}")]
    Read(#[from] io::Error),
}

/// Displays the number of a part before the number of a line.
struct PartPrefix(Option<u32>);

impl fmt::Display for PartPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |part| write!(f, "part {part}, "))
    }
}

/// Displays an error of JSON without its line number, which is always 1 here.
struct JsonError<'a>(&'a serde_json::Error);

impl fmt::Display for JsonError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.0.to_string();
        let position = format!(" at line {} column {}", self.0.line(), self.0.column());
        if !self.0.is_data() {
            f.write_str("not JSON: ")?;
        }
        match message.strip_suffix(&position) {
            Some(reason) => write!(f, "{reason} at column {}", self.0.column()),
            None => f.write_str(&message),
        }
    }
}
