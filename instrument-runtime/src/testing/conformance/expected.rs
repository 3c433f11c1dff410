//! What must come of a script: turns, the spans in them, and the facts that those say.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::tells::{Capabilities, Reported};
use crate::emit::keys;

/// What kind of span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Stt,
    Llm,
    Tts,
    Tool,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Stt, Self::Llm, Self::Tts, Self::Tool];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stt => "STT",
            Self::Llm => "LLM",
            Self::Tts => "TTS",
            Self::Tool => "tool",
        })
    }
}

/// A turn.
#[derive(Debug, Clone)]
pub(super) struct TurnFacts {
    heard: Vec<&'static str>,
    said: Option<&'static str>,
    end_reason: &'static str,
    latency: Reported,
    pub(super) spans: Vec<SpanFacts>,
}

/// A span in a turn.
#[derive(Debug, Clone)]
pub(super) struct SpanFacts {
    pub(super) kind: Kind,
    pub(super) parent: Parent,
    pub(super) facts: Vec<Fact>,
}

/// What a span is under.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parent {
    Turn,
    /// The span at this place among those of the turn.
    Span(usize),
}

/// Something that a span says.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) what: What,
    pub(super) want: Want,
}

/// What is looked at.
#[derive(Debug, Clone)]
pub(super) enum What {
    Attribute(String),
    Status,
    /// The message of the event that tells of an error.
    Exception,
    Duration,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attribute(key) => key,
            Self::Status => "status",
            Self::Exception => "exception event",
            Self::Duration => "duration",
        })
    }
}

/// What it should be.
#[derive(Debug, Clone)]
pub(super) enum Want {
    Text(String),
    /// The beginning of this, or nothing.
    BeginningOf(&'static str),
    /// JSON that means this; or a text that holds it, as tools of some frameworks return.
    Json(Value),
    Number(u64),
    True,
    False,
    There,
    Absent,
    /// An error whose message has this in it.
    Error(&'static str),
    /// A text that has this in it.
    Saying(&'static str),
    Ok,
    AtLeast(Duration),
    /// Less than the number under that key.
    LessThan(&'static str),
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::BeginningOf(text) => write!(f, "the beginning of {text:?}"),
            Self::Json(json) => write!(f, "{json}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::True => f.write_str("true"),
            Self::False => f.write_str("false"),
            Self::There => f.write_str("something"),
            Self::Absent => f.write_str("nothing"),
            Self::Error(message) => write!(f, "an error that says {message:?}"),
            Self::Saying(text) => write!(f, "something that says {text:?}"),
            Self::Ok => f.write_str("ok"),
            Self::AtLeast(duration) => write!(f, "{} ms or more", duration.as_millis()),
            Self::LessThan(key) => write!(f, "less than {key}"),
        }
    }
}

pub(super) fn attribute(key: impl Into<String>, want: Want) -> Fact {
    Fact { what: What::Attribute(key.into()), want }
}

pub(super) fn text(key: impl Into<String>, text: impl Into<String>) -> Fact {
    attribute(key, Want::Text(text.into()))
}

pub(super) fn if_reported(reported: Reported, key: &str, want: Want) -> Fact {
    attribute(key, if reported == Reported::Yes { want } else { Want::Absent })
}

impl TurnFacts {
    /// One in which the bot speaks first.
    pub(super) fn of_the_bot() -> Self {
        Self {
            heard: Vec::new(),
            said: None,
            end_reason: "completed",
            latency: Reported::No,
            spans: Vec::new(),
        }
    }

    /// One that the user begins.
    pub(super) fn of_the_user(tells: Capabilities) -> Self {
        Self { latency: tells.voice, ..Self::of_the_bot() }
    }

    /// An utterance. Without a voice detection, all of a turn is one, however long the user pauses.
    pub(super) fn hears(&mut self, text: &'static str, tells: Capabilities) {
        self.heard.push(text);
        match (tells.voice, self.spans.iter_mut().find(|span| span.kind == Kind::Stt)) {
            (Reported::No, Some(utterance)) => *utterance = SpanFacts::stt(tells, &self.heard.join(" ")),
            _ => self.spans.push(SpanFacts::stt(tells, text)),
        }
    }

    pub(super) fn says(&mut self, text: &'static str) {
        self.said = Some(text);
    }

    pub(super) fn ends(&mut self, reason: &'static str) {
        self.end_reason = reason;
    }

    pub(super) fn is_interrupted(&mut self) {
        self.ends("interrupted");
    }

    /// One span more; gives its place.
    pub(super) fn spans(&mut self, span: SpanFacts) -> usize {
        self.spans.push(span);
        self.spans.len() - 1
    }

    /// What the turn itself says.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let heard = match self.heard.join(" ") {
            nothing if nothing.is_empty() => Want::Absent,
            heard => Want::Text(heard),
        };
        let interrupted = if self.end_reason == "interrupted" { Want::True } else { Want::False };
        let mut facts = vec![
            attribute(keys::INPUT_VALUE, heard),
            text(keys::END_REASON, self.end_reason),
            attribute(keys::WAS_INTERRUPTED, interrupted),
            attribute(keys::TURN_NUMBER, Want::There),
            Fact { what: What::Status, want: Want::Ok },
        ];
        if let Some(said) = self.said {
            facts.push(text(keys::OUTPUT_VALUE, said));
            facts.push(if_reported(self.latency, keys::USER_TO_BOT_LATENCY, Want::There));
        }
        facts
    }
}
