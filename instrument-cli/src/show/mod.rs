//! `pipecat-trace show`: a conversation as text.

mod page;
mod paint;
mod table;

use std::io::{self, Write};

use anstream::AutoStream;

use crate::arguments::ShowArguments;
use crate::call::CallReader;
use crate::complain::{complain, refuse};
use crate::outcome::Outcome;
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
                write!(out, "{separator}{}", page::page(&call, arguments.width))?;
                separator = "\n";
            }
            Err(error) => outcome = outcome.max(refuse(source, &error)),
        }
    }
    out.flush()?;
    Ok(outcome)
}
