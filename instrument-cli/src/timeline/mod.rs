//! `pipecat-trace timeline`: conversations as one page for a browser.

mod page;

use crate::arguments::TimelineArguments;
use crate::conversation_view::CallReader;
use crate::diagnostics::{complain, refuse};
use crate::exit_status::Outcome;
use crate::output::OutputError;
use crate::source::without_later_parts;

/// Writes a page of every conversation that can be read; none, if there is none.
pub(crate) fn run(arguments: &TimelineArguments) -> Result<Outcome, OutputError> {
    let reader = CallReader { turn_end_timeout: arguments.turn_end_timeout, ..CallReader::from_env() };
    let mut calls = Vec::new();
    let mut outcome = Outcome::Good;
    for source in without_later_parts(&arguments.files) {
        match reader.read(source) {
            Ok(call) => {
                outcome = outcome.max(complain(source, &call.log));
                calls.push(call);
            }
            Err(error) => outcome = outcome.max(refuse(source, &error)),
        }
    }
    if !calls.is_empty() {
        let page = page::page(&calls)?;
        let mut out = arguments.output.open()?;
        out.write_all(page.as_bytes())?;
        out.flush()?;
    }
    Ok(outcome)
}
