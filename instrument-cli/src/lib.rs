//! `pipecat-trace`: replays, shows and sends the frame logs of voice agents.
//!
//! ```text
//! pipecat-trace replay frames-call-42.jsonl
//! pipecat-trace replay --follow frames-call-42.jsonl
//! pipecat-trace show frames-call-42.jsonl
//! pipecat-trace timeline frames-call-42.jsonl -o call-42.html
//! pipecat-trace send --preset phoenix logs/*.jsonl.gz
//! ```
//!
//! [`docs/frame-log.md`](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/frame-log.md)
//! describes the commands and the format of the logs.

mod arguments;
mod conversation_view;
mod diagnostics;
mod output;
mod replay;
mod replayer;
mod send;
mod show;
mod source;
mod timeline;

pub use diagnostics::ExitStatus;

use std::ffi::OsString;
use std::fmt::Display;

use clap::Parser;

use self::arguments::{Arguments, Command};
use self::output::OutputError;

/// Runs the command line `args`, which begins with the name of the program. Writes to standard output and standard
/// error.
///
/// ```
/// use pipecat_instrument_cli::{ExitStatus, run};
///
/// assert_eq!(run(["pipecat-trace", "--version"]), ExitStatus::Success);
/// assert_eq!(run(["pipecat-trace", "show", "missing.jsonl"]), ExitStatus::Failure);
/// ```
pub fn run<T: Into<OsString> + Clone>(args: impl IntoIterator<Item = T>) -> ExitStatus {
    let command = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments.command,
        Err(error) => {
            // The error is the help or the version, if those were requested.
            let _ = error.print();
            return if error.use_stderr() { ExitStatus::Failure } else { ExitStatus::Success };
        }
    };
    match command {
        Command::Replay(arguments) => exit_status(replay::run(&arguments)),
        Command::Show(arguments) => exit_status(show::run(&arguments)),
        Command::Timeline(arguments) => exit_status(timeline::run(&arguments)),
        Command::Send(arguments) => send::run(&arguments).unwrap_or_else(|error| fail(&error)),
    }
}

fn exit_status(result: Result<ExitStatus, OutputError>) -> ExitStatus {
    match result {
        Ok(status) => status,
        // The program that reads the output, such as `head`, has closed the pipe.
        Err(error) if error.is_closed_pipe() => ExitStatus::Success,
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn Display) -> ExitStatus {
    anstream::eprintln!("pipecat-trace: {error}");
    ExitStatus::Failure
}
