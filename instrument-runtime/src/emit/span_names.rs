//! What spans are called.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::UnknownNameError;
use super::parse_name::NameTable;
use crate::engine::record::{SpanKind, SpanStart, TurnNumber};

/// What spans are called.
///
/// | span | `OpenInference` | `Pipecat` |
/// |---|---|---|
/// | conversation | `pipecat.conversation` | `conversation-<id>` |
/// | turn | `pipecat.conversation.turn` | `turn-<n>` |
/// | service | `pipecat.stt`, `pipecat.llm`, `pipecat.tts` | `llm_openaillmservice`: with its class in lower case |
/// | tool | `pipecat.tool.<name>` | the same |
///
/// ```
/// use pipecat_instrument_runtime::emit::{SpanNaming, UnknownNameError};
///
/// assert_eq!("pipecat".parse::<SpanNaming>()?, SpanNaming::Pipecat);
/// assert_eq!(SpanNaming::default().to_string(), "openinference");
/// # Ok::<(), UnknownNameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpanNaming {
    /// By what a span is, the same in every conversation: good to group and to filter by.
    #[default]
    OpenInference,
    /// As Pipecat's own tracing: good to read in a backend that shows a span's name and not much more.
    Pipecat,
}

const NAMES: NameTable<SpanNaming> = NameTable {
    what: "set of span names",
    named: &[("openinference", SpanNaming::OpenInference), ("pipecat", SpanNaming::Pipecat)],
};

impl SpanNaming {
    /// The name of the conversation `id`.
    pub(super) fn conversation(self, id: &str) -> Cow<'static, str> {
        match self {
            Self::OpenInference => "pipecat.conversation".into(),
            Self::Pipecat => format!("conversation-{id}").into(),
        }
    }

    /// The name of a turn.
    pub(super) fn turn(self, TurnNumber(number): TurnNumber) -> Cow<'static, str> {
        match self {
            Self::OpenInference => "pipecat.conversation.turn".into(),
            Self::Pipecat => format!("turn-{number}").into(),
        }
    }

    /// The name of any span that the core starts.
    pub(super) fn span(self, start: &SpanStart) -> Cow<'static, str> {
        match start.kind {
            SpanKind::Turn => self.turn(start.turn),
            SpanKind::Stt => self.service("pipecat.stt", "stt", &start.name),
            SpanKind::Llm => self.service("pipecat.llm", "llm", &start.name),
            SpanKind::Tts => self.service("pipecat.tts", "tts", &start.name),
            SpanKind::Tool => format!("pipecat.tool.{}", start.name).into(),
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

impl FromStr for SpanNaming {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        NAMES.find(name)
    }
}

impl fmt::Display for SpanNaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NAMES.write(*self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::SpanNaming;
    use crate::engine::record::{SpanKey, SpanKind, SpanStart, TurnNumber};
    use crate::engine::time::Time;

    fn name(names: SpanNaming, kind: SpanKind, name: &str) -> String {
        let (key, at, turn) = (SpanKey(1), Time::default(), TurnNumber(3));
        names.span(&SpanStart { key, kind, parent: None, at, name: name.into(), turn }).into_owned()
    }

    #[test]
    fn every_span_has_the_name_of_the_contract() {
        for (kind, of, openinference, pipecat) in [
            (SpanKind::Turn, "", "pipecat.conversation.turn", "turn-3"),
            (SpanKind::Stt, "DeepgramSTTService", "pipecat.stt", "stt_deepgramsttservice"),
            (SpanKind::Llm, "OpenAILLMService", "pipecat.llm", "llm_openaillmservice"),
            (SpanKind::Tts, "CartesiaTTSService", "pipecat.tts", "tts_cartesiattsservice"),
            (SpanKind::Tts, "", "pipecat.tts", "tts"),
            (SpanKind::Tool, "getWeather", "pipecat.tool.getWeather", "pipecat.tool.getWeather"),
        ] {
            assert_eq!(name(SpanNaming::OpenInference, kind, of), openinference);
            assert_eq!(name(SpanNaming::Pipecat, kind, of), pipecat);
        }
        assert_eq!(SpanNaming::OpenInference.conversation("call-42"), "pipecat.conversation");
        assert_eq!(SpanNaming::Pipecat.conversation("call-42"), "conversation-call-42");
    }
}
