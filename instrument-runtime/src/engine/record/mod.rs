//! Finished spans as plain data: the output of the engine and the input of [`emit`](crate::emit).
//!
//! ```text
//!   start(SpanStart) ──▶ open ──▶ end(SpanRecord)
//! ```
//!
//! Every started span is ended exactly once. A span is started late, when it is certain to be exported (a turn in which
//! nothing happens is not), with its true start time. Its content comes with its end.

mod service;
mod turn;

use std::sync::Arc;

use super::speech::Speech;
use super::time::Time;
pub use service::{
    LlmRecord, LlmRequest, ServiceTimes, SttRecord, TimingSource, ToolRecord, TtsRecord, Visibility,
};
pub use turn::{
    EndReason, Initiator, LatencySource, LatencyStage, StageTime, TurnRecord, UserRepeats, UserToBotLatency,
};

/// Identifies a span within its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanKey(pub u64);

/// The number of a turn, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TurnNumber(pub u32);

/// The kind of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// A turn: one exchange between user and bot.
    Turn,
    /// An utterance of the user, transcribed to text.
    Stt,
    /// One LLM call.
    Llm,
    /// The synthesis of one reply.
    Tts,
    /// One tool call.
    Tool,
}

/// The start of a span. See [Layout].
///
/// [Layout]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#layout
#[derive(Debug, Clone, PartialEq)]
pub struct SpanStart {
    /// The key of the span.
    pub key: SpanKey,
    /// The kind of the span.
    pub kind: SpanKind,
    /// The parent span; `None` for a turn.
    pub parent: Option<SpanKey>,
    /// The start time.
    pub at: Time,
    /// The class of the service, or the name of the tool; empty for a turn.
    pub name: String,
    /// The turn that the span belongs to.
    pub turn: TurnNumber,
}

impl SpanStart {
    /// Returns the turn of the span; `None` for a span outside any turn.
    pub const fn turn_number(&self) -> Option<TurnNumber> {
        if matches!(self.kind, SpanKind::Turn) || self.parent.is_some() { Some(self.turn) } else { None }
    }
}

/// A finished span. See [Nothing lost].
///
/// [Nothing lost]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#nothing-lost
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRecord {
    /// The key that [`SpanStart`] had.
    pub key: SpanKey,
    /// The start time.
    pub start: Time,
    /// The end time, never before the start.
    pub end: Time,
    /// Whether the span failed.
    pub status: Status,
    /// Events within the span, in order.
    pub events: Vec<SpanEvent>,
    /// The id of the user, if known when the span ended.
    pub user_id: Option<Arc<str>>,
    /// The content of the span, by its kind.
    pub details: SpanDetails,
}

/// Whether a span failed. See [Errors].
///
/// [Errors]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#errors
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    /// The span did not fail.
    #[default]
    Ok,
    /// The span failed.
    Error {
        /// The message of the first error.
        message: String,
        /// The exception's class, else the framework's category of error, else `_OTHER`.
        error_type: String,
    },
}

/// An event at one moment of a span. See [Errors] and [Interruption].
///
/// [Errors]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#errors
/// [Interruption]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#interruption
#[derive(Debug, Clone, PartialEq)]
pub struct SpanEvent {
    /// The time of the event, within the span.
    pub at: Time,
    /// The kind of the event.
    pub kind: SpanEventKind,
}

/// The kind of a [`SpanEvent`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpanEventKind {
    /// An error occurred.
    Exception {
        /// The message of the error.
        message: String,
        /// The exception's class, else the framework's category of error, else `_OTHER`.
        error_type: String,
    },
    /// The first token of an LLM response arrived.
    FirstToken,
    /// The first audio of a reply arrived.
    FirstAudio,
    /// The user or a Cancel interrupted the span.
    Interrupted,
}

/// The content of a span, by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum SpanDetails {
    /// The content of a turn.
    Turn(TurnRecord),
    /// The content of an utterance.
    Stt(SttRecord),
    /// The content of an LLM call.
    Llm(Box<LlmRecord>),
    /// The content of a synthesis.
    Tts(TtsRecord),
    /// The content of a tool call.
    Tool(ToolRecord),
}

impl SpanDetails {
    /// Returns the kind of the span.
    pub const fn kind(&self) -> SpanKind {
        match self {
            Self::Turn(_) => SpanKind::Turn,
            Self::Stt(_) => SpanKind::Stt,
            Self::Llm(_) => SpanKind::Llm,
            Self::Tts(_) => SpanKind::Tts,
            Self::Tool(_) => SpanKind::Tool,
        }
    }
}

/// The use of a span, as returned by [`SpanSink::start`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// The span is exported.
    Yes,
    /// The span and its children are not exported, but count in metrics. Their texts are not needed.
    MetricsOnly,
    /// The sampler dropped the span. Nothing need be gathered for it and its children.
    No,
}

/// Receives the spans of the engine.
pub trait SpanSink {
    /// Starts a span.
    fn start(&mut self, start: SpanStart) -> Recording;

    /// Ends a span. Called exactly once for every started span, for children before their parent.
    fn end(&mut self, record: SpanRecord);

    /// Receives the start or end of user or bot speech. Ignored by default.
    fn speech(&mut self, _: Speech) {}
}

/// Collects spans, for tests and for tools that read records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanBuffer {
    /// The started spans, in order.
    pub started: Vec<SpanStart>,
    /// The finished spans, in order.
    pub ended: Vec<SpanRecord>,
    /// The starts and ends of speech, in order.
    pub speech: Vec<Speech>,
}

impl SpanSink for SpanBuffer {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.started.push(start);
        Recording::Yes
    }

    fn end(&mut self, record: SpanRecord) {
        self.ended.push(record);
    }

    fn speech(&mut self, speech: Speech) {
        self.speech.push(speech);
    }
}
