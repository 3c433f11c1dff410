//! A recording replayed, and the spans of its conversation.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, Header, replay};

use super::Outcome;
use super::span::{Kind, Span};

/// The result of replaying a recording.
#[derive(Debug, Default, Clone)]
pub(crate) struct Replayed {
    /// The spans, in the order of their ends.
    pub(crate) spans: Vec<Span>,
    /// The first error in the log.
    pub(crate) problem: Option<String>,
}

impl Replayed {
    /// Replays the log at `path` with default settings.
    pub(crate) fn from_log(path: &Path) -> Outcome<Self> {
        let mut reader = FrameLogReader::open(path)?;
        let config = reader.header().config(ConversationConfig::default());
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let settings = Arc::new(EmitSettings::default());
        let mut emitter = Emitter::new(&Tracers::new(&provider), settings, session(reader.header())?);

        let report = replay(&mut reader, config, &mut emitter);
        drop(emitter); // exports open spans, so that a span that was never ended is seen
        Ok(Self {
            spans: exporter.get_finished_spans()?.into_iter().map(Span).collect(),
            problem: report.bad_lines.first().map(ToString::to_string),
        })
    }
}

/// Returns the session in the log's header.
fn session(header: &Header) -> Outcome<Session> {
    let id = header.conversation_id.clone().ok_or("the log has no conversation id")?;
    Ok(header.attributes.iter().cloned().fold(Session::new(id), Session::attribute))
}

/// Maximum depth of spans in a turn, to end the search if parents form a circle.
const MAX_DEPTH: usize = 20;

/// The spans of one conversation, and the tree that they form.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    id: &'a str,
    spans: Vec<&'a Span>,
    by_id: HashMap<SpanId, &'a Span>,
    turns: Vec<&'a Span>,
}

impl<'a> Conversation<'a> {
    /// Returns the conversation `id` of the exported spans.
    pub(crate) fn new(id: &'a str, exported: &'a [Span]) -> Self {
        let spans = belonging_to(id, exported);
        let by_id = spans.iter().map(|&span| (span.id(), span)).collect();
        let turns = by_start(spans.iter().copied().filter(|span| span.kind() == Some(Kind::Turn)));
        Self { id, spans, by_id, turns }
    }

    pub(crate) fn id(&self) -> &str {
        self.id
    }

    /// Returns all spans, in the order of export.
    pub(crate) fn spans(&self) -> &[&'a Span] {
        &self.spans
    }

    /// Returns the turns, in the order of their starts.
    pub(crate) fn turns(&self) -> &[&'a Span] {
        &self.turns
    }

    /// Returns the first turn with this number.
    pub(crate) fn turn(&self, number: i64) -> Option<&'a Span> {
        let has_number = |turn: &&&Span| turn.attribute("conversation.turn_number") == Some(number.into());
        self.turns.iter().find(has_number).copied()
    }

    /// Returns the spans below `turn`, in the order of their starts.
    pub(crate) fn spans_in(&self, turn: &Span) -> Vec<&'a Span> {
        let is_in = |span: &&Span| {
            !matches!(span.kind(), Some(Kind::Turn | Kind::Conversation))
                && self.turn_of(span).is_some_and(|other| ptr::eq(other, turn))
        };
        by_start(self.spans.iter().copied().filter(is_in))
    }

    /// Returns the turn that `span` is or lies below.
    pub(crate) fn turn_of<'s>(&'s self, span: &'s Span) -> Option<&'s Span> {
        let ancestry = iter::successors(Some(span), |&span| self.parent_of(span));
        ancestry.take(1 + MAX_DEPTH).find(|span| span.kind() == Some(Kind::Turn))
    }

    /// Returns the parent of `span`, if it was exported.
    pub(crate) fn parent_of(&self, span: &Span) -> Option<&'a Span> {
        self.by_id.get(&span.parent_id()?).copied()
    }

    /// Returns whether all span ids differ.
    pub(crate) fn has_unique_ids(&self) -> bool {
        self.by_id.len() == self.spans.len()
    }
}

/// Returns all of `exported`, or, if it has several conversations, the spans in traces with this session id.
fn belonging_to<'a>(id: &str, exported: &'a [Span]) -> Vec<&'a Span> {
    let has_session = |span: &Span| span.attribute("session.id").is_some();
    let is_this = |span: &Span| span.attribute("session.id").is_some_and(|session| session == id);
    let has_other_sessions = exported.iter().any(|span| has_session(span) && !is_this(span));
    if !(has_other_sessions && exported.iter().any(is_this)) {
        return exported.iter().collect();
    }
    let traces: HashSet<TraceId> = exported.iter().filter(|span| is_this(span)).map(Span::trace_id).collect();
    exported.iter().filter(|span| traces.contains(&span.trace_id())).collect()
}

fn by_start<'a>(spans: impl Iterator<Item = &'a Span>) -> Vec<&'a Span> {
    let mut spans: Vec<&Span> = spans.collect();
    spans.sort_by_key(|span| (span.start(), span.end()));
    spans
}
