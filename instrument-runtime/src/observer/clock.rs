//! One clock per conversation.

#![allow(clippy::disallowed_methods, reason = "the clock is read here")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::engine::time::Time;

/// Unix time at the conversation's start plus a monotonic offset. A step of the system clock therefore neither
/// stretches a span nor moves its end before its start. On Linux, time during which the machine sleeps does not count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    unix_start: Time,
    started: Instant,
}

impl Clock {
    /// Starts a clock.
    pub(super) fn start() -> Self {
        let since_epoch = system_time().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { unix_start: Time::default() + since_epoch, started: Instant::now() }
    }

    /// Returns the current time.
    pub(super) fn now(&self) -> Time {
        self.unix_start + self.started.elapsed()
    }

    /// Returns the moment at which this clock shows `time`.
    pub(super) fn instant(&self, time: Time) -> Instant {
        let offset = time.since(self.unix_start);
        self.started.checked_add(offset).unwrap_or(self.started)
    }
}

/// Reads the system clock, which may step at any time.
fn system_time() -> SystemTime {
    #[cfg(test)]
    return stepped::system_time();
    #[cfg(not(test))]
    SystemTime::now()
}

/// A system clock that a test can step.
#[cfg(test)]
pub(super) mod stepped {
    use std::cell::Cell;
    use std::time::{Duration, SystemTime};

    thread_local! {
        static STEP: Cell<i64> = const { Cell::new(0) };
    }

    /// Sets the clock of this thread `seconds` ahead of the true time.
    pub(in crate::observer) fn set_step(seconds: i64) {
        STEP.set(seconds);
    }

    pub(super) fn system_time() -> SystemTime {
        let seconds = STEP.get();
        let step = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { SystemTime::now() - step } else { SystemTime::now() + step }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Clock;

    #[test]
    fn time_converts_back_to_its_instant() {
        let clock = Clock::start();
        let later = clock.now() + Duration::from_secs(5);
        let due = clock.instant(later);
        let left = due.duration_since(std::time::Instant::now());
        assert!(left > Duration::from_secs(4) && left <= Duration::from_secs(5), "{left:?}");
    }
}
