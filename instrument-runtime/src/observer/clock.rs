//! One clock per conversation.

#![allow(clippy::disallowed_methods, reason = "this is where a clock is asked")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::engine::time::Time;

/// Unix time at the conversation's start plus a monotonic offset, so that a step of the system's clock neither
/// stretches a span nor turns it around. (On Linux, time for which the machine sleeps is in no span, either.)
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    unix_start: Time,
    started: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(super) fn start() -> Self {
        let since_epoch = wall().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
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

/// The system's clock, which may be stepped at any moment.
fn wall() -> SystemTime {
    #[cfg(test)]
    return stepped::wall();
    #[cfg(not(test))]
    SystemTime::now()
}

/// The system's clock, as somebody sets it right or wrong.
#[cfg(test)]
pub(super) mod stepped {
    use std::cell::Cell;
    use std::time::{Duration, SystemTime};

    thread_local! {
        static STEP: Cell<i64> = const { Cell::new(0) };
    }

    /// On this thread, it now is so many seconds later than it is.
    pub(in crate::observer) fn step_to(seconds: i64) {
        STEP.set(seconds);
    }

    pub(super) fn wall() -> SystemTime {
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
    fn a_time_leads_back_to_its_instant() {
        let clock = Clock::start();
        let later = clock.now() + Duration::from_secs(5);
        let due = clock.instant(later);
        let left = due.duration_since(std::time::Instant::now());
        assert!(left > Duration::from_secs(4) && left <= Duration::from_secs(5), "{left:?}");
    }
}
