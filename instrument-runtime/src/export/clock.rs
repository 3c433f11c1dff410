//! The clock of the export layer.
#![allow(clippy::disallowed_methods, reason = "this module is the one that asks the clock")]

use std::time::{Duration, Instant, SystemTime};

/// The end of a time limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// Creates a deadline that is `time` from now.
    pub(super) fn within(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Returns the time left, or `None` if the deadline has passed.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// The start of a measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns the time of day.
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}
