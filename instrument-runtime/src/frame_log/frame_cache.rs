//! A map by frame id that holds the newest few: a frame's hops follow each other closely.

use std::collections::VecDeque;

use crate::engine::frame::FrameId;

/// How many frames are kept: contexts are the largest frames there are, and far fewer are under way at once.
const KEPT: usize = 64;

/// What is known of the newest frames.
pub(super) struct Recent<T> {
    newest_last: VecDeque<(FrameId, T)>,
}

impl<T> Recent<T> {
    pub(super) fn new() -> Self {
        Self { newest_last: VecDeque::new() }
    }

    pub(super) fn get(&self, id: FrameId) -> Option<&T> {
        self.newest_last.iter().rev().find(|(known, _)| *known == id).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, id: FrameId, value: T) {
        self.newest_last.retain(|(known, _)| *known != id);
        if self.newest_last.len() == KEPT {
            self.newest_last.pop_front();
        }
        self.newest_last.push_back((id, value));
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Recent};
    use crate::engine::frame::FrameId;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut recent = Recent::new();
        for id in 0..=KEPT as u64 {
            recent.insert(FrameId(id), id);
            recent.insert(FrameId(id), id * 10);
        }
        assert_eq!(recent.get(FrameId(0)), None);
        assert_eq!(recent.get(FrameId(1)), Some(&10));
        assert_eq!(recent.newest_last.len(), KEPT);
    }
}
