//! One clock per conversation: the process's, or that of a host which gives the times of its frames.

#![allow(clippy::disallowed_methods, reason = "the clock is read here")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::engine::time::Time;
use crate::sync::atomic::{AtomicI64, Ordering};

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

/// The clock of a conversation. A host that gives times shifts it: it shows the host's time, and runs on from there,
/// for everything that happens between two such times.
#[derive(Debug)]
pub(super) struct ConversationClock {
    own: Clock,
    /// The host's time less that of `own`, in nanoseconds.
    shift: AtomicI64,
}

impl ConversationClock {
    pub(super) fn start() -> Self {
        Self { own: Clock::start(), shift: AtomicI64::new(0) }
    }

    pub(super) fn now(&self) -> Time {
        self.own.now().shifted_by(self.shift())
    }

    /// Sets the clock by the host's.
    pub(super) fn set(&self, time: Time) {
        let shift = i128::from(time.as_unix_nanos()) - i128::from(self.own.now().as_unix_nanos());
        let shift = i64::try_from(shift).unwrap_or(if shift < 0 { i64::MIN } else { i64::MAX });
        self.shift.store(shift, Ordering::Relaxed);
    }

    /// Returns the moment at which this clock shows `time`.
    pub(super) fn instant(&self, time: Time) -> Instant {
        self.shifted().instant(time)
    }

    /// Returns a clock that shows the same time, and is not shifted any more.
    pub(super) fn shifted(&self) -> Clock {
        Clock { unix_start: self.own.unix_start.shifted_by(self.shift()), ..self.own }
    }

    fn shift(&self) -> i64 {
        self.shift.load(Ordering::Relaxed)
    }
}

/// The source of a hop's time.
pub(super) trait TimeSource: Copy {
    /// Returns the time of the hop by the conversation's clock.
    fn time(self, clock: &ConversationClock) -> Time;
}

/// A hop that happens now. Its time is read only if it is needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now;

impl TimeSource for Now {
    #[inline]
    fn time(self, clock: &ConversationClock) -> Time {
        clock.now()
    }
}

/// A hop whose time the host gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct At(pub(super) Time);

impl TimeSource for At {
    fn time(self, clock: &ConversationClock) -> Time {
        clock.set(self.0);
        self.0
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

    use super::{At, Clock, ConversationClock, TimeSource};
    use crate::engine::time::Time;

    const HOUR: Duration = Duration::from_secs(3_600);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn time_converts_back_to_its_instant() {
        let clock = Clock::start();
        let later = clock.now() + Duration::from_secs(5);
        let due = clock.instant(later);
        let left = due.duration_since(std::time::Instant::now());
        assert!(left > Duration::from_secs(4) && left <= Duration::from_secs(5), "{left:?}");
    }

    #[test]
    fn clock_runs_on_from_the_time_of_the_host() {
        let clock = ConversationClock::start();
        let real = clock.now();
        for given in [real + HOUR, real - HOUR, Time::from_unix_nanos(0)] {
            assert_eq!(At(given).time(&clock), given);
            let now = clock.now();
            assert!(now >= given && now < given + MINUTE, "{now:?} after {given:?}");
            assert!(clock.shifted().now() < given + MINUTE);
            let left = clock.instant(given + HOUR).duration_since(std::time::Instant::now());
            assert!(left + MINUTE > HOUR && left <= HOUR, "{left:?}");
        }
    }

    #[test]
    fn absurd_time_does_not_overflow() {
        let clock = ConversationClock::start();
        clock.set(Time::from_unix_nanos(u64::MAX));
        assert!(clock.now() > Time::from_unix_nanos(u64::MAX / 2));
        clock.set(Time::from_unix_nanos(1));
        assert!(clock.now() < Time::from_unix_nanos(1) + MINUTE);
    }
}
