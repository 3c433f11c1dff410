//! The lines of a frame log, version 1, as serde reads and writes them.
//!
//! [`docs/frame-log.md`](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/frame-log.md)
//! describes the format. This writer adds fields that other readers skip: `signals` and `part` in the header,
//! `continues` and `wall` in the footer, `instruction_placement` and the roles `sink` and `unknown` of processors, and in
//! payloads `chunking`, the `context_id` of TTS boundaries and the `transcript` of a VAD stop. With them, the log of a
//! framework that announces less than Pipecat replays like the live conversation.

mod processor;

pub(super) use processor::{ProcessorEnvelope, ProcessorLine};

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::{Direction, FrameId};
use crate::engine::time::Time;

/// The version of the format that is written, and read.
pub(super) const VERSION: u64 = 1;

/// Appends `value` as one line. A value that is not valid JSON (a map whose keys are not text) is left out; no line has
/// one.
pub(super) fn append_line(lines: &mut Vec<u8>, value: &impl Serialize) {
    let before = lines.len();
    if serde_json::to_writer(&mut *lines, value).is_err() {
        lines.truncate(before);
        return;
    }
    lines.push(b'\n');
}

/// Appends the line of an event up to its payload, which is its last field.
pub(super) fn append_line_before_payload(lines: &mut Vec<u8>, event: &EventLine<'_, ()>) {
    append_line(lines, event);
    lines.truncate(lines.len().saturating_sub(b"null".len() + END_AFTER_PAYLOAD.len()));
}

/// The end of the line of an event, after its payload.
pub(super) const END_AFTER_PAYLOAD: &[u8] = b"}\n";

/// Returns `value` as one line.
pub(super) fn to_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = Vec::new();
    append_line(&mut line, value);
    line
}

/// A parsed line.
pub(super) enum Line<'a> {
    Header(HeaderLine<'a>),
    Processor(ProcessorLine),
    Event(EventLine<'a, &'a RawValue>),
    Footer(FooterLine),
    /// An object of a kind that this version does not know.
    Unknown,
}

impl<'a> Line<'a> {
    /// Parses one line. Nearly all lines are events, so an event is tried first.
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, serde_json::Error> {
        let line = line.trim_ascii_end();
        let event_error = match serde_json::from_slice(line) {
            Ok(event) => return Ok(Self::Event(event)),
            Err(error) => error,
        };
        let keys: DistinctiveKeys = serde_json::from_slice(line)?;
        if keys.frame_log.is_some() {
            serde_json::from_slice(line).map(Self::Header)
        } else if keys.end.is_some() {
            serde_json::from_slice(line).map(Self::Footer)
        } else if keys.n.is_some() || keys.frame.is_some() {
            Err(event_error)
        } else if keys.processor.is_some() {
            serde_json::from_slice(line).map(|ProcessorEnvelope { processor }| Self::Processor(processor))
        } else {
            Ok(Self::Unknown)
        }
    }
}

/// The keys that distinguish the kinds of line.
#[derive(Deserialize)]
struct DistinctiveKeys {
    frame_log: Option<IgnoredAny>,
    processor: Option<IgnoredAny>,
    n: Option<IgnoredAny>,
    frame: Option<IgnoredAny>,
    end: Option<IgnoredAny>,
}

/// The first line of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HeaderLine<'a> {
    pub(super) frame_log: u64,
    #[serde(borrow)]
    pub(super) writer: Cow<'a, str>,
    pub(super) wall: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conversation_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) turn_end_timeout_ms: Option<u64>,
    /// The frames that the framework sends. Pipecat sends all of them, and its logs lack this.
    #[serde(rename = "signals", default, with = "FrameSupportFields", skip_serializing_if = "is_native")]
    pub(super) frame_support: FrameSupport,
    /// The number of this part of the log, from 1; `None` where the log is not split into parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<u32>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_native(support: &FrameSupport) -> bool {
    *support == FrameSupport::default()
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FrameSupport")]
struct FrameSupportFields {
    #[serde(default, with = "SupportName")]
    user_speech: Support,
    #[serde(default, with = "SupportName")]
    bot_speech: Support,
    #[serde(default, with = "SupportName")]
    spoken_text: Support,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Support")]
enum SupportName {
    #[serde(rename = "maybe")]
    Inferred,
    #[serde(rename = "unreliable")]
    Unreliable,
    #[serde(rename = "yes", other)]
    Native,
}

/// One hop of one frame, with a payload of type `P`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EventLine<'a, P> {
    pub(super) n: u64,
    pub(super) wall: u64,
    #[serde(with = "DirectionName")]
    pub(super) dir: Direction,
    #[serde(borrow)]
    pub(super) src: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) dst: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) frame: Cow<'a, str>,
    /// Pipecat's own class, if `frame` is a class of the user that derives from it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<Cow<'a, str>>,
    pub(super) id: LoggedFrameId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sibling: Option<LoggedFrameId>,
    pub(super) payload: P,
}

