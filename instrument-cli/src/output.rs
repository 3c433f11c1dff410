//! Where output goes, and what may go wrong with it.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::str::FromStr;

/// Where to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

impl FromStr for Destination {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Stdout } else { Self::File(text.into()) })
    }
}

impl Destination {
    /// Opens it for writing; a file that is there is replaced.
    pub(crate) fn open(&self) -> Result<Box<dyn Write>, OutputError> {
        Ok(match self {
            Self::Stdout => Box::new(BufWriter::new(io::stdout().lock())),
            Self::File(path) => {
                let file = File::create(path)
                    .map_err(|source| OutputError::Create { path: path.clone(), source })?;
                Box::new(BufWriter::new(file))
            }
        })
    }
}

/// Why output could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("cannot create {path}: {source}; choose another place", path = path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    #[error("cannot write spans as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl OutputError {
    /// Whether the other end of a pipe is closed.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        match self {
            Self::Write(error) => error.kind() == ErrorKind::BrokenPipe,
            Self::Json(error) => error.io_error_kind() == Some(ErrorKind::BrokenPipe),
            Self::Create { .. } => false,
        }
    }
}
