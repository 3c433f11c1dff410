//! A recording, as the spans that an exporter is given.

use std::path::Path;
use std::sync::Arc;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, Header, replay};

use super::Outcome;
use super::span::Span;

/// What came out of a recording.
#[derive(Debug, Default, Clone)]
pub(crate) struct Replayed {
    /// Its spans, in the order in which they ended.
    pub(crate) spans: Vec<Span>,
    /// The first line of the log that could not be read, and why.
    pub(crate) problem: Option<String>,
}

impl Replayed {
    /// Replays the log at `path`, as it would have been traced by default.
    pub(crate) fn from_log(path: &Path) -> Outcome<Self> {
        let mut reader = FrameLogReader::open(path)?;
        let config = reader.header().config(ConversationConfig::default());
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let settings = Arc::new(EmitSettings::default());
        let mut emitter = Emitter::new(&Tracers::new(&provider), settings, session(reader.header())?);

        let report = replay(&mut reader, config, &mut emitter);
        drop(emitter); // exports what the core left open, so that a span never ended is seen
        Ok(Self {
            spans: exporter.get_finished_spans()?.into_iter().map(Span).collect(),
            problem: report.bad_lines.first().map(ToString::to_string),
        })
    }
}

/// Whose conversation it is, by its log's header.
fn session(header: &Header) -> Outcome<Session> {
    let id = header.conversation_id.clone().ok_or("the log names no conversation")?;
    Ok(header.attributes.iter().cloned().fold(Session::new(id), Session::attribute))
}
