//! `pipecat-trace show`: a conversation as text.

mod style;
mod text;
mod totals;

use std::io::{self, Write};

use anstream::AutoStream;

use crate::arguments::ShowArguments;
use crate::conversation_view::CallReader;
use crate::diagnostics::{complain, refuse};
use crate::exit_status::Outcome;
use crate::output::OutputError;
use crate::source::without_later_parts;

/// Prints every conversation. A log that cannot be read does not keep the others from it.
pub(crate) fn run(arguments: &ShowArguments) -> Result<Outcome, OutputError> {
    let reader = CallReader { turn_end_timeout: arguments.turn_end_timeout, ..CallReader::from_env() };
    let mut out = AutoStream::new(io::stdout().lock(), arguments.color.into());
    let mut outcome = Outcome::Good;
    let mut separator = "";
    for source in without_later_parts(&arguments.files) {
        match reader.read(source) {
            Ok(call) => {
                outcome = outcome.max(complain(source, &call.log));
                write!(out, "{separator}{}", text::page(&call, arguments.width))?;
                separator = "\n";
            }
            Err(error) => outcome = outcome.max(refuse(source, &error)),
        }
    }
    out.flush()?;
    Ok(outcome)
}
