//! A conversation as plain data, which `show` prints and the page of `timeline` draws.
//!
//! ```text
//!  frame log ──▶ replay ──▶ records, speech ──▶ privacy ──▶ ConversationView ──▶ text, or JSON in a page
//! ```
//!
//! Everything derives from the records of the engine, so the views only format it. Times are milliseconds from the
//! first event of the log.

mod span_details;
mod totals;
mod transcript;
mod view_builder;

pub(crate) use totals::Totals;
pub(crate) use view_builder::ViewReader;

use pipecat_instrument_runtime::engine::record::StageTime;
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::ReplayReport;
use serde::{Serialize, Serializer};

/// One conversation.
#[derive(Debug, Serialize)]
pub(crate) struct ConversationView {
    /// The conversation's id, or else the name of its file.
    pub(crate) id: String,
    /// The program that wrote the log.
    pub(crate) writer: String,
    /// The time of the first event, in milliseconds of Unix time.
    pub(crate) began_unix_ms: u64,
    pub(crate) duration: Ms,
    pub(crate) turns: Vec<TurnView>,
    /// The intervals in which the user or the bot was speaking.
    pub(crate) speech: Vec<SpeechInterval>,
    pub(crate) totals: Totals,
    /// The condition of the log.
    #[serde(serialize_with = "serialize_report")]
    pub(crate) log: ReplayReport,
}

fn serialize_report<S: Serializer>(report: &ReplayReport, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Fields {
        events: u64,
        dropped: u64,
        bad_lines: Vec<String>,
        problems: Vec<String>,
        broken_off: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        missing_part: Option<u32>,
    }
    let bad_lines = report.bad_lines.iter().map(ToString::to_string).collect();
    let &ReplayReport { events, dropped, broken_off, missing_part, .. } = report;
    Fields { events, dropped, bad_lines, problems: report.problems(), broken_off, missing_part }
        .serialize(serializer)
}

/// One turn.
#[derive(Debug, Serialize)]
pub(crate) struct TurnView {
    pub(crate) number: u32,
    pub(crate) start: Ms,
    pub(crate) end: Ms,
    pub(crate) ended: TurnEnd,
    /// The transcript, in order.
    pub(crate) lines: Vec<TranscriptLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency: Option<LatencyView>,
    /// The party that began the turn: `user` or `bot`.
    pub(crate) initiator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeats: Option<RepeatsView>,
    pub(crate) spans: Vec<SpanView>,
    /// The errors of the turn and of its spans.
    pub(crate) errors: Vec<ErrorView>,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_out: u64,
    pub(crate) characters: u64,
}

/// The reason for which a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TurnEnd {
    Completed,
    Interrupted,
    Ended,
    Cancelled,
}

impl TurnEnd {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One utterance of the user, or one reply of the bot.
#[derive(Debug, Serialize)]
pub(crate) struct TranscriptLine {
    pub(crate) who: Speaker,
    pub(crate) at: Ms,
    /// The text. Of a reply, only the part that the user heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interruption: Option<Interruption>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Speaker {
    User,
    Bot,
}

/// The interruption of a reply.
#[derive(Debug, Serialize)]
pub(crate) struct Interruption {
    pub(crate) at: Ms,
    /// The text that the user did not hear, if it can be determined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unheard: Option<String>,
    /// The played and the total duration of the audio, if the spoken words are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) played: Option<(Ms, Ms)>,
    /// The text that was synthesized, if the spoken words are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intended: Option<String>,
}

/// The user-to-bot latency of a turn.
#[derive(Debug, Serialize)]
pub(crate) struct LatencyView {
    /// The time at which the bot began to speak.
    pub(crate) until: Ms,
    pub(crate) total: Ms,
    /// The event at which the measurement starts: `vad` or `user_stopped`.
    pub(crate) source: &'static str,
    /// The stages, which add up to the total.
    pub(crate) stages: Vec<StageView>,
}

/// The number of times that the user spoke again before the bot made a sound.
#[derive(Debug, Serialize)]
pub(crate) struct RepeatsView {
    pub(crate) count: u32,
    /// The time from the end of the first words to the bot's first sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait: Option<Ms>,
}

/// A stage of the latency.
#[derive(Debug, Serialize)]
pub(crate) struct StageView {
    pub(crate) name: &'static str,
    pub(crate) time: Ms,
    /// The service or setting that is responsible for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
}

impl LatencyView {
    /// Returns the longest stage.
    pub(crate) fn longest_stage(&self) -> Option<&StageView> {
        self.stages.iter().max_by(|a, b| a.time.0.total_cmp(&b.time.0))
    }
}

impl From<&StageTime> for StageView {
    fn from(StageTime { stage, seconds, owner }: &StageTime) -> Self {
        Self { name: stage.as_str(), time: Ms::from_seconds(*seconds), owner: owner.clone() }
    }
}

/// A span of a service or a tool.
#[derive(Debug, Serialize)]
pub(crate) struct SpanView {
    pub(crate) lane: Lane,
    pub(crate) start: Ms,
    pub(crate) end: Ms,
    /// The name of the service or the tool.
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// The time of the first token or the first audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<Ms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    /// The time of its interruption or cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interrupted_at: Option<Ms>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ErrorView>,
    /// Further details as names and formatted values, such as `("tokens", "120 → 20")`.
    pub(crate) details: Vec<(&'static str, String)>,
}

/// The lane of the timeline that shows a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lane {
    Stt,
    Llm,
    Tool,
    Tts,
}

impl Lane {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::Tool => "tool",
            Self::Tts => "tts",
        }
    }
}

/// An error in a turn or a span.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ErrorView {
    pub(crate) at: Ms,
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// An interval in which the user or the bot was speaking.
#[derive(Debug, Serialize)]
pub(crate) struct SpeechInterval {
    pub(crate) who: Speaker,
    pub(crate) start: Ms,
    pub(crate) end: Ms,
}

impl SpanView {
    /// Returns the unusual end of a call: `unfinished` or `withdrawn`.
    pub(crate) fn state(&self) -> Option<&str> {
        self.details.iter().find(|(name, _)| *name == span_details::STATE).map(|(_, state)| &**state)
    }
}

/// Milliseconds since the start of the conversation, or of a duration. Serialized with one decimal.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub(crate) struct Ms(pub(crate) f64);

impl Ms {
    pub(crate) fn from_seconds(seconds: f64) -> Self {
        Self(seconds * 1e3)
    }

    pub(crate) fn seconds(self) -> f64 {
        self.0 / 1e3
    }
}

impl std::ops::Sub for Ms {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Serialize for Ms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0 * 10.0).round() / 10.0)
    }
}

/// Converts times to milliseconds since the start of the conversation.
#[derive(Debug, Clone, Copy)]
struct Clock {
    began: Time,
}

impl Clock {
    fn ms(self, at: Time) -> Ms {
        Ms::from_seconds(at.seconds_since(self.began))
    }
}
