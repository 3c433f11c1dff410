//! The latest final transcripts, which distinguish spoken messages from typed ones.

use std::collections::VecDeque;

use crate::engine::truncate::to_bounded;

/// Upper bound on remembered final transcripts.
const MAX_REMEMBERED_TRANSCRIPTS: usize = 32;

/// The latest final transcripts, and the number of all.
#[derive(Debug, Default)]
pub(super) struct TranscriptHistory {
    count: u64,
    latest: VecDeque<String>,
}

impl TranscriptHistory {
    /// Returns the number of final transcripts so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether a transcript after the first `count` ones is part of `message`.
    pub(super) fn has_said(&self, message: &str, count: u64) -> bool {
        let new = usize::try_from(self.count - count).unwrap_or(usize::MAX);
        self.latest.iter().rev().take(new).any(|text| message.contains(text.as_str()))
    }

    /// Remembers a final transcript.
    pub(super) fn on_final(&mut self, text: &str) {
        self.count += 1;
        if self.latest.len() == MAX_REMEMBERED_TRANSCRIPTS {
            self.latest.pop_front();
        }
        self.latest.push_back(to_bounded(text.trim()));
    }
}
