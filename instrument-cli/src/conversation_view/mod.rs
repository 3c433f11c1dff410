//! A conversation as plain data: what `show` prints and the page of `timeline` draws.
//!
//! ```text
//!  frame log ──▶ Replay ──▶ records, who speaks ──▶ privacy ──▶ Call ──▶ text, or JSON in a page
//! ```
//!
//! All of it is what the observer makes of the log, once: nothing is found out anew by those who show it. Times are
//! milliseconds from the first event of the log.

mod read;
mod span_details;
mod totals;
mod transcript;
mod unheard_text;
mod view_builder;

pub(crate) use read::CallReader;

use serde::Serialize;

/// One conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Call {
    /// The conversation's id; the file's name, where it has none.
    pub(crate) id: String,
    /// Who wrote the log.
    pub(crate) writer: String,
    /// When its first event happened: milliseconds of Unix time.
    pub(crate) began_unix_ms: u64,
    pub(crate) duration: Ms,
    pub(crate) turns: Vec<Turn>,
    /// When each of the two was to be heard.
    pub(crate) speech: Vec<Speech>,
    pub(crate) totals: Totals,
    pub(crate) log: LogHealth,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Turn {
    pub(crate) number: u32,
    pub(crate) start: Ms,
    pub(crate) end: Ms,
    pub(crate) ended: TurnEnd,
    /// What was said in it, in order.
    pub(crate) lines: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency: Option<Latency>,
    pub(crate) spans: Vec<Span>,
    /// What went wrong, in the turn and in its spans.
    pub(crate) errors: Vec<Fault>,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_out: u64,
    pub(crate) characters: u64,
}

/// Why a turn ended.
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

/// What one of the two said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) who: Speaker,
    pub(crate) at: Ms,
    /// What was said: of the bot, what was heard of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// That it was cut, and what was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cut: Option<Cut>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Speaker {
    User,
    Bot,
}

/// That a reply was cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Cut {
    pub(crate) at: Ms,
    /// What nobody heard of it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unheard: Option<String>,
    /// How much of its audio was played, and how much there was, where nobody told the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) played: Option<(Ms, Ms)>,
    /// What it was to say, there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
}

/// How long the user waited for the bot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Latency {
    /// When the bot was heard: so much before it the wait began.
    pub(crate) until: Ms,
    pub(crate) whole: Ms,
    /// From when it is counted: `vad` or `user_stopped`.
    pub(crate) source: &'static str,
    /// Where it went; adds up to the whole.
    pub(crate) stages: Vec<Stage>,
}

/// A part of the wait: `stt`, `llm`, `tools`, `aggregation`, `tts` or `output`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) time: Ms,
}

/// What a service or a function did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Span {
    pub(crate) lane: Lane,
    pub(crate) start: Ms,
    pub(crate) end: Ms,
    /// Who did it: a service, or a function.
    pub(crate) who: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// When the first token or the first audio came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<Ms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    /// When it was cut short or called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cut: Option<Ms>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Fault>,
    /// What else is known of it, as it is shown: `("tokens", "120 → 20")`.
    pub(crate) facts: Vec<(&'static str, String)>,
}

/// Where a span is drawn.
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

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Fault {
    pub(crate) at: Ms,
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// A stretch in which somebody was to be heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Speech {
    pub(crate) who: Speaker,
    pub(crate) start: Ms,
    pub(crate) end: Ms,
}

/// The conversation in figures.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) turns: usize,
    pub(crate) interrupted: usize,
    pub(crate) errors: usize,
    pub(crate) tool_calls: usize,
    /// Of how the user waited; none where that is known of no turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency: Option<Spread>,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_cached: u64,
    pub(crate) tokens_out: u64,
    pub(crate) characters: u64,
}

/// The middle and the end of a row of times; each is one that was measured (nearest rank).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: Ms,
    pub(crate) p95: Ms,
    pub(crate) max: Ms,
}

/// What is wrong with the log itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct LogHealth {
    pub(crate) events: u64,
    /// Events that it lacks: its writer could not keep up.
    pub(crate) dropped: u64,
    /// Lines that were skipped, and why.
    pub(crate) bad_lines: Vec<String>,
    /// What is to be said of it, but for those lines.
    pub(crate) sentences: Vec<String>,
    /// It ends without a footer.
    pub(crate) broken_off: bool,
    /// The part that ought to follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing_part: Option<u32>,
}

/// Milliseconds, from the beginning of the call or in length. Written with a tenth.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub(crate) struct Ms(pub(crate) f64);

impl Ms {
    pub(crate) fn of_seconds(seconds: f64) -> Self {
        Self(seconds * 1e3)
    }

    pub(crate) fn seconds(self) -> f64 {
        self.0 / 1e3
    }
}

impl Serialize for Ms {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0 * 10.0).round() / 10.0)
    }
}
