//! Instants as values: the engine never reads a clock.

use std::time::Duration;

/// An instant of a conversation: Unix time in nanoseconds, from a clock that never goes backwards.
///
/// See [Clock](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#clock).
///
/// ```
/// use pipecat_instrument_runtime::engine::time::Time;
/// use std::time::Duration;
///
/// let start = Time::from_unix_nanos(1_000);
/// let later = start + Duration::from_nanos(500);
/// assert_eq!(later.since(start), Duration::from_nanos(500));
/// assert_eq!(start.since(later), Duration::ZERO);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// Creates the instant `nanos` nanoseconds after the Unix epoch.
    pub const fn from_unix_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the Unix epoch.
    pub const fn as_unix_nanos(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to this instant; zero if this is the earlier one.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Returns this instant moved by `nanos` nanoseconds, which may be negative.
    pub(crate) const fn shifted_by(self, nanos: i64) -> Self {
        Self(self.0.saturating_add_signed(nanos))
    }

    /// Returns the seconds from `earlier` to this instant; negative if this is the earlier one.
    #[allow(clippy::cast_precision_loss, reason = "a conversation is far shorter than 2^52 ns")]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        if self.0 >= earlier.0 {
            (self.0 - earlier.0) as f64 / 1e9
        } else {
            -((earlier.0 - self.0) as f64 / 1e9)
        }
    }
}

impl std::ops::Add<Duration> for Time {
    type Output = Self;

    fn add(self, after: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, before: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(before.as_nanos()).unwrap_or(u64::MAX)))
    }
}