impl<'a> EventLine<'a, ()> {
    /// Returns the event with its payload.
    pub(super) fn with_payload<P>(self, payload: P) -> EventLine<'a, P> {
        let Self { n, wall, dir, src, dst, frame, base, id, sibling, payload: () } = self;
        EventLine { n, wall, dir, src, dst, frame, base, id, sibling, payload }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Direction")]
enum DirectionName {
    #[serde(rename = "down")]
    Downstream,
    #[serde(rename = "up")]
    Upstream,
}

/// The id of a frame. Known writers write a number; any other number and any string is hashed into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoggedFrameId(pub(super) FrameId);

impl Serialize for LoggedFrameId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.0)
    }
}

impl<'de> Deserialize<'de> for LoggedFrameId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FrameIdVisitor).map(|id| Self(FrameId(id)))
    }
}

struct FrameIdVisitor;

impl Visitor<'_> for FrameIdVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a frame id")
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<u64, E> {
        Ok(id)
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<u64, E> {
        Ok(id.cast_unsigned())
    }

    fn visit_f64<E: Error>(self, id: f64) -> Result<u64, E> {
        Ok(id.to_bits())
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<u64, E> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Ok(hasher.finish())
    }
}

/// The last line of a file; missing if the process died.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct FooterLine {
    end: bool,
    pub(super) events: u64,
    #[serde(default)]
    pub(super) dropped: u64,
    /// The log continues in the next part.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) continues: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<Closed>,
    /// The time of the shutdown in Unix nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wall: Option<u64>,
}

/// An end of the conversation without a frame.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Closed {
    Shutdown,
    #[serde(other)]
    Unknown,
}

impl FooterLine {
    /// Ends a file that holds `events` and lacks `dropped`. The process shut down at `shutdown_at`, if that ended the
    /// conversation.
    pub(super) fn new(events: u64, dropped: u64, shutdown_at: Option<Time>) -> Self {
        Self {
            end: true,
            events,
            dropped,
            continues: false,
            closed: shutdown_at.map(|_| Closed::Shutdown),
            wall: shutdown_at.map(Time::as_unix_nanos),
        }
    }

    /// Ends a part that holds `events` and is followed by another part.
    pub(super) const fn continues(events: u64) -> Self {
        Self { end: true, events, dropped: 0, continues: true, closed: None, wall: None }
    }

    /// Returns when the process shut down, if that ended the conversation. Writers that do not know the time omit it: then
    /// it is the start of Unix time.
    pub(super) fn shutdown_at(&self) -> Option<Time> {
        matches!(self.closed, Some(Closed::Shutdown))
            .then(|| Time::from_unix_nanos(self.wall.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::LoggedFrameId;

    fn id(json: &str) -> Option<u64> {
        serde_json::from_str::<LoggedFrameId>(json).ok().map(|id| id.0.0)
    }

    #[test]
    fn a_frame_id_is_a_number_or_a_string() {
        assert_eq!(id("39"), Some(39));
        assert_eq!(id("-1"), Some(u64::MAX));
        assert!(id("1e300").is_some());
        assert_eq!(id(r#""a7f0""#), id(r#""a7f0""#));
        assert_ne!(id(r#""a7f0""#), id(r#""a7f1""#));
        assert_eq!(id("null"), None);
        assert_eq!(id("[39]"), None);
    }
}
