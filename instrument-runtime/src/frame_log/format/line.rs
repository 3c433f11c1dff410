//! The four kinds of line.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{IdNumber, ProcessorEnvelope, ProcessorLine};
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::Direction;

/// A line, by its kind.
pub(in crate::frame_log) enum Line<'a> {
    Header(HeaderLine<'a>),
    Processor(ProcessorLine),
    Event(EventLine<'a, &'a RawValue>),
    Footer(FooterLine),
    /// An object of a kind that this version does not know.
    Unknown,
}

impl<'a> Line<'a> {
    /// Reads one line. Nearly all are events, so this is tried first.
    pub(in crate::frame_log) fn parse(line: &'a [u8]) -> Result<Self, serde_json::Error> {
        let line = line.trim_ascii_end();
        let no_event = match serde_json::from_slice(line) {
            Ok(event) => return Ok(Self::Event(event)),
            Err(error) => error,
        };
        let marks: Marks = serde_json::from_slice(line)?;
        if marks.frame_log.is_some() {
            serde_json::from_slice(line).map(Self::Header)
        } else if marks.end.is_some() {
            serde_json::from_slice(line).map(Self::Footer)
        } else if marks.n.is_some() || marks.frame.is_some() {
            Err(no_event)
        } else if marks.processor.is_some() {
            serde_json::from_slice(line).map(|ProcessorEnvelope { processor }| Self::Processor(processor))
        } else {
            Ok(Self::Unknown)
        }
    }
}

/// The fields that tell what kind of line it is.
#[derive(Deserialize)]
struct Marks {
    frame_log: Option<IgnoredAny>,
    processor: Option<IgnoredAny>,
    n: Option<IgnoredAny>,
    frame: Option<IgnoredAny>,
    end: Option<IgnoredAny>,
}

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::frame_log) struct HeaderLine<'a> {
    pub(in crate::frame_log) frame_log: u64,
    #[serde(borrow)]
    pub(in crate::frame_log) writer: Cow<'a, str>,
    pub(in crate::frame_log) wall: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::frame_log) conversation_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::frame_log) attributes: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::frame_log) turn_end_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::frame_log) signals: Option<FrameSupportLine>,
    /// Which part of the log, from 1, if it may have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::frame_log) part: Option<u32>,
}

/// What the framework announces; Pipecat, which announces everything, needs none of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::frame_log) struct FrameSupportLine {
    user_speech: SupportName,
    bot_speech: SupportName,
    spoken_text: SupportName,
}

impl Default for FrameSupportLine {
    fn default() -> Self {
        Self { user_speech: SupportName::Yes, bot_speech: SupportName::Yes, spoken_text: SupportName::Yes }
    }
}

impl From<FrameSupport> for FrameSupportLine {
    fn from(signals: FrameSupport) -> Self {
        Self {
            user_speech: signals.user_speech.into(),
            bot_speech: signals.bot_speech.into(),
            spoken_text: signals.spoken_text.into(),
        }
    }
}

impl From<FrameSupportLine> for FrameSupport {
    fn from(line: FrameSupportLine) -> Self {
        Self {
            user_speech: line.user_speech.into(),
            bot_speech: line.bot_speech.into(),
            spoken_text: line.spoken_text.into(),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SupportName {
    Maybe,
    Unreliable,
    #[serde(other)]
    Yes,
}

impl From<Support> for SupportName {
    fn from(announced: Support) -> Self {
        match announced {
            Support::Native => Self::Yes,
            Support::Inferred => Self::Maybe,
            Support::Unreliable => Self::Unreliable,
        }
    }
}

impl From<SupportName> for Support {
    fn from(name: SupportName) -> Self {
        match name {
            SupportName::Yes => Self::Native,
            SupportName::Maybe => Self::Inferred,
            SupportName::Unreliable => Self::Unreliable,
        }
    }
}

/// One hop of one frame, with a payload in the form `P`.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::frame_log) struct EventLine<'a, P> {
    pub(in crate::frame_log) n: u64,
    pub(in crate::frame_log) wall: u64,
    pub(in crate::frame_log) dir: Dir,
    #[serde(borrow)]
    pub(in crate::frame_log) src: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::frame_log) dst: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::frame_log) frame: Cow<'a, str>,
    pub(in crate::frame_log) id: IdNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::frame_log) sibling: Option<IdNumber>,
    pub(in crate::frame_log) payload: P,
}

/// Which way a frame travels.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::frame_log) enum Dir {
    Down,
    Up,
}

impl From<Direction> for Dir {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Downstream => Self::Down,
            Direction::Upstream => Self::Up,
        }
    }
}

impl From<Dir> for Direction {
    fn from(dir: Dir) -> Self {
        match dir {
            Dir::Down => Self::Downstream,
            Dir::Up => Self::Upstream,
        }
    }
}

/// The last line; missing if the process died.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::frame_log) struct FooterLine {
    end: bool,
    pub(in crate::frame_log) events: u64,
    #[serde(default)]
    pub(in crate::frame_log) dropped: u64,
    /// The log goes on in another file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::frame_log) continues: bool,
}

impl FooterLine {
    /// The end of a log that holds `events` and lacks `dropped`.
    pub(in crate::frame_log) const fn new(events: u64, dropped: u64) -> Self {
        Self { end: true, events, dropped, continues: false }
    }

    /// The end of a part that holds `events`, and that another one follows.
    pub(in crate::frame_log) const fn continues(events: u64) -> Self {
        Self { end: true, events, dropped: 0, continues: true }
    }
}
