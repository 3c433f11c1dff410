//! `pipecat-trace replay`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::AutoStream;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use pipecat_instrument_runtime::core::conversation::ConversationConfig;
use pipecat_instrument_runtime::debug_log::{self, FrameLogError, FrameLogReader, Header, ReplayReport};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::privacy::Privacy;
use pipecat_instrument_runtime::setup::tree::{Colour, SpanTree, TreeStyle};

use crate::arguments::ReplayArguments;
use crate::gather::GatheringExporter;
use crate::otlp;
use crate::output::{Destination, OutputError};

/// What became of it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Every line was read.
    Good,
    /// Lines were skipped.
    BadLines,
    /// A file could not be read, or is no frame log.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::BadLines => Self::from(1),
            Outcome::Failed => Self::from(2),
        }
    }
}

/// Replays every file. One that cannot be read does not keep the others from it.
pub(crate) fn run(arguments: &ReplayArguments) -> Result<Outcome, OutputError> {
    let replayer = Replayer::new(arguments);
    let mut otlp = arguments.otlp_json.as_ref().map(Destination::open).transpose()?;
    let mut trees =
        arguments.wants_trees().then(|| AutoStream::new(io::stdout().lock(), arguments.color.into()));
    let mut outcome = Outcome::Good;
    let mut separator = "";
    for file in &arguments.files {
        match replayer.replay(file) {
            Ok((spans, report)) => {
                outcome = outcome.max(complain(file, &report));
                if let Some(out) = &mut trees {
                    let style = TreeStyle { colour: Colour::Always, ..TreeStyle::default() };
                    write!(out, "{separator}{}", SpanTree::from_spans(&spans).render(style))?;
                    separator = "\n";
                }
                if let Some(out) = &mut otlp {
                    otlp::write_line(out, &replayer.resource, spans)?;
                }
            }
            Err(error) => {
                anstream::eprintln!("{}: {error}", file.display());
                outcome = Outcome::Failed;
            }
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

/// Says on standard error what is wrong with a log.
pub(crate) fn complain(file: &Path, report: &ReplayReport) -> Outcome {
    let file = file.display();
    for bad in &report.bad_lines {
        anstream::eprintln!("{file}: {bad}");
    }
    if report.dropped > 0 {
        anstream::eprintln!("{file}: lacks {} events that its writer had to drop", report.dropped);
    }
    if report.broken_off {
        anstream::eprintln!("{file}: breaks off without a footer: its process died");
    }
    if report.bad_lines.is_empty() { Outcome::Good } else { Outcome::BadLines }
}

/// Turns logs into spans, all by one provider.
struct Replayer<'a> {
    arguments: &'a ReplayArguments,
    resource: Resource,
    gathered: GatheringExporter,
    tracers: Tracers,
    settings: Arc<EmitSettings>,
    privacy: Privacy,
}

impl<'a> Replayer<'a> {
    fn new(arguments: &'a ReplayArguments) -> Self {
        let resource = Resource::builder().with_service_name("pipecat-trace").build();
        let gathered = GatheringExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_simple_exporter(gathered.clone())
            .build();
        Self {
            arguments,
            resource,
            gathered,
            tracers: Tracers::new(&provider),
            settings: Arc::new(arguments.words.settings()),
            privacy: Privacy::from_env(),
        }
    }

    fn replay(&self, file: &Path) -> Result<(Vec<SpanData>, ReplayReport), FrameLogError> {
        let mut reader = FrameLogReader::open(file)?;
        let mut config = reader.header().config(ConversationConfig::default());
        if let Some(timeout) = self.arguments.turn_end_timeout {
            config.turn_end_timeout = timeout;
        }
        let session = session(file, reader.header());
        let mut emitter =
            Emitter::new(&self.tracers, Arc::clone(&self.settings), session).privacy(self.privacy.clone());
        let report = debug_log::replay(&mut reader, config, &mut emitter);
        emitter.finish();
        Ok((self.gathered.take(), report))
    }
}

/// The session of a log. One without an id is called by its file, so that it is the same each time.
pub(crate) fn session(file: &Path, header: &Header) -> Session {
    let id = header.conversation_id.clone().unwrap_or_else(|| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.split('.').next().unwrap_or_default().to_owned()
    });
    Session { attributes: header.attributes.clone(), ..Session::new(id) }
}
