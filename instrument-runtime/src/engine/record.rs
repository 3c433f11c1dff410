//! Finished spans as plain data: the output of the engine and the input of [`emit`](crate::emit).
//!
//! ```text
//!   start(SpanStart) ──▶ open ──▶ end(SpanRecord)
//! ```
//!
//! Every started span is ended exactly once. A span is started late, when it is certain to be exported (a turn in which
//! nothing happens is not), with its true start time. Its content comes with its end.

use std::sync::Arc;
use std::time::Duration;

use super::frame::{InstructionPlacement, LlmUsage, Message, Processor, ToolCall};
use super::speech::Speech;
use super::time::Time;

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

/// Why a turn ended. See [Turns].
///
/// [Turns]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#turns
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The bot finished speaking.
    Completed,
    /// The user spoke while the bot was speaking.
    Interrupted,
    /// The pipeline ended before the bot was done.
    Ended,
    /// The pipeline was cancelled or dropped, or its frame log breaks off.
    Cancelled,
}

/// The start point of a latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LatencySource {
    /// The end of the user's voice.
    Vad,
    /// The frame that announced the end of the user's turn.
    UserStopped,
}

/// The time that the user waited for the bot to speak. See [Latency].
///
/// [Latency]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#latency
#[derive(Debug, Clone, PartialEq)]
pub struct UserToBotLatency {
    /// Seconds; negative if the bot spoke before the end of the user's turn was detected.
    pub seconds: f64,
    /// The start point.
    pub source: LatencySource,
    /// The stages of the wait, in chronological order. They add up to the latency. Empty if that is negative.
    pub stages: Vec<StageTime>,
}

/// One stage of the user's wait, and who is responsible for it.
#[derive(Debug, Clone, PartialEq)]
pub struct StageTime {
    /// The stage.
    pub stage: LatencyStage,
    /// Its duration in seconds.
    pub seconds: f64,
    /// The class of the service, the name of the tool or the setting that took the time; `None` if unknown.
    pub owner: Option<String>,
}

/// A stage of the wait between the user's last word and the bot's first: what was waited for. See [Latency].
///
/// ```text
///   voice ends ─endpointing─▶ VAD stop ─transcription─▶ final transcript ─turn detection─▶ model asked
///     ─llm + tools─▶ first token ─aggregation─▶ text to TTS ─tts─▶ first audio ─output─▶ bot speaks
/// ```
///
/// [Latency]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#latency
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LatencyStage {
    /// The detection that the voice has ended.
    Endpointing,
    /// The last final transcript before a model was asked.
    Transcription,
    /// The decision that the user is done: a model is asked.
    TurnDetection,
    /// The first token of the response that is spoken, without tool calls; of a speech-to-speech model, its first audio.
    Llm,
    /// The tool calls before that response.
    Tools,
    /// The first text for TTS: a sentence must be complete.
    Aggregation,
    /// The first audio.
    Tts,
    /// The bot's first sound.
    Output,
    /// The rest.
    Pipeline,
}

impl LatencyStage {
    /// Every stage, in chronological order.
    pub const ALL: [Self; 9] = [
        Self::Endpointing,
        Self::Transcription,
        Self::TurnDetection,
        Self::Llm,
        Self::Tools,
        Self::Aggregation,
        Self::Tts,
        Self::Output,
        Self::Pipeline,
    ];

    /// Returns the name, as in `conversation.latency.turn_detection`.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::record::LatencyStage;
    ///
    /// assert_eq!(LatencyStage::TurnDetection.as_str(), "turn_detection");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Endpointing => "endpointing",
            Self::Transcription => "transcription",
            Self::TurnDetection => "turn_detection",
            Self::Llm => "llm",
            Self::Tools => "tools",
            Self::Aggregation => "aggregation",
            Self::Tts => "tts",
            Self::Output => "output",
            Self::Pipeline => "pipeline",
        }
    }
}

/// Repetitions of the user, who was announced as stopped and spoke again before the bot made a sound. See [Latency].
///
/// [Latency]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#latency
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UserRepeats {
    /// The number of times that the user spoke again.
    pub count: u32,
    /// Seconds from the end of the first of these utterances to the bot's first sound; `None` if the bot made none.
    pub wait_seconds: Option<f64>,
}

/// The one who begins a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Initiator {
    /// The user spoke or typed before the bot made a sound.
    User,
    /// The user did not.
    Bot,
}

/// The content of a turn. See [Turns].
///
/// [Turns]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#turns
#[derive(Debug, Clone, PartialEq)]
pub struct TurnRecord {
    /// The number of the turn.
    pub number: TurnNumber,
    /// The text that the user said; `None` if nothing.
    pub input: Option<String>,
    /// The text that the bot said; `None` if nothing.
    pub output: Option<String>,
    /// Why the turn ended.
    pub end_reason: EndReason,
    /// The party that began the turn.
    pub initiator: Initiator,
    /// The user's wait for the bot; `None` if the bot began the turn or did not speak.
    pub latency: Option<UserToBotLatency>,
    /// The number of times that the user spoke again before the bot made a sound; `None` if not at all.
    pub repeats: Option<UserRepeats>,
    /// Whether this is the first turn of a conversation whose start was not observed. The turn, and the numbering of
    /// all turns, begin where the observer was added.
    pub start_missed: bool,
}

/// Limits the repetition of a text in a second place of its span. Set by [`privacy`](crate::privacy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Visibility {
    /// The text.
    #[default]
    Full,
    /// A placeholder for the text.
    Redacted,
    /// Nothing.
    Omitted,
}

