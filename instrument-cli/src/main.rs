//! `pipecat-trace`: looks at the frame logs of voice agents.
//!
//! ```text
//! pipecat-trace replay frames-call-42.jsonl
//! pipecat-trace replay --otlp-json spans.jsonl logs/*.jsonl.gz
//! ```

mod arguments;
mod gather;
mod otlp;
mod output;
mod replay;

use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command};
use self::replay::Outcome;

fn main() -> ExitCode {
    let Arguments { command: Command::Replay(arguments) } = Arguments::parse();
    match replay::run(&arguments) {
        Ok(outcome) => outcome.into(),
        // Whoever reads the output has seen enough.
        Err(error) if error.is_closed_pipe() => Outcome::Good.into(),
        Err(error) => {
            anstream::eprintln!("pipecat-trace: {error}");
            Outcome::Failed.into()
        }
    }
}
