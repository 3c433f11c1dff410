//! A span as plain data: what the core hands out, and what [`emit`](crate::emit) writes down.
//!
//! ```text
//!          start(SpanStart) ──▶ open ──▶ end(SpanRecord)
//! ```
//!
//! Every span that is started is ended exactly once. A span is started late, when it is certain to be wanted (a turn
//! in which nothing happens is no span), with the start time that it really had; its record comes with its end.

use std::sync::Arc;
use std::time::Duration;

use super::frame::{LlmUsage, Message, Processor, ToolCall};
use super::speech::Speech;
use super::time::Time;

/// What tells a span from every other of its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanKey(pub u64);

/// The number of a turn, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TurnNumber(pub u32);

/// Which kind of span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// One exchange between user and bot.
    Turn,
    /// One utterance of the user, turned into text.
    Stt,
    /// One invocation of a language model.
    Llm,
    /// One reply, turned into audio.
    Tts,
    /// One function call.
    Tool,
}

/// A span that begins.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanStart {
    /// Which span.
    pub key: SpanKey,
    /// What kind of span.
    pub kind: SpanKind,
    /// The span that it belongs under; `None` for a turn.
    pub parent: Option<SpanKey>,
    /// When it began.
    pub at: Time,
    /// The class of its service, or the name of its tool; empty for a turn.
    pub name: String,
    /// The turn that it belongs to.
    pub turn: TurnNumber,
}

/// A span that is over, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRecord {
    /// Which span.
    pub key: SpanKey,
    /// When it began.
    pub start: Time,
    /// When it ended, never before it began.
    pub end: Time,
    /// Whether it failed.
    pub status: Status,
    /// What happened in it, in order.
    pub events: Vec<SpanEvent>,
    /// Who the user is, as far as known when the span ended.
    pub user_id: Option<Arc<str>>,
    /// What it has to tell.
    pub details: SpanDetails,
}

/// Whether a span failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    /// It did not.
    #[default]
    Ok,
    /// It did: the message of the first error, and its type.
    Error {
        /// What went wrong.
        message: String,
        /// The exception's class, the framework's category, or `_OTHER`.
        error_type: String,
    },
}

/// Something that happened at one moment of a span.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanEvent {
    /// When.
    pub at: Time,
    /// What.
    pub kind: SpanEventKind,
}

/// What happened at one moment of a span.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpanEventKind {
    /// An error: its message and type.
    Exception {
        /// What went wrong.
        message: String,
        /// The exception's class, the framework's category, or `_OTHER`.
        error_type: String,
    },
    /// The first of a model's answer came.
    FirstToken,
    /// The first audio of a reply came.
    FirstAudio,
    /// The user, or a cancel, cut it short.
    Interrupted,
}

/// What a span has to tell, by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum SpanDetails {
    /// One exchange between user and bot.
    Turn(TurnRecord),
    /// One utterance.
    Stt(SttRecord),
    /// One invocation.
    Llm(Box<LlmRecord>),
    /// One reply.
    Tts(TtsRecord),
    /// One function call.
    Tool(ToolRecord),
}

/// Why a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The bot had said what it had to say.
    Completed,
    /// The user spoke while the bot did.
    Interrupted,
    /// The pipeline ended before the bot was done.
    Ended,
    /// The pipeline was cancelled, dropped, or its log breaks off.
    Cancelled,
}

/// From when a latency is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LatencySource {
    /// From the end of the user's voice.
    Vad,
    /// From the end of the user's turn.
    UserStopped,
}

/// How long the user waited for the bot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UserToBotLatency {
    /// Seconds, below zero where the bot spoke before the user was found to be done.
    pub seconds: f64,
    /// From when they are counted.
    pub source: LatencySource,
    /// Where they went.
    pub stages: LatencyStages,
}

/// Where the time went between the user's last word and the bot's first, in seconds. A stage that cannot be told from
/// the next one is `None`, and its time counts there; what is there adds up to the whole.
///
/// ```text
///   user stopped ─stt─▶ transcript ─llm + tools─▶ first token ─aggregation─▶ text to TTS ─tts─▶ first audio ─output─▶ bot
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LatencyStages {
    /// Until the last final transcript.
    pub stt: Option<f64>,
    /// Until the first token of the answer that is spoken, without the function calls.
    pub llm: Option<f64>,
    /// The function calls on the way there.
    pub tools: Option<f64>,
    /// Until synthesis has its first text: a sentence must be whole.
    pub aggregation: Option<f64>,
    /// Until the first audio.
    pub tts: Option<f64>,
    /// Until the bot is heard.
    pub output: Option<f64>,
}

impl LatencyStages {
    /// The stages by their names, in the order in which the time went.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::record::LatencyStages;
    ///
    /// let stages = LatencyStages { tts: Some(0.18), ..LatencyStages::default() };
    /// assert_eq!(stages.named().map(|(name, _)| name), ["stt", "llm", "tools", "aggregation", "tts", "output"]);
    /// assert_eq!(stages.named()[4], ("tts", Some(0.18)));
    /// ```
    pub const fn named(&self) -> [(&'static str, Option<f64>); 6] {
        [
            ("stt", self.stt),
            ("llm", self.llm),
            ("tools", self.tools),
            ("aggregation", self.aggregation),
            ("tts", self.tts),
            ("output", self.output),
        ]
    }
}

/// One exchange between user and bot.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnRecord {
    /// Its number.
    pub number: TurnNumber,
    /// What the user said; `None` if nothing.
    pub input: Option<String>,
    /// What the bot said; `None` if nothing.
    pub output: Option<String>,
    /// Why it ended.
    pub end_reason: EndReason,
    /// How long the user waited for the bot; `None` in a turn that the bot began, or never spoke in.
    pub latency: Option<UserToBotLatency>,
}

