//! Once per frame, over hops and broadcast pairs.
//!
//! A frame is seen once per hop with the same id. A broadcast is two frames that name each other as sibling; some
//! broadcasts name none, and are two frames of one kind from one processor, up and down, within a millisecond.

use std::time::Duration;

use super::frame::{Direction, FrameId, FrameKind, FramePushed};
use super::time::Time;

/// How many ids are remembered before the older half is forgotten. A frame crosses its pipeline in far less time
/// than it takes to push so many others.
const MAX_REMEMBERED_IDS: usize = 2_048;

/// Two frames of one broadcast are pushed one right after the other.
const MAX_TWIN_GAP: Duration = Duration::from_millis(1);

/// What of a frame counts once. Most frames count as a whole; some say one thing at one hop and another at the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// The frame itself.
    Frame,
    /// The frame as pushed by the output transport.
    Spoken,
    /// What a frame with an id already seen brings anew.
    Resent,
}

/// Which frames have been seen. Bounded.
#[derive(Debug, Default)]
pub(crate) struct SeenFrames {
    newer: Keys,
    older: Keys,
    /// One a kind.
    twins: Vec<Twin>,
}

/// The newest frame of a kind that names no sibling.
#[derive(Debug)]
struct Twin {
    kind: FrameKind,
    source: String,
    direction: Direction,
    at: Time,
    /// It was the second of a pair: a third frame is a broadcast of its own.
    is_paired: bool,
}

impl SeenFrames {
    /// Whether this hop is the first to show the frame.
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

    /// Whether this is the first time that `aspect` of the frame is seen.
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
        let is_from_there = last.source == hop.source.id();
        let is_twin = !last.is_paired
            && last.direction != hop.direction
            && now.since(last.at) <= MAX_TWIN_GAP
            && is_from_there;
        (last.direction, last.at, last.is_paired) = (hop.direction, now, is_twin);
        if !is_from_there {
            hop.source.id().clone_into(&mut last.source);
        }
        is_twin
    }
}

/// Streams of text and audio go one way, and come too often to be asked.
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

/// Frameworks count their ids up from small numbers; the top bits are free for the aspect.
const fn key_of(id: FrameId, aspect: Aspect) -> u64 {
    id.0.wrapping_mul(4).wrapping_add(aspect as u64)
}

/// A set of keys, in rising order: most frameworks count their ids up, so that a new one goes to the end without a search,
/// and a key takes the eight bytes that it has.
#[derive(Debug, Default)]
struct Keys(Vec<u64>);

impl Keys {
    /// Whether it is new.
    #[inline]
    fn insert(&mut self, key: u64) -> bool {
        if self.0.last().is_none_or(|&greatest| greatest < key) {
            self.0.push(key);
            return true;
        }
        self.insert_among(key)
    }

    /// Kept out of line: it is rare, and never far from the end, where ids rise.
    #[inline(never)]
    fn insert_among(&mut self, key: u64) -> bool {
        let place = self.0.binary_search(&key);
        if let Err(place) = place {
            self.0.insert(place, key);
        }
        place.is_err()
    }

    fn contains(&self, key: u64) -> bool {
        self.0.last().is_some_and(|&greatest| key <= greatest) && self.0.binary_search(&key).is_ok()
    }
}

#[cfg(test)]
#[path = "dedup_tests.rs"]
mod tests;
