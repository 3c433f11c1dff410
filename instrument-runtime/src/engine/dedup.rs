//! Counts each frame once, although it makes several hops and may be one of a broadcast pair.
//!
//! A frame is reported once per hop, with the same id. A broadcast is two frames with each other's id as `sibling`.
//! Some frameworks omit the sibling: such a broadcast is two frames of one kind from one processor, in opposite
//! directions, within a millisecond. See
//! [Frames](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#frames).

use std::time::Duration;

use super::frame::{Direction, FrameId, FrameKind, FramePushed};
use super::time::Time;

/// Number of remembered ids at which the older half is dropped. A frame crosses its pipeline long before so many others
/// are pushed.
const MAX_REMEMBERED_IDS: usize = 2_048;

/// Maximum time between the two frames of a broadcast, which are pushed one right after the other.
const MAX_TWIN_GAP: Duration = Duration::from_millis(1);

/// The part of a frame that counts once. Most frames have one aspect. TTS text has a second one at the output
/// transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// The frame.
    Frame,
    /// The frame as pushed by the output transport.
    Spoken,
    /// New content of a frame that is sent again with the same id.
    Resent,
}

/// The remembered frames, limited in number.
#[derive(Debug, Default)]
pub(crate) struct SeenFrames {
    newer: Keys,
    older: Keys,
    /// The newest frame without a sibling, one per kind.
    twins: Vec<Twin>,
}

/// The newest frame of a kind among those without a sibling.
#[derive(Debug)]
struct Twin {
    kind: FrameKind,
    source: String,
    direction: Direction,
    at: Time,
    /// Whether it was the second frame of a broadcast. A third one then belongs to another broadcast.
    is_paired: bool,
}

impl SeenFrames {
    /// Records the frame of `hop`, and returns whether it is new: it had no earlier hop, no sibling and no twin.
    #[inline]
    pub(crate) fn insert(&mut self, now: Time, hop: &FramePushed<'_>) -> bool {
        let Some(id) = hop.id else { return true };
        if !self.insert_key(id, Aspect::Frame) {
            return false;
        }
        match hop.sibling {
            Some(sibling) => !self.contains(sibling, Aspect::Frame),
            None => !self.pair_with_twin(now, hop),
        }
    }

    /// Records `aspect` of a frame, and returns whether it is new.
    pub(crate) fn insert_aspect(&mut self, id: Option<FrameId>, aspect: Aspect) -> bool {
        id.is_none_or(|id| self.insert_key(id, aspect))
    }

    #[inline]
    fn insert_key(&mut self, id: FrameId, aspect: Aspect) -> bool {
        let key = key_of(id, aspect);
        if self.older.contains(key) || !self.newer.insert(key) {
            return false;
        }
        if self.newer.0.len() >= MAX_REMEMBERED_IDS / 2 {
            std::mem::swap(&mut self.newer, &mut self.older);
            self.newer.0.clear();
        }
        true
    }

    fn contains(&self, id: FrameId, aspect: Aspect) -> bool {
        let key = key_of(id, aspect);
        self.newer.contains(key) || self.older.contains(key)
    }

    /// Records the frame as the newest of its kind, and returns whether it is the second one of a broadcast.
    fn pair_with_twin(&mut self, now: Time, hop: &FramePushed<'_>) -> bool {
        let kind = hop.frame.kind();
        if !can_be_broadcast(kind) {
            return false;
        }
        let Some(last) = self.twins.iter_mut().find(|last| last.kind == kind) else {
            let (source, direction) = (hop.source.id().to_owned(), hop.direction);
            self.twins.push(Twin { kind, source, direction, at: now, is_paired: false });
            return false;
        };
        let has_same_source = last.source == hop.source.id();
        let is_twin = !last.is_paired
            && last.direction != hop.direction
            && now.since(last.at) <= MAX_TWIN_GAP
            && has_same_source;
        (last.direction, last.at, last.is_paired) = (hop.direction, now, is_twin);
        if !has_same_source {
            hop.source.id().clone_into(&mut last.source);
        }
        is_twin
    }
}

/// Whether frames of this kind can be broadcast. Streams of text and audio go one way, and are too frequent to compare.
const fn can_be_broadcast(kind: FrameKind) -> bool {
    !matches!(
        kind,
        FrameKind::LlmText
            | FrameKind::AggregatedText
            | FrameKind::TtsText
            | FrameKind::TtsAudio
            | FrameKind::OutputAudio
            | FrameKind::Metrics
            | FrameKind::LlmContext
    )
}

/// Frameworks count ids up from small numbers, so the top bits are free for the aspect.
const fn key_of(id: FrameId, aspect: Aspect) -> u64 {
    id.0.wrapping_mul(4).wrapping_add(aspect as u64)
}

/// A sorted set of keys. Most frameworks count ids up, so a new key is appended without a search, and a key takes no
/// more than its eight bytes.
#[derive(Debug, Default)]
struct Keys(Vec<u64>);

impl Keys {
    /// Adds `key`, and returns whether it is new.
    #[inline]
    fn insert(&mut self, key: u64) -> bool {
        if self.0.last().is_none_or(|&greatest| greatest < key) {
            self.0.push(key);
            return true;
        }
        self.insert_sorted(key)
    }

    /// Not inlined, as it is rare.
    #[inline(never)]
    fn insert_sorted(&mut self, key: u64) -> bool {
        let position = self.0.binary_search(&key);
        if let Err(position) = position {
            self.0.insert(position, key);
        }
        position.is_err()
    }

    fn contains(&self, key: u64) -> bool {
        self.0.last().is_some_and(|&greatest| key <= greatest) && self.0.binary_search(&key).is_ok()
    }
}

#[cfg(test)]
#[path = "dedup_tests.rs"]
mod tests;
