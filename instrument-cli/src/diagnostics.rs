//! Reports the problems of logs on standard error, and derives the exit status from them.

use std::process::ExitCode;

use pipecat_instrument_runtime::frame_log::{FrameLogReadError, ReplayReport};

use crate::source::Source;

/// The exit status of `pipecat-trace`. The worse one is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum ExitStatus {
    /// 0: every line was read.
    #[default]
    Success,
    /// 1: lines were skipped.
    BadLines,
    /// 2: a file could not be read, or the output could not be written.
    Failure,
}

impl ExitStatus {
    /// Returns the exit code of the process.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::BadLines => 1,
            Self::Failure => 2,
        }
    }

    /// Reports the problems of a log, or why it cannot be read, and raises the status accordingly. Returns what was
    /// read.
    pub(crate) fn check<T>(
        &mut self,
        source: &Source,
        read: Result<T, FrameLogReadError>,
        report_of: impl FnOnce(&T) -> &ReplayReport,
    ) -> Option<T> {
        match read {
            Ok(value) => {
                *self = (*self).max(report_problems(source, report_of(&value)));
                Some(value)
            }
            Err(error) => {
                *self = (*self).max(report_unreadable(source, &error));
                None
            }
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.code().into()
    }
}

/// Prints the bad lines and the other problems of a log.
pub(crate) fn report_problems(source: &Source, report: &ReplayReport) -> ExitStatus {
    for bad in &report.bad_lines {
        anstream::eprintln!("{source}: {bad}");
    }
    for problem in report.problems() {
        anstream::eprintln!("{source}: {problem}");
    }
    if report.bad_lines.is_empty() { ExitStatus::Success } else { ExitStatus::BadLines }
}

/// Prints why a log cannot be read.
pub(crate) fn report_unreadable(source: &Source, error: &FrameLogReadError) -> ExitStatus {
    match error {
        // The message names the file already.
        FrameLogReadError::Open { .. } => anstream::eprintln!("{error}"),
        _ => anstream::eprintln!("{source}: {error}"),
    }
    ExitStatus::Failure
}
