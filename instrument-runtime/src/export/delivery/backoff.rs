//! The waits between attempts.

use std::time::Duration;

/// The wait after a first failure, before jitter.
const INITIAL_WAIT: Duration = Duration::from_millis(100);
/// The longest wait, unless the backend asks for more. An hour of outage takes about 160 attempts.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(30);
/// The longest wait while someone waits for a flush or a shutdown, unless the backend asks for more.
pub(super) const MAX_FLUSH_WAIT: Duration = Duration::from_secs(1);
/// The longest wait that a backend may ask for with `Retry-After`. Longer ones are shortened, as a clock may be wrong.
const MAX_REQUESTED_WAIT: Duration = Duration::from_secs(60 * 60);

/// Exponential backoff: each wait is twice as long as the one before.
///
/// Jitter takes away up to half of a wait, so that programs that failed together do not return together.
///
/// ```text
///  failure    1       2       3       4     …    10
///  wait       50–100  100–200 200–400 400–800 …  15,000–30,000 ms
/// ```
#[derive(Debug, Default, Clone)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Returns the wait after one more failure, which is `longest` at most.
    ///
    /// `requested` is the wait that the backend asks for, if it does. It replaces the backoff, and `longest` does not apply.
    /// `jitter` is a random number.
    pub(super) fn next_wait(
        &mut self,
        longest: Duration,
        requested: Option<Duration>,
        jitter: u32,
    ) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures);
        self.failures = self.failures.saturating_add(1);
        let jitter = f64::from(jitter) / f64::from(u32::MAX);
        match requested {
            // Jitter only adds to the request: earlier than asked is too early.
            Some(requested) => requested.min(MAX_REQUESTED_WAIT) + INITIAL_WAIT.mul_f64(jitter),
            None => INITIAL_WAIT.saturating_mul(factor).min(longest).mul_f64(1.0 - jitter / 2.0),
        }
    }

    /// Starts over, after a success or when someone waits for a result.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Backoff, MAX_WAIT};

    fn waits(jitter: u32) -> Vec<u128> {
        let mut backoff = Backoff::default();
        (0..12).map(|_| backoff.next_wait(MAX_WAIT, None, jitter).as_millis()).collect()
    }

    #[test]
    fn waits_double_up_to_thirty_seconds() {
        let longest = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000];
        assert_eq!(waits(0), longest);
        assert_eq!(waits(u32::MAX), longest.map(|wait| wait / 2));
    }

    #[test]
    fn waits_start_over_after_a_reset() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.next_wait(MAX_WAIT, None, 0);
        }
        backoff.reset();
        assert_eq!(backoff.next_wait(MAX_WAIT, None, 0), Duration::from_millis(100));
    }

    #[test]
    fn a_requested_wait_is_kept_up_to_an_hour() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next_wait(MAX_WAIT, Some(Duration::from_secs(7)), 0), Duration::from_secs(7));
        assert_eq!(
            backoff.next_wait(MAX_WAIT, Some(Duration::from_secs(7)), u32::MAX),
            Duration::from_millis(7_100)
        );
        assert_eq!(backoff.next_wait(MAX_WAIT, Some(Duration::MAX), 0), Duration::from_secs(3_600));
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bounds(failures in 0_u32..200, jitter: u32, requested: Option<u64>) {
            let mut backoff = Backoff { failures };
            let requested = requested.map(Duration::from_secs);
            let wait = backoff.next_wait(MAX_WAIT, requested, jitter);
            match requested {
                Some(requested) => {
                    let floor = requested.min(Duration::from_secs(3_600));
                    prop_assert!(wait >= floor && wait <= floor + Duration::from_millis(100));
                }
                None => prop_assert!(wait >= Duration::from_millis(50) && wait <= Duration::from_secs(30)),
            }
        }
    }
}
