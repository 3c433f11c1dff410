//! Logs as they are now.

use std::io::{self, Write};

use anstream::AutoStream;
use opentelemetry_sdk::trace::SpanData;
use pipecat_instrument_runtime::debug_log::{FrameLogError, Replay};
use pipecat_instrument_runtime::setup::tree::{Colour, SpanTree, TreeStyle};

use super::Stage;
use crate::arguments::ReplayArguments;
use crate::call::LogHealth;
use crate::complain::{complain, refuse};
use crate::gather::GatheringExporter;
use crate::otlp;
use crate::outcome::Outcome;
use crate::output::{Destination, OutputError};
use crate::source::{Source, without_later_parts};

/// Replays every file. One that cannot be read does not keep the others from it.
pub(super) fn run(arguments: &ReplayArguments) -> Result<Outcome, OutputError> {
    let gathered = GatheringExporter::default();
    let stage = Stage::new(arguments, |provider| provider.with_simple_exporter(gathered.clone()));
    let mut otlp = arguments.otlp_json.as_ref().map(Destination::open).transpose()?;
    let mut trees =
        arguments.wants_trees().then(|| AutoStream::new(io::stdout().lock(), arguments.color.into()));
    let mut outcome = Outcome::Good;
    let mut separator = "";
    for source in without_later_parts(&arguments.files) {
        match replay(&stage, &gathered, source) {
            Ok((spans, log)) => {
                outcome = outcome.max(complain(source, &log));
                if let Some(out) = &mut trees {
                    let style = TreeStyle { colour: Colour::Always, ..TreeStyle::default() };
                    write!(out, "{separator}{}", SpanTree::from_spans(&spans).render(style))?;
                    separator = "\n";
                }
                if let Some(out) = &mut otlp {
                    otlp::write_line(out, &stage.resource, spans)?;
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

fn replay(
    stage: &Stage,
    gathered: &GatheringExporter,
    source: &Source,
) -> Result<(Vec<SpanData>, LogHealth), FrameLogError> {
    let mut reader = source.open()?;
    let header = reader.header().clone();
    let mut emitter = stage.emitter(source, &header);
    let mut replay = Replay::new(stage.config(&header));
    let mut bad_lines = Vec::new();
    for event in reader.by_ref() {
        match event {
            Ok(event) => replay.event(&event, &mut emitter),
            Err(bad) => bad_lines.push(bad.to_string()),
        }
    }
    let events = replay.finish(&mut emitter);
    emitter.finish();
    Ok((gathered.take(), LogHealth { bad_lines, ..LogHealth::of(&reader, events) }))
}
