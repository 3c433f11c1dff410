//! How much may wait for the writer thread.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::engine::frame::FrameKind;

/// What the logs of a process may take up, all together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of lines that wait to be written: an event is let in while there are fewer.
    pub(super) bytes: usize,
    /// Files that are open.
    pub(super) files: usize,
    /// Those among them that are compressed.
    pub(super) compressors: usize,
}

impl Default for Bounds {
    /// A quarter of the 1,024 files that a process commonly may have open; its sockets need the rest. The bytes are what
    /// 10,000 calls record in half a second. A compressor holds 340 KiB, and all that it gains by going on where it was is
    /// a twelfth of the file, as it is asked for its output once a second anyway.
    fn default() -> Self {
        Self { bytes: 64 << 20, files: 256, compressors: 32 }
    }
}

/// Counts what waits, so that it stays within its bound, and what was lost.
#[derive(Debug)]
pub(super) struct Room {
    bytes: usize,
    taken: AtomicUsize,
    lost: AtomicU64,
}

impl Room {
    pub(super) const fn new(bytes: usize) -> Self {
        Self { bytes, taken: AtomicUsize::new(0), lost: AtomicU64::new(0) }
    }

    /// Whether there is room for an event of this kind. The last quarter is kept for what a trace is made of: nearly all
    /// events are audio, and where some must be lost, a log without them still replays.
    pub(super) fn is_free_for(&self, kind: FrameKind) -> bool {
        let bound = if says_little(kind) { self.bytes - self.bytes / 4 } else { self.bytes };
        self.taken.load(Ordering::Relaxed) < bound
    }

    pub(super) fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether more than half of it is taken: time to write, due or not.
    pub(super) fn is_short(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > self.bytes / 2
    }

    /// One more event is lost. Says how many are now, when it is time to say so: at the first, and then each time that
    /// they have become ten times as many, for thousands of calls lose theirs together.
    pub(super) fn lose(&self) -> Option<u64> {
        let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
        (10_u64.pow(lost.ilog10()) == lost).then_some(lost)
    }
}

/// Whether a log hardly lacks anything without frames of this kind: audio, and what nobody knows.
pub(super) const fn says_little(kind: FrameKind) -> bool {
    !kind.is_traced() || kind.is_outgoing_audio()
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::engine::frame::FrameKind;

    #[test]
    fn there_is_room_for_so_many_bytes_and_for_audio_a_quarter_less() {
        let room = Room::new(100);
        for (taken, for_audio, for_text) in
            [(74, true, true), (75, false, true), (99, false, true), (100, false, false)]
        {
            room.take(taken);
            for audio in
                [FrameKind::InputAudio, FrameKind::TtsAudio, FrameKind::OutputAudio, FrameKind::Other]
            {
                assert_eq!(room.is_free_for(audio), for_audio, "{audio:?} beside {taken}");
            }
            for text in [FrameKind::LlmText, FrameKind::UserStartedSpeaking, FrameKind::Start] {
                assert_eq!(room.is_free_for(text), for_text, "{text:?} beside {taken}");
            }
            room.give_back(taken);
        }
    }

    #[test]
    fn what_is_lost_is_said_ever_more_seldom() {
        let room = Room::new(0);
        let said: Vec<u64> = (0..2_000).filter_map(|_| room.lose()).collect();
        assert_eq!(said, [1, 10, 100, 1_000]);
    }
}
