//! Decides when spans are spooled and when the spool is drained.

use std::time::{Duration, Instant};

use super::queue::QueueLimits;

/// Spans and bytes that a queue with a spool holds beyond its limits, while the worker writes to the spool or waits for
/// an answer.
const MARGIN_SPANS: usize = 4_096;
const MARGIN_BYTES: usize = 16 * 1024 * 1024;

/// The time from one search of the spool for requests of other processes to the next.
const SEARCH_INTERVAL: Duration = Duration::from_secs(60);

/// The time without an attempt to write after one that failed.
const WRITE_INTERVAL: Duration = Duration::from_secs(30);

/// The schedule of one destination's spool, which may contain requests of earlier processes at first.
///
/// ```text
///              nothing found
///  ┌───────┐ ───────────────▶ ┌─────────┐
///  │ drain │                  │ drained │
///  └───────┘ ◀─────────────── └─────────┘
///              spans spooled,
///              or a minute has passed
/// ```
#[derive(Debug, Default)]
pub(super) struct SpoolSchedule {
    /// The earliest time of the next write, after one that failed.
    write_at: Option<Instant>,
    /// When the spool is searched again. `None` while it may contain requests.
    search_at: Option<Instant>,
}

impl SpoolSchedule {
    /// Returns the limits of a queue in memory, which spools what exceeds `limits`.
    pub(super) fn queue_limits(limits: QueueLimits) -> QueueLimits {
        QueueLimits {
            spans: limits.spans.saturating_add(MARGIN_SPANS),
            bytes: limits.bytes.saturating_add(MARGIN_BYTES),
        }
    }

    /// Returns whether a write may be tried.
    pub(super) fn can_write(&self, now: Instant) -> bool {
        self.write_at.is_none_or(|at| at <= now)
    }

    /// Returns whether nothing was found, and nothing was spooled since.
    pub(super) fn is_drained(&self) -> bool {
        self.search_at.is_some()
    }

    /// Returns the time of the next search. `None` means now.
    pub(super) fn search_at(&self) -> Option<Instant> {
        self.search_at
    }

    pub(super) fn on_written(&mut self) {
        self.write_at = None;
        self.search_at = None;
    }

    pub(super) fn on_write_failed(&mut self, now: Instant) {
        self.write_at = now.checked_add(WRITE_INTERVAL);
    }

    pub(super) fn on_nothing_found(&mut self, now: Instant) {
        self.search_at = now.checked_add(SEARCH_INTERVAL);
    }
}
