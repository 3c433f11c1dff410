//! Recognizes the later hops of a frame without a lock.
//!
//! Most frames count on their first hop only, and make six or seven more. The engine would need the lock to recognize
//! these. So this set also keeps the ids of recent frames, each in one slot:
//!
//! ```text
//!   id ──hash──▶ slot: [ ... | newest id that maps here | ... ]
//! ```
//!
//! An id in the set has certainly made its first hop. For any other id, the engine decides. So the number of slots and
//! the order of ids do not affect any result.

use std::array;

use crate::engine::frame::FrameId;
use crate::sync::atomic::{AtomicU64, Ordering};

/// A power of two. Rarely are more frames in a pipeline at the same time.
const SLOTS: usize = 32;

/// The ids of recent frames that have made their first hop.
#[derive(Debug)]
pub(super) struct RecentIds {
    /// An id plus one; zero for none.
    slots: [AtomicU64; SLOTS],
}

impl RecentIds {
    /// Creates an empty set.
    pub(super) fn new() -> Self {
        Self { slots: array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Returns whether the frame has certainly made its first hop.
    #[inline]
    pub(super) fn contains(&self, id: FrameId) -> bool {
        // The pipeline orders the hops of a frame, and thereby this load after the store. Otherwise, the engine would
        // still recognize the frame.
        entry(id).is_some_and(|entry| self.slot(id).load(Ordering::Relaxed) == entry)
    }

    /// Adds a frame.
    #[inline]
    pub(super) fn insert(&self, id: FrameId) {
        if let Some(entry) = entry(id) {
            self.slot(id).store(entry, Ordering::Relaxed);
        }
    }

    #[inline]
    fn slot(&self, FrameId(id): FrameId) -> &AtomicU64 {
        // Ids of text and of audio often alternate: a multiplication spreads them over all slots.
        let hash = id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SLOTS.trailing_zeros());
        &self.slots[usize::try_from(hash).unwrap_or(0) % SLOTS]
    }
}

const fn entry(FrameId(id): FrameId) -> Option<u64> {
    id.checked_add(1)
}

#[cfg(test)]
mod tests {
    use super::{RecentIds, SLOTS};
    use crate::engine::frame::FrameId;

    #[test]
    fn inserted_ids_are_contained() {
        let seen = RecentIds::new();
        let ids = [0, 1, 31, 32, u64::MAX - 1, u64::MAX].map(FrameId);
        assert!(ids.iter().all(|&id| !seen.contains(id)));
        for id in ids {
            seen.insert(id);
            assert!(seen.contains(id) || id.0 == u64::MAX, "{id:?}");
        }
    }

    #[test]
    fn evicted_id_is_not_mistaken_for_another() {
        let seen = RecentIds::new();
        (0..1_000).map(FrameId).for_each(|id| seen.insert(id));
        assert!((1_000..3_000).map(FrameId).all(|id| !seen.contains(id)));
        assert!((0..1_000).filter(|&id| seen.contains(FrameId(id))).count() <= SLOTS);
    }

    #[test]
    fn eight_consecutive_ids_do_not_evict_each_other() {
        for stride in [1, 2, 3, 4] {
            let seen = RecentIds::new();
            let newest: Vec<_> = (0..8).map(|frame| FrameId(5_000 + frame * stride)).collect();
            for &id in &newest {
                seen.insert(id);
            }
            assert!(newest.iter().all(|&id| seen.contains(id)), "a stride of {stride}");
        }
    }
}