/// How much of something that a span has told already it tells once more, under another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Visibility {
    /// All of it.
    #[default]
    Full,
    /// That it is there, but none of its words.
    Redacted,
    /// Nothing.
    Omitted,
}

/// Whether a time was told by the service or found out from its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimingSource {
    /// The service told it.
    Reported,
    /// It was found out from the frames.
    Measured,
}

/// Times that every service has.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServiceTimes {
    /// Seconds to the first byte, and who says so.
    pub ttfb: Option<(f64, TimingSource)>,
    /// Seconds of work on it.
    pub processing: Option<f64>,
}

/// One utterance of the user.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SttRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that was measured, where it is another than the service's.
    pub reported_model: Option<String>,
    /// Its times.
    pub times: ServiceTimes,
    /// The final transcripts, joined; `None` where none came, or they say nothing.
    pub transcript: Option<String>,
    /// How much of it is told as the span's output, beside its input.
    pub output_visibility: Visibility,
    /// Whether a final transcript came.
    pub is_final: bool,
    /// The language of the last transcript that names one.
    pub language: Option<String>,
    /// Seconds of audio that were transcribed.
    pub audio_seconds: Option<f64>,
    /// Seconds from the end of the voice to the last final transcript.
    pub time_to_last_transcription: Option<f64>,
}

/// One invocation of a language model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LlmRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that was measured, where it is another than the service's.
    pub reported_model: Option<String>,
    /// Its times.
    pub times: ServiceTimes,
    /// What it was sent.
    pub request: LlmRequest,
    /// What the user said, in a service that hears by itself; else the request's last user message is the input.
    pub user_transcript: Option<String>,
    /// What it answered; `None` if nothing.
    pub text: Option<String>,
    /// The calls that it asked for.
    pub tool_calls: Vec<ToolCall>,
    /// How much of its answer is told as a message of the chat, beside the span's output.
    pub message_visibility: Visibility,
    /// Its tokens; prompt tokens include those from a cache.
    pub usage: Option<LlmUsage>,
    /// Seconds to the first token of the answer, after any thinking.
    pub ttfat: Option<f64>,
    /// Whether the user or a cancel cut it.
    pub interrupted: bool,
}

impl LlmRecord {
    /// The service's own instruction, where it was sent in place of a system message: the context has none. Of a context
    /// that nobody told of, nothing is known.
    pub(crate) fn instruction_in_place_of_system(&self) -> Option<&str> {
        let has_system = self.request.system.is_some()
            || self.request.newest.iter().any(|message| message.role == "system");
        self.service.system_instruction.as_deref().filter(|_| self.request.message_count > 0 && !has_system)
    }
}

/// What a language model was sent, copied at that moment, no more of it than a span can carry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LlmRequest {
    /// The first message, if it is the system's.
    pub system: Option<Message>,
    /// The newest of the other messages, oldest first.
    pub newest: Vec<Message>,
    /// How many messages there were, all told.
    pub message_count: usize,
    /// The last message of a user, as text, wherever it stands.
    pub last_user_message: Option<String>,
    /// The tools, each as JSON.
    pub tools: Vec<String>,
}

/// One reply, turned into audio.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TtsRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that was measured, where it is another than the service's.
    pub reported_model: Option<String>,
    /// Its times.
    pub times: ServiceTimes,
    /// What it was asked to say; `None` where that was never told.
    pub input: Option<String>,
    /// What was spoken of it; `None` if nothing, or if it was cut and nobody told.
    pub output: Option<String>,
    /// Characters that were paid for.
    pub characters: Option<u64>,
    /// Seconds to the first audio that is not silence.
    pub ttfa: Option<f64>,
    /// How much audio it sent.
    pub audio_duration: Option<Duration>,
    /// How much of it was heard, where it was cut and nobody told the words.
    pub played_duration: Option<Duration>,
    /// Whether the user or a cancel cut it.
    pub interrupted: bool,
}

/// One function call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolRecord {
    /// The function.
    pub name: String,
    /// Which call of it.
    pub tool_call_id: String,
    /// Its arguments, as JSON.
    pub arguments: Option<String>,
    /// What it returned, as JSON.
    pub result: Option<String>,
    /// What went wrong, in the words of what it returned.
    pub error: Option<String>,
    /// Whether it was called off.
    pub cancelled: bool,
}

/// Whether somebody will look at a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// It is recorded.
    Yes,
    /// Its numbers count, and those of what is under it; nobody will read what was said.
    MetricsOnly,
    /// The sampler dropped it: nothing need be gathered for it or what is under it.
    No,
}

/// Where the core's spans go.
pub trait SpanSink {
    /// A span begins.
    fn start(&mut self, start: SpanStart) -> Recording;

    /// A span is over. Comes exactly once for every one that was started, children before their parent.
    fn end(&mut self, record: SpanRecord);

    /// Somebody begins to be heard, or is no longer. Of no concern to whoever wants spans only.
    fn speech(&mut self, _: Speech) {}
}

/// Spans gathered in the order in which they end: for tests, and for tools that look at records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanBuffer {
    /// Every span that began, in that order.
    pub started: Vec<SpanStart>,
    /// Every span that is over, in that order.
    pub ended: Vec<SpanRecord>,
    /// Who began to be heard or ceased to be, as it was told.
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
