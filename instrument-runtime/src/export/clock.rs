//! What time it is, and how much of it is left.
#![allow(clippy::disallowed_methods, reason = "this is where a clock is asked")]

use std::time::{Duration, Instant, SystemTime};

/// A moment by which something is to be over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn within(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The time that is left, if any.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// When something began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time of day.
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}
