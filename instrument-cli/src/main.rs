//! `pipecat-trace`: looks at the frame logs of voice agents.
//!
//! ```text
//! pipecat-trace replay frames-call-42.jsonl
//! pipecat-trace replay --follow frames-call-42.jsonl
//! pipecat-trace show frames-call-42.jsonl
//! pipecat-trace timeline frames-call-42.jsonl -o call-42.html
//! pipecat-trace send --preset phoenix logs/*.jsonl.gz
//! ```

mod arguments;
mod conversation_view;
mod diagnostics;
mod exit_status;
mod otlp;
mod output;
mod replay;
mod replayer;
mod send;
mod show;
mod source;
mod span_collector;
mod timeline;

use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command, SendArguments};
use self::exit_status::Outcome;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Send(arguments) => return send(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Timeline(arguments) => timeline::run(&arguments),
    };
    match done {
        Ok(outcome) => outcome.into(),
        // Whoever reads the output has seen enough.
        Err(error) if error.is_closed_pipe() => Outcome::Good.into(),
        Err(error) => {
            anstream::eprintln!("pipecat-trace: {error}");
            Outcome::Failed.into()
        }
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
