//! Counts outgoing audio without a lock.
//!
//! A pipeline sends 50 to 100 pieces of audio per second over every hop. For most of them, a trace needs only time and
//! duration. The meter adds these up, and passes the sum to the engine before the next event that the engine handles.
//!
//! ```text
//!   hop of outgoing audio
//!     ├─ from the output transport, or an id seen before  ──▶ Ignore
//!     ├─ the engine waits for audio, or another source    ──▶ Handle    through the lock
//!     └─ any other                                        ──▶ Count     a few atomics
//! ```

use std::time::Duration;

use crate::engine::conversation::{AudioBatch, AudioInterest};
use crate::engine::frame::{FrameId, FrameKind, FramePushed, Processor, ProcessorRef, Role};
use crate::engine::time::Time;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The treatment of a hop of outgoing audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AudioAction {
    /// An earlier hop was counted or handled.
    Ignore,
    /// Pass the hop to the engine, through the lock.
    Handle,
    /// Count the hop.
    Count,
}

/// Audio counted since the last drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountedAudio {
    pub(super) first: Time,
    pub(super) last: Time,
    pub(super) duration: Duration,
}

/// The source whose audio a meter counts, kept under the conversation's lock.
pub(super) struct AudioSource {
    kind: FrameKind,
    processor: Processor,
}

/// Counts the audio of one conversation between drains.
#[derive(Debug)]
pub(super) struct AudioMeter {
    engine_waits: AtomicBool,
    /// The [`fingerprint`] of the source that is counted; zero for none yet.
    source: AtomicU64,
    /// The newest id so far, plus one. Ids only rise, so a lower id is a later hop of an earlier frame.
    seen_below: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
    nanos: AtomicU64,
}

impl AudioMeter {
    /// Creates a meter for a conversation before its first frame.
    pub(super) fn new() -> Self {
        Self {
            engine_waits: AtomicBool::new(true),
            source: AtomicU64::new(0),
            seen_below: AtomicU64::new(0),
            first: AtomicU64::new(0),
            last: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
        }
    }

    /// Classifies a hop of outgoing audio, and remembers its id.
    pub(super) fn classify<F: ?Sized>(&self, kind: FrameKind, hop: &FramePushed<'_, F>) -> AudioAction {
        if hop.source.role() == Role::OutputTransport || hop.id.is_some_and(|id| self.mark_seen(id)) {
            return AudioAction::Ignore;
        }
        let is_source = fingerprint(kind, hop.source) == self.source.load(Ordering::Relaxed);
        if is_source && !self.engine_waits.load(Ordering::Acquire) {
            AudioAction::Count
        } else {
            AudioAction::Handle
        }
    }

    /// Remembers `id`. Returns whether it was remembered already.
    fn mark_seen(&self, FrameId(id): FrameId) -> bool {
        // The load saves the later hops of a frame the write, and so the contention for the cache line.
        self.seen_below.load(Ordering::Relaxed) > id
            || self.seen_below.fetch_max(id.saturating_add(1), Ordering::Relaxed) > id
    }

    /// Counts one piece of audio.
    pub(super) fn count(&self, now: Time, duration: Duration) {
        let now = now.as_unix_nanos();
        if self.first.load(Ordering::Relaxed) == 0 {
            self.first.store(now, Ordering::Relaxed);
        }
        // If two pieces arrive at the same time, either may be the last.
        self.last.store(now, Ordering::Relaxed);
        // A piece of unknown length counts, too.
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.nanos.fetch_add(nanos, Ordering::Release);
    }

    /// Takes the audio counted since the last drain. A concurrently counted piece is in this drain or the next; none is
    /// counted twice.
    pub(super) fn drain(&self) -> Option<CountedAudio> {
        // Nearly always there is no audio to take, and then a load suffices.
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
        Some(CountedAudio { first: time(first), last: time(last), duration: Duration::from_nanos(nanos) })
    }

    /// Takes the counted audio as the batch that the engine handles.
    pub(super) fn drain_from<'a>(&self, source: &'a AudioSource) -> Option<AudioBatch<'a>> {
        let CountedAudio { first, last, duration } = self.drain()?;
        Some(AudioBatch { kind: source.kind, source: (&source.processor).into(), first, last, duration })
    }

    /// Counts audio only while the engine does not wait for every piece. Called under the conversation's lock.
    pub(super) fn set_interest(&self, interest: AudioInterest) {
        self.engine_waits.store(interest == AudioInterest::Every, Ordering::Release);
    }

    /// Counts the audio of this hop's source from now on, if the source is a TTS or a speech-to-speech LLM. Called
    /// under the conversation's lock, until there is a source.
    pub(super) fn choose_source(&self, hop: &FramePushed<'_>) -> Option<AudioSource> {
        let kind = hop.frame.kind();
        if !kind.is_outgoing_audio() || !matches!(hop.source.role(), Role::Tts | Role::Llm) {
            return None;
        }
        let processor = hop.source.view()?.to_processor();
        self.follow(kind, hop.source);
        Some(AudioSource { kind, processor })
    }

    pub(super) fn follow(&self, kind: FrameKind, source: ProcessorRef<'_>) {
        self.source.store(fingerprint(kind, source), Ordering::Relaxed);
    }
}

/// Hashes a source and the kind of frame it sends, never to zero. Takes eight bytes of the id at a time, as this runs for
/// each piece of audio; includes the length, because the last eight are padded with zeros.
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
