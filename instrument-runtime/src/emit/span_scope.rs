//! The conversation and turn of a span, and the span names that follow from them.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::KeyValue;

use super::{EmitSettings, SpanNaming, TraceLayout};
use crate::engine::record::{SpanKind, SpanStart, TurnNumber};

/// The conversation that spans belong to: its id and the additional attributes of its spans.
///
/// See [Sessions](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#sessions).
///
/// ```
/// use opentelemetry::KeyValue;
/// use pipecat_instrument_runtime::emit::Session;
///
/// let session = Session::new("call-42").attribute(KeyValue::new("tenant.seats", 12));
/// assert_eq!(&*session.id, "call-42");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The conversation id, written as `session.id` on every span. Spans outside any conversation have an empty id, which
    /// is not written.
    pub id: Arc<str>,
    /// Additional attributes of every span, with their types kept. The span's own attributes win: an attribute whose key
    /// equals one of theirs, or is a dotted prefix of one or the other way round, is left out.
    pub attributes: Vec<KeyValue>,
}

impl Session {
    /// Returns the conversation `id` without additional attributes.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self { id: id.into(), attributes: Vec::new() }
    }

    /// Adds an attribute to every span.
    pub fn attribute(mut self, attribute: KeyValue) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Returns the id to write; `None` outside any conversation.
    pub(super) fn written_id(&self) -> Option<Arc<str>> {
        (!self.id.is_empty()).then(|| self.id.clone())
    }
}

/// The context in which the attributes of a span are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpanScope<'a> {
    pub(super) session: &'a Session,
    pub(super) settings: &'a EmitSettings,
    /// `None` for the conversation span and for spans outside any turn.
    pub(super) turn: Option<TurnNumber>,
}

impl SpanScope<'_> {
    /// Returns the name of the root span of the trace.
    pub(super) fn root_name(&self) -> Cow<'static, str> {
        let names = self.settings.span_names;
        match (self.settings.layout, self.turn) {
            (TraceLayout::PerTurn, Some(turn)) => names.turn(turn),
            (TraceLayout::PerTurn, None) | (TraceLayout::PerConversation, _) => {
                names.conversation(&self.session.id)
            }
        }
    }
}

impl SpanNaming {
    /// Returns the name of the span that `start` starts.
    pub(super) fn span(self, start: &SpanStart) -> Cow<'static, str> {
        match start.kind {
            SpanKind::Turn => self.turn(start.turn),
            SpanKind::Stt => self.service("pipecat.stt", "stt", &start.name),
            SpanKind::Llm => self.service("pipecat.llm", "llm", &start.name),
            SpanKind::Tts => self.service("pipecat.tts", "tts", &start.name),
            SpanKind::Tool => format!("pipecat.tool.{}", start.name).into(),
        }
    }

    fn conversation(self, id: &str) -> Cow<'static, str> {
        match self {
            Self::OpenInference => "pipecat.conversation".into(),
            Self::Pipecat => format!("conversation-{id}").into(),
        }
    }

    fn turn(self, TurnNumber(number): TurnNumber) -> Cow<'static, str> {
        match self {
            Self::OpenInference => "pipecat.conversation.turn".into(),
            Self::Pipecat => format!("turn-{number}").into(),
        }
    }

    fn service(self, openinference: &'static str, pipecat: &'static str, class: &str) -> Cow<'static, str> {
        match self {
            Self::OpenInference => openinference.into(),
            Self::Pipecat if class.is_empty() => pipecat.into(),
            Self::Pipecat => format!("{pipecat}_{}", class.to_lowercase()).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::emit::SpanNaming;
    use crate::engine::record::{SpanKey, SpanKind, SpanStart, TurnNumber};
    use crate::engine::time::Time;

    fn name(naming: SpanNaming, kind: SpanKind, name: &str) -> String {
        let (key, at, turn) = (SpanKey(1), Time::default(), TurnNumber(3));
        naming.span(&SpanStart { key, kind, parent: None, at, name: name.into(), turn }).into_owned()
    }

    #[test]
    fn spans_have_the_names_of_docs_spans_md() {
        for (kind, source, openinference, pipecat) in [
            (SpanKind::Turn, "", "pipecat.conversation.turn", "turn-3"),
            (SpanKind::Stt, "DeepgramSTTService", "pipecat.stt", "stt_deepgramsttservice"),
            (SpanKind::Llm, "OpenAILLMService", "pipecat.llm", "llm_openaillmservice"),
            (SpanKind::Tts, "CartesiaTTSService", "pipecat.tts", "tts_cartesiattsservice"),
            (SpanKind::Tts, "", "pipecat.tts", "tts"),
            (SpanKind::Tool, "getWeather", "pipecat.tool.getWeather", "pipecat.tool.getWeather"),
        ] {
            assert_eq!(name(SpanNaming::OpenInference, kind, source), openinference);
            assert_eq!(name(SpanNaming::Pipecat, kind, source), pipecat);
        }
        assert_eq!(SpanNaming::OpenInference.conversation("call-42"), "pipecat.conversation");
        assert_eq!(SpanNaming::Pipecat.conversation("call-42"), "conversation-call-42");
    }
}
