//! The inputs of an operation: its start, the facts known in advance, and its outcome.

use crate::engine::frame::{Measurement, Role, ToolCall};
use crate::engine::record::{LlmRequest, Recording, SpanKey, SpanKind};
use crate::engine::time::Time;

/// The kind of a service.
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

    /// Returns the kind of the service's spans.
    pub const fn span_kind(self) -> SpanKind {
        match self {
            Self::Stt => SpanKind::Stt,
            Self::Llm => SpanKind::Llm,
            Self::Tts => SpanKind::Tts,
        }
    }

    /// Returns the role of the service in its pipeline.
    pub const fn role(self) -> Role {
        match self {
            Self::Stt => Role::Stt,
            Self::Llm => Role::Llm,
            Self::Tts => Role::Tts,
        }
    }
}

/// The name of the service that an operation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceName<'a> {
    /// The name or class of the service, as the annotation gives it. No other service matches.
    Explicit(&'a str),
    /// The name of the annotated code, as the annotation names no service.
    Guessed(&'a str),
}

impl<'a> ServiceName<'a> {
    /// Returns the name.
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Explicit(name) | Self::Guessed(name) => name,
        }
    }
}

/// The start of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationStart<'a> {
    /// The kind of the service.
    pub kind: ServiceKind,
    /// The service.
    pub service: ServiceName<'a>,
    /// The span of the enclosing operation of the same kind.
    pub parent: Option<SpanKey>,
}

/// Identifies an operation within its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationKey(pub(crate) SpanKey);

/// An operation that a conversation has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartedOperation {
    /// The key for further calls about the operation.
    pub key: OperationKey,
    /// The span of the operation; `None` if it has none yet.
    pub span: Option<SpanKey>,
    /// The use of the span: for export, for metrics only, or none.
    pub recording: Recording,
}

/// Facts about an operation that are known before it runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperationInfo {
    /// The provider of the service.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The voice.
    pub voice: Option<String>,
    /// The language that the service recognizes.
    pub language: Option<String>,
    /// The input.
    pub input: OperationInput,
}

/// The input of an operation.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum OperationInput {
    /// The input is unknown.
    #[default]
    Unknown,
    /// A text: user input, or the text to be spoken.
    Text(String),
    /// The messages of a chat.
    Chat(LlmRequest),
}

/// The outcome of an operation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Whether the operation finished.
    pub completion: Completion,
    /// The error, if it failed.
    pub failure: Option<Failure>,
    /// The time of the first item of a stream.
    pub first: Option<Time>,
    /// The response of a model, the transcript, or the spoken text.
    pub text: Option<String>,
    /// The tool calls of a model's response.
    pub tool_calls: Vec<ToolCall>,
    /// The used amount: tokens, characters or seconds of audio.
    pub usage: Option<Measurement>,
}

/// Whether an operation finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completion {
    /// It finished, with or without an error.
    #[default]
    Finished,
    /// Its future or stream was dropped.
    Dropped,
}

/// The error of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The message.
    pub message: String,
    /// The class of the error, or `_OTHER`.
    pub error_type: String,
}
