//! What is announced of a service's work, what is known of it beforehand, and what came of it.

use crate::engine::frame::{Measurement, Role, ToolCall};
use crate::engine::record::{LlmRequest, Recording, SpanKey, SpanKind};
use crate::engine::time::Time;

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceKind {
    /// Speech to text.
    Stt,
    /// A language model.
    Llm,
    /// Text to speech.
    Tts,
}

impl ServiceKind {
    /// Returns the name, as in `service.type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::Tts => "tts",
        }
    }

    /// The kind of its spans.
    pub const fn span_kind(self) -> SpanKind {
        match self {
            Self::Stt => SpanKind::Stt,
            Self::Llm => SpanKind::Llm,
            Self::Tts => SpanKind::Tts,
        }
    }

    /// What such a processor does in its pipeline.
    pub const fn role(self) -> Role {
        match self {
            Self::Stt => Role::Stt,
            Self::Llm => Role::Llm,
            Self::Tts => Role::Tts,
        }
    }
}

/// Which service is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceName<'a> {
    /// The one of this class or name, and no other.
    Explicit(&'a str),
    /// Nobody says; the code around it has this name.
    Guessed(&'a str),
}

impl<'a> ServiceName<'a> {
    /// The name.
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Explicit(name) | Self::Guessed(name) => name,
        }
    }
}

/// A service begins to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationStart<'a> {
    /// What it does.
    pub kind: ServiceKind,
    /// Which one it is.
    pub service: ServiceName<'a>,
    /// The span of the operation of the same kind that this is a part of.
    pub inside: Option<SpanKey>,
}

/// What tells an operation from every other of its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationKey(pub(crate) SpanKey);

/// An operation that has begun in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartedOperation {
    /// What the rest of it is told with.
    pub key: OperationKey,
    /// Its span; `None` if it is not known yet.
    pub span: Option<SpanKey>,
    /// Whether somebody will look at it.
    pub recording: Recording,
}

/// What is known of a service's work beforehand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperationInfo {
    /// Who provides the service.
    pub provider: Option<String>,
    /// The model behind it.
    pub model: Option<String>,
    /// The voice it speaks with.
    pub voice: Option<String>,
    /// The language it hears.
    pub language: Option<String>,
    /// What it was given.
    pub input: OperationInput,
}

/// What a service was given to work on.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum OperationInput {
    /// Nobody says.
    #[default]
    Unknown,
    /// A text: what a user says, what is to be spoken.
    Text(String),
    /// The messages of a chat.
    Chat(LlmRequest),
}

/// What came of a service's work.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Whether it was let come to its end.
    pub completion: Completion,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// When the first piece of a stream came.
    pub first: Option<Time>,
    /// What it answered, or heard.
    pub text: Option<String>,
    /// The calls that a model asked for.
    pub tool_calls: Vec<ToolCall>,
    /// What it cost.
    pub usage: Option<Measurement>,
}

/// Whether work was let come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completion {
    /// It was.
    #[default]
    Finished,
    /// Nobody waited for it any longer.
    Dropped,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub message: String,
    /// The error's class, or `_OTHER`.
    pub error_type: String,
}