/// The origin of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimingSource {
    /// The service reported it.
    Reported,
    /// The engine measured it from frames.
    Measured,
}

/// The times of one span that exist for every kind of service. See [Metrics].
///
/// [Metrics]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#metrics
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServiceTimes {
    /// Time to first byte in seconds, and its origin.
    pub ttfb: Option<(f64, TimingSource)>,
    /// Processing time in seconds.
    pub processing: Option<f64>,
}

/// The content of an utterance: user speech and its transcript. See [STT].
///
/// [STT]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#stt
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SttRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that the service's metrics name. It wins over that of `service`, which may be older.
    pub reported_model: Option<String>,
    /// The times of the service.
    pub times: ServiceTimes,
    /// The final transcripts, joined; `None` if there were none or they were empty.
    pub transcript: Option<String>,
    /// Limits the repetition of the transcript as the span's output.
    pub output_visibility: Visibility,
    /// Whether a final transcript arrived.
    pub is_final: bool,
    /// The language of the last transcript that has one.
    pub language: Option<String>,
    /// The amount of transcribed audio, in seconds.
    pub audio_seconds: Option<f64>,
    /// Seconds from the end of the user's voice to the last final transcript.
    pub time_to_last_transcription: Option<f64>,
}

/// The content of an LLM call. See [LLM] and [Speech to speech].
///
/// [LLM]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm
/// [Speech to speech]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#speech-to-speech
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LlmRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that the service's metrics name. It wins over that of `service`, which may be older.
    pub reported_model: Option<String>,
    /// The times of the service.
    pub times: ServiceTimes,
    /// The request.
    pub request: LlmRequest,
    /// The text that the user said to a speech-to-speech service. For others the input is the request's last user
    /// message.
    pub user_transcript: Option<String>,
    /// The text of the response; `None` if there was none.
    pub text: Option<String>,
    /// The tool calls of the response.
    pub tool_calls: Vec<ToolCall>,
    /// Limits the repetition of the response as a chat message, besides the span's output.
    pub message_visibility: Visibility,
    /// The tokens used. Prompt tokens include cached ones.
    pub usage: Option<LlmUsage>,
    /// Time to the first token of the answer after any reasoning, in seconds.
    pub ttfat: Option<f64>,
    /// Whether the user or a Cancel interrupted the call.
    pub interrupted: bool,
    /// Whether it was a speculation on the end of the user's turn that was withdrawn.
    pub withdrawn: bool,
}

impl LlmRecord {
    /// Returns the service's own instruction, which is sent as message 0.
    pub(crate) fn instruction(&self) -> Option<&str> {
        self.service.system_instruction.as_deref()
    }

    /// Returns the context's system message, unless the service sends its own instruction instead.
    pub(crate) fn system(&self) -> Option<&Message> {
        self.request.system.as_ref().filter(|_| !self.replaces_system())
    }

    /// Returns the number of messages sent, including the service's own instruction.
    pub(crate) fn message_count(&self) -> usize {
        let has_replaced = self.request.system.is_some() && self.replaces_system();
        (self.request.message_count + usize::from(self.instruction().is_some()))
            .saturating_sub(usize::from(has_replaced))
    }

    fn replaces_system(&self) -> bool {
        self.instruction().is_some()
            && self.service.placement_of_instruction() == InstructionPlacement::InsteadOfSystem
    }
}

/// The request of an LLM call, copied when it is sent, and limited to what a span can carry. See [LLM].
///
/// [LLM]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LlmRequest {
    /// The first message, if its role is system.
    pub system: Option<Message>,
    /// The newest of the other messages, oldest first.
    pub newest: Vec<Message>,
    /// The number of all messages.
    pub message_count: usize,
    /// The text of the last user message, even if it is not among `newest`.
    pub last_user_message: Option<String>,
    /// The tools, each as JSON.
    pub tools: Vec<String>,
}

/// The content of a synthesis: the text and audio of one reply. See [TTS].
///
/// [TTS]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tts
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TtsRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that the service's metrics name. It wins over that of `service`, which may be older.
    pub reported_model: Option<String>,
    /// The times of the service.
    pub times: ServiceTimes,
    /// The text to be spoken; `None` if no frame contained it.
    pub input: Option<String>,
    /// The text that was spoken; `None` if nothing, or if it was interrupted and no frame said where.
    pub output: Option<String>,
    /// The number of synthesized characters.
    pub characters: Option<u64>,
    /// Time to the first audio that is not silence, in seconds.
    pub ttfa: Option<f64>,
    /// The duration of the audio that was sent.
    pub audio_duration: Option<Duration>,
    /// The duration of the audio that was played, if it was interrupted and `output` is unknown.
    pub played_duration: Option<Duration>,
    /// Whether the user or a Cancel interrupted the speech.
    pub interrupted: bool,
}

/// The content of a tool call. See [Tools].
///
/// [Tools]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tools
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolRecord {
    /// The name of the tool.
    pub name: String,
    /// The id of the call.
    pub tool_call_id: String,
    /// The arguments, as JSON.
    pub arguments: Option<String>,
    /// The last result, as JSON. That of a call which was cancelled or is unfinished is an intermediate one.
    pub result: Option<String>,
    /// The error in that result.
    pub error: Option<String>,
    /// Whether the call was cancelled.
    pub cancelled: bool,
    /// Whether the span ended before the call: its final result is not known.
    pub unfinished: bool,
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
