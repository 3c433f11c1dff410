//! Tells the later hops of a frame without a lock.
//!
//! Most frames say all that they have to say on their first hop, and then make six or seven more, past which the core
//! would find out, under the lock, that it knows them. So the ids of late are kept here as well, each in the one place
//! that it can be in:
//!
//! ```text
//!   id ──spread──▶ place: [ ... | id of the newest frame that belongs here | ... ]
//! ```
//!
//! A frame that is found here has been seen, for certain; one that is not goes to the core, which decides. So nothing
//! depends on how many places there are, nor on the order of the ids.

use std::array;

use crate::engine::frame::FrameId;
use crate::sync::atomic::{AtomicU64, Ordering};

/// More frames than this are seldom on their way through a pipeline at once. A power of two.
const PLACES: usize = 32;

/// The frames of late that have made their first hop.
#[derive(Debug)]
pub(super) struct RecentFrames {
    /// One more than an id; zero for none.
    places: [AtomicU64; PLACES],
}

impl RecentFrames {
    /// Nothing has been seen.
    pub(super) fn new() -> Self {
        Self { places: array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Whether it is certain that the frame has been seen.
    #[inline]
    pub(super) fn has(&self, id: FrameId) -> bool {
        // A hop comes after the one before it, however its pipeline sees to that, and so does what is loaded here. And
        // if it did not: the core would tell.
        mark(id).is_some_and(|mark| self.place(id).load(Ordering::Relaxed) == mark)
    }

    /// The frame has been seen.
    #[inline]
    pub(super) fn add(&self, id: FrameId) {
        if let Some(mark) = mark(id) {
            self.place(id).store(mark, Ordering::Relaxed);
        }
    }

    #[inline]
    fn place(&self, FrameId(id): FrameId) -> &AtomicU64 {
        // Ids of text and of audio often alternate: a multiplication spreads them over all places.
        let spread = id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - PLACES.trailing_zeros());
        &self.places[usize::try_from(spread).unwrap_or(0) % PLACES]
    }
}

const fn mark(FrameId(id): FrameId) -> Option<u64> {
    id.checked_add(1)
}

#[cfg(test)]
mod tests {
    use super::{PLACES, RecentFrames};
    use crate::engine::frame::FrameId;

    #[test]
    fn only_what_was_added_is_found() {
        let recent = RecentFrames::new();
        let ids = [0, 1, 31, 32, u64::MAX - 1, u64::MAX].map(FrameId);
        assert!(ids.iter().all(|&id| !recent.has(id)));
        for id in ids {
            recent.add(id);
            assert!(recent.has(id) || id.0 == u64::MAX, "{id:?}");
        }
    }

    #[test]
    fn what_is_forgotten_is_not_taken_for_another() {
        let recent = RecentFrames::new();
        (0..1_000).map(FrameId).for_each(|id| recent.add(id));
        assert!((1_000..3_000).map(FrameId).all(|id| !recent.has(id)));
        assert!((0..1_000).filter(|&id| recent.has(FrameId(id))).count() <= PLACES);
    }

    #[test]
    fn frames_made_one_after_another_are_all_remembered() {
        for stride in [1, 2, 3, 4] {
            let recent = RecentFrames::new();
            let newest: Vec<_> = (0..8).map(|frame| FrameId(5_000 + frame * stride)).collect();
            for &id in &newest {
                recent.add(id);
            }
            assert!(newest.iter().all(|&id| recent.has(id)), "a stride of {stride}");
        }
    }
}
