//! What kind of span one is.

use std::fmt;

/// What kind of span one is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole conversation.
    Conversation,
    /// One exchange.
    Turn,
    /// One utterance.
    Stt,
    /// One invocation of a language model.
    Llm,
    /// One reply.
    Tts,
    /// One function call.
    Tool,
}

impl Kind {
    /// The kinds of spans that a turn consists of.
    pub(crate) const IN_A_TURN: [Self; 4] = [Self::Stt, Self::Llm, Self::Tts, Self::Tool];

    /// The kind that expectations call `name`.
    pub(crate) fn in_a_turn(name: &str) -> Option<Self> {
        Self::IN_A_TURN.into_iter().find(|kind| kind.to_string() == name)
    }

    /// Whether a span of this kind lies within a turn.
    pub(crate) fn is_in_a_turn(self) -> bool {
        Self::IN_A_TURN.contains(&self)
    }

    /// What `OpenInference` calls it.
    pub(crate) const fn openinference(self) -> &'static str {
        match self {
            Self::Conversation | Self::Turn => "CHAIN",
            Self::Stt | Self::Llm | Self::Tts => "LLM",
            Self::Tool => "TOOL",
        }
    }

    /// The kind of the spans called `name`, if they are of any.
    pub(crate) fn of_span_named(name: &str) -> Option<Self> {
        match name {
            "pipecat.conversation" => Some(Self::Conversation),
            "pipecat.conversation.turn" => Some(Self::Turn),
            "pipecat.stt" => Some(Self::Stt),
            "pipecat.llm" => Some(Self::Llm),
            "pipecat.tts" => Some(Self::Tts),
            tool if tool.starts_with("pipecat.tool.") => Some(Self::Tool),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conversation => "conversation",
            Self::Turn => "turn",
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::Tts => "tts",
            Self::Tool => "tool",
        })
    }
}
