//! The clock of the export layer.
#![allow(clippy::disallowed_methods, reason = "this module is the one that asks the clock")]

use std::time::{Duration, Instant, SystemTime};

/// The end of a time limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    /// `None` if it is too far in the future for the clock, as with [`Duration::MAX`].
    instant: Option<Instant>,
}

impl Deadline {
    /// Creates a deadline that is `time` from now.
    pub(super) fn within(time: Duration) -> Self {
        Self { instant: Instant::now().checked_add(time) }
    }

    /// Returns the time left, or `None` if the deadline has passed.
    pub(super) fn left(self) -> Option<Duration> {
        match self.instant {
            Some(instant) => instant.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()),
            None => Some(Duration::MAX),
        }
    }

    /// Returns the deadline that is earlier by `time`, or by half of the time left if that is less.
    pub(super) fn earlier_by(self, time: Duration) -> Self {
        let time = self.left().map_or(Duration::ZERO, |left| time.min(left / 2));
        Self { instant: self.instant.map(|instant| instant.checked_sub(time).unwrap_or(instant)) }
    }

    /// Returns whether the deadline passes before `instant`.
    pub(super) fn is_before(self, instant: Instant) -> bool {
        self.instant.is_some_and(|deadline| deadline < instant)
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

/// Returns the time of the monotonic clock.
pub(super) fn monotonic_now() -> Instant {
    Instant::now()
}
