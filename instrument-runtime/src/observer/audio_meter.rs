//! Counts outgoing audio without a lock.
//!
//! A pipeline sends fifty to a hundred pieces of audio a second over every hop, and all that a trace wants of most of
//! them is when they came and how long they play. So they are added up here, and told to the core before the next
//! event that it does handle.
//!
//! ```text
//!   hop of outgoing audio
//!     ├─ from the output transport, or counted before ──▶ Seen      nothing more to do
//!     ├─ the core waits for audio, or another source  ──▶ Handle    through the lock
//!     └─ anything else                                ──▶ Count     a few atomics
//! ```

use std::time::Duration;

use crate::engine::conversation::AudioInterest;
use crate::engine::frame::{FrameId, FrameKind, FramePushed, ProcessorRef, Role};
use crate::engine::time::Time;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is to be done with a hop of outgoing audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hop {
    /// Nothing: it was seen on an earlier hop.
    Seen,
    /// It goes to the core, through the lock.
    Handle,
    /// It is counted, and told later.
    Count,
}

/// Audio that was counted since the last drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) first: Time,
    pub(super) last: Time,
    pub(super) duration: Duration,
}

/// The audio of one conversation, as far as the core has not been told.
#[derive(Debug)]
pub(super) struct AudioMeter {
    core_waits: AtomicBool,
    /// Which source is counted here, see [`fingerprint`]; zero for none yet.
    source: AtomicU64,
    /// One more than the newest id seen: ids only rise, so a lower one is a later hop of an earlier frame.
    seen_below: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
    nanos: AtomicU64,
}

impl AudioMeter {
    /// A meter for a conversation in which nothing has happened yet.
    pub(super) fn new() -> Self {
        Self {
            core_waits: AtomicBool::new(true),
            source: AtomicU64::new(0),
            seen_below: AtomicU64::new(0),
            first: AtomicU64::new(0),
            last: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
        }
    }

    /// What is to be done with this hop of outgoing audio.
    pub(super) fn sort<F: ?Sized>(&self, kind: FrameKind, hop: &FramePushed<'_, F>) -> Hop {
        if hop.source.role() == Role::OutputTransport || hop.id.is_some_and(|id| self.saw(id)) {
            return Hop::Seen;
        }
        let counted_here = fingerprint(kind, hop.source) == self.source.load(Ordering::Relaxed);
        if counted_here && !self.core_waits.load(Ordering::Acquire) { Hop::Count } else { Hop::Handle }
    }

    /// Marks `id` as seen, and tells whether it was.
    fn saw(&self, FrameId(id): FrameId) -> bool {
        // The load spares the later hops of a frame the write, and with it the fight for the cache line.
        self.seen_below.load(Ordering::Relaxed) > id
            || self.seen_below.fetch_max(id.saturating_add(1), Ordering::Relaxed) > id
    }

    /// Counts one piece.
    pub(super) fn count(&self, now: Time, duration: Duration) {
        let now = now.as_unix_nanos();
        if self.first.load(Ordering::Relaxed) == 0 {
            self.first.store(now, Ordering::Relaxed);
        }
        // Of two pieces at the very same moment, either may be the last.
        self.last.store(now, Ordering::Relaxed);
        // A piece of unknown length is still a piece.
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.nanos.fetch_add(nanos, Ordering::Release);
    }

    /// Takes what was counted. A piece that is being counted at this very moment comes with this drain or the next;
    /// none is counted twice.
    pub(super) fn drain(&self) -> Option<Counted> {
        // Nearly always there is nothing to take, and then a load will do.
        if self.nanos.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let nanos = self.nanos.swap(0, Ordering::Acquire);
        if nanos == 0 {
            return None;
        }
        let last = self.last.load(Ordering::Relaxed);
        let first = match self.first.swap(0, Ordering::Relaxed) {
            0 => last,
            first => first.min(last),
        };
        let time = Time::from_unix_nanos;
        Some(Counted { first: time(first), last: time(last), duration: Duration::from_nanos(nanos) })
    }

    /// Takes up what the core says it waits for. Called with the conversation locked.
    pub(super) fn set_interest(&self, interest: AudioInterest) {
        self.core_waits.store(interest == AudioInterest::Every, Ordering::Release);
    }

    /// From now on counts the audio of `source`. Called with the conversation locked, once.
    pub(super) fn follow(&self, kind: FrameKind, source: ProcessorRef<'_>) {
        self.source.store(fingerprint(kind, source), Ordering::Relaxed);
    }
}

/// A number for a source and what it sends, never zero. Eight bytes of the id at a time, as this is on the way of each
/// piece; the length goes in, too, for the last of them are filled up with zeros.
fn fingerprint(kind: FrameKind, source: ProcessorRef<'_>) -> u64 {
    let id = source.id().as_bytes();
    let mut hash = id.len() as u64 ^ (u64::from(kind as u8) << 32);
    for eight in id.chunks(8) {
        let mut word = [0; 8];
        word[..eight.len()].copy_from_slice(eight);
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    hash | 1
}

#[cfg(test)]
mod tests;
