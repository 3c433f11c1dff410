//! What can be wrong with a frame log.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::frame_log::format::VERSION;

/// Why a file cannot be read as a frame log at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameLogReadError {
    /// The file cannot be opened.
    #[error("cannot open {path}: {source}; {}", remedy(.source), path = path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Nothing can be read from the file.
    #[error("cannot read it: {0}; pass a file that `debug_log` or the Pipecat recorder wrote")]
    Read(#[from] io::Error),
    /// The file is empty.
    #[error(
        "not a frame log: the file is empty; its conversation never began, or the file is of something else"
    )]
    Empty,
    /// The first line is no header.
    #[error(
        "not a frame log: the first line must be a header such as {{\"frame_log\":{VERSION},\"writer\":\"…\",\
         \"wall\":…}} ({reason}); pass a file that `debug_log` or the Pipecat recorder wrote"
    )]
    NoHeader {
        /// What is wrong with it.
        reason: LineError,
    },
    /// The format is newer than this reader.
    #[error("a frame log of version {0}, but this reads version {VERSION}: update pipecat-trace")]
    Version(u64),
}

/// What to do about a file that cannot be opened.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => {
            "check the path: logs are written where `debug_log` says, one a conversation, with its first frame"
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
#[error("{}line {line}: {reason}", InPart(*.part))]
pub struct LogLineError {
    /// The part that it stands in, of a log that has parts.
    pub part: Option<u32>,
    /// Which line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: LineError,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// It is not JSON, or lacks a field.
    #[error("{}", Explained(.0))]
    Json(#[from] serde_json::Error),
    /// Its payload is not what its frame carries.
    #[error("payload of {frame}: {}", Explained(source))]
    Payload {
        /// The frame's class.
        frame: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It is a line of another kind than a header.
    #[error("it is a line of another kind")]
    NotAHeader,
    /// It is a second header.
    #[error("a second header: a file holds one conversation")]
    SecondHeader,
    /// It stands behind the last line.
    #[error("lines after the footer: a file holds one conversation; what follows is not read")]
    AfterFooter,
    /// The rest of the file cannot be read.
    #[error("cannot read on: {0}")]
    Read(#[from] io::Error),
}

/// The part that a line stands in, before the line.
struct InPart(Option<u32>);

impl fmt::Display for InPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |part| write!(f, "part {part}, "))
    }
}

/// An error of JSON, without the line number that is always 1 here.
struct Explained<'a>(&'a serde_json::Error);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.to_string();
        let place = format!(" at line {} column {}", self.0.line(), self.0.column());
        if !self.0.is_data() {
            f.write_str("not JSON: ")?;
        }
        match whole.strip_suffix(&place) {
            Some(what) => write!(f, "{what} at column {}", self.0.column()),
            None => f.write_str(&whole),
        }
    }
}
