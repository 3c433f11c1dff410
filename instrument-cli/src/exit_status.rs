//! What became of it all.

use std::process::ExitCode;

/// What became of it all: the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Every line was read.
    Good,
    /// Lines were skipped.
    BadLines,
    /// A file could not be read, or is no frame log; or the output could not be written.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::BadLines => Self::from(1),
            Outcome::Failed => Self::from(2),
        }
    }
}
