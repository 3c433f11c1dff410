//! `pipecat-trace`: looks at the frame logs of voice agents.
//!
//! ```text
//! pipecat-trace replay frames-call-42.jsonl
//! pipecat-trace replay --otlp-json spans.jsonl logs/*.jsonl.gz
//! pipecat-trace send --preset phoenix logs/*.jsonl.gz
//! ```

mod arguments;
mod gather;
mod otlp;
mod output;
mod replay;
mod send;

use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command, ReplayArguments, SendArguments};
use self::replay::Outcome;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Replay(arguments) => replay(&arguments),
        Command::Send(arguments) => send(&arguments),
    }
}

fn send(arguments: &SendArguments) -> ExitCode {
    match send::run(arguments) {
        Ok(sent) => sent.into(),
        Err(error) => {
            anstream::eprintln!("pipecat-trace: {error}");
            Outcome::Failed.into()
        }
    }
}

fn replay(arguments: &ReplayArguments) -> ExitCode {
    match replay::run(arguments) {
        Ok(outcome) => outcome.into(),
        // Whoever reads the output has seen enough.
        Err(error) if error.is_closed_pipe() => Outcome::Good.into(),
        Err(error) => {
            anstream::eprintln!("pipecat-trace: {error}");
            Outcome::Failed.into()
        }
    }
}
