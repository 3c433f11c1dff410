//! One clock per conversation.

#![allow(clippy::disallowed_methods, reason = "this is where a clock is asked")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::core::time::Time;

/// Unix time at the conversation's start plus a monotonic offset, so that a step of the system's clock neither
/// stretches a span nor turns it around.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    unix_start: Time,
    started: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(super) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { unix_start: Time::default() + since_epoch, started: Instant::now() }
    }

    /// Now.
    pub(super) fn now(&self) -> Time {
        self.unix_start + self.started.elapsed()
    }

    /// The moment at which this clock shows `time`.
    pub(super) fn instant(&self, time: Time) -> Instant {
        let offset = time.since(self.unix_start);
        self.started.checked_add(offset).unwrap_or(self.started)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Clock;

    #[test]
    fn a_time_leads_back_to_its_instant() {
        let clock = Clock::start();
        let later = clock.now() + Duration::from_secs(5);
        let due = clock.instant(later);
        let left = due.duration_since(std::time::Instant::now());
        assert!(left > Duration::from_secs(4) && left <= Duration::from_secs(5), "{left:?}");
    }
}
