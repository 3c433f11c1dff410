//! The content of a turn, and of the user's wait in it.

use super::TurnNumber;

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

/// The moment from which a latency counts.
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
    /// The moment from which it counts.
    pub source: LatencySource,
    /// The stages of the wait, in chronological order. They add up to the latency. Empty if that is negative.
    pub stages: Vec<StageTime>,
}

/// The duration of one stage of the user's wait, and its owner.
#[derive(Debug, Clone, PartialEq)]
pub struct StageTime {
    /// The stage.
    pub stage: LatencyStage,
    /// Its duration in seconds.
    pub seconds: f64,
    /// The service (by its class), the tool or the setting that is responsible for it; `None` if unknown.
    pub owner: Option<String>,
}

/// A stage of the wait between the user's last word and the bot's first, by what was waited for. See [Latency].
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
    /// The first token of the response that is spoken, without tool calls. Of a speech-to-speech model, its first
    /// audio.
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

/// Repeats: after the user was announced as stopped, the user spoke again before the bot made a sound. See [Latency].
///
/// [Latency]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#latency
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UserRepeats {
    /// The number of times that the user spoke again.
    pub count: u32,
    /// Seconds from the end of the first of these utterances to the bot's first sound; `None` if the bot made none.
    pub wait_seconds: Option<f64>,
}

/// The party that began a turn.
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
    /// The user's repeats before the bot made a sound; `None` if there were none.
    pub repeats: Option<UserRepeats>,
    /// Whether this is the first turn of a conversation whose start was not observed. The turn begins, and the numbers
    /// of the turns count, from the moment at which the observer was added.
    pub start_missed: bool,
}
