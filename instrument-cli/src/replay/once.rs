//! Logs as they are now.

use std::io::{self, Write};

use anstream::AutoStream;
use pipecat_instrument_runtime::console::{Color, SpanTree, TreeStyle};

use super::{resource, stage};
use crate::arguments::ReplayArguments;
use crate::diagnostics::{complain, refuse};
use crate::exit_status::Outcome;
use crate::otlp;
use crate::output::{Destination, OutputError};
use crate::source::without_later_parts;
use crate::span_collector::GatheringExporter;

/// Replays every file. One that cannot be read does not keep the others from it.
pub(super) fn run(arguments: &ReplayArguments) -> Result<Outcome, OutputError> {
    let gathered = GatheringExporter::default();
    let resource = resource();
    let stage = stage(arguments, &resource, |provider| provider.with_simple_exporter(gathered.clone()));
    let mut otlp = arguments.otlp_json.as_ref().map(Destination::open).transpose()?;
    let mut trees =
        arguments.wants_trees().then(|| AutoStream::new(io::stdout().lock(), arguments.color.into()));
    let mut outcome = Outcome::Good;
    let mut separator = "";
    for source in without_later_parts(&arguments.files) {
        match stage.replay(source) {
            Ok(log) => {
                let spans = gathered.take();
                outcome = outcome.max(complain(source, &log));
                if let Some(out) = &mut trees {
                    let style = TreeStyle { color: Color::Always, ..TreeStyle::default() };
                    write!(out, "{separator}{}", SpanTree::from_spans(&spans).render(style))?;
                    separator = "\n";
                }
                if let Some(out) = &mut otlp {
                    otlp::write_line(out, &resource, spans)?;
                }
            }
            Err(error) => outcome = outcome.max(refuse(source, &error)),
        }
    }
    if let Some(out) = &mut trees {
        out.flush()?;
    }
    if let Some(out) = &mut otlp {
        out.flush()?;
    }
    Ok(outcome)
}
