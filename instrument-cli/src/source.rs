//! The input of a command: files, or standard input.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pipecat_instrument_runtime::frame_log::{FrameLogReadError, FrameLogReader, is_part_after};

/// A file, or `-` for standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Stdin } else { Self::File(text.into()) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Source {
    /// Opens the log as it is now.
    pub(crate) fn open(&self) -> Result<FrameLogReader<'static>, FrameLogReadError> {
        match self {
            Self::Stdin => FrameLogReader::new(BufReader::new(io::stdin())),
            Self::File(path) => FrameLogReader::open(path),
        }
    }

    /// Opens a log that is still being written. Reading it waits for further lines.
    pub(crate) fn follow(&self) -> Result<FrameLogReader<'static>, FrameLogReadError> {
        match self {
            Self::Stdin => self.open(),
            Self::File(path) => FrameLogReader::follow(path),
        }
    }

    /// Returns the id for a conversation without one: the name of its file, which is the same in each run.
    pub(crate) fn name(&self) -> String {
        let name = match self {
            Self::Stdin => return "stdin".to_owned(),
            Self::File(path) => path.file_name().unwrap_or_default().to_string_lossy(),
        };
        name.split('.').next().unwrap_or_default().to_owned()
    }

    /// Returns whether the source is a file that does not exist.
    pub(crate) fn is_missing(&self) -> bool {
        self.path().is_some_and(|path| !path.exists())
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path),
        }
    }
}

/// Returns `sources` without the parts that are read along with an earlier part, as when a shell expands `logs/*`.
pub(crate) fn without_later_parts(sources: &[Source]) -> Vec<&Source> {
    let is_read_with = |later: &Source, earlier: &Source| {
        earlier.path().zip(later.path()).is_some_and(|(earlier, later)| is_part_after(earlier, later))
    };
    sources.iter().filter(|later| !sources.iter().any(|earlier| is_read_with(later, earlier))).collect()
}
