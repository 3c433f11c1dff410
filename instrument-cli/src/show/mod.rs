//! `pipecat-trace show`: prints a conversation as text.

mod style;
mod text;
mod totals;

use std::io::{self, Write};

use anstream::AutoStream;

use crate::arguments::ShowArguments;
use crate::conversation_view::ViewReader;
use crate::diagnostics::ExitStatus;
use crate::output::OutputError;
use crate::source::without_later_parts;

/// Prints every conversation. A log that cannot be read does not stop the others.
pub(crate) fn run(arguments: &ShowArguments) -> Result<ExitStatus, OutputError> {
    let reader = ViewReader::from_env(arguments.turn_end_timeout);
    let mut out = AutoStream::new(io::stdout().lock(), arguments.color.into());
    let mut status = ExitStatus::Success;
    let mut separator = "";
    for source in without_later_parts(&arguments.files) {
        if let Some(view) = status.check(source, reader.read(source), |view| &view.log) {
            write!(out, "{separator}{}", text::render(&view, arguments.width))?;
            separator = "\n";
        }
    }
    out.flush()?;
    Ok(status)
}
