//! The order in which logs are written.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long lines may wait for their file. No more than this is lost if the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlushDelay {
    /// 20 ms: the file is open and not compressed, so that writing costs little.
    Short,
    /// 1 s: the file has to be opened first, or is compressed, which pays off only for many lines.
    Long,
}

impl FlushDelay {
    const fn duration(self) -> Duration {
        match self {
            Self::Short => Duration::from_millis(20),
            Self::Long => Duration::from_secs(1),
        }
    }
}

/// The logs that have lines to write, by number.
#[derive(Debug, Default)]
pub(super) struct FlushSchedule {
    // Logs with the same delay arrive in the order in which they are due.
    short: VecDeque<(Instant, u64)>,
    long: VecDeque<(Instant, u64)>,
}

impl FlushSchedule {
    pub(super) fn add(&mut self, now: Instant, number: u64, delay: FlushDelay) {
        let queue = match delay {
            FlushDelay::Short => &mut self.short,
            FlushDelay::Long => &mut self.long,
        };
        queue.push_back((now + delay.duration(), number));
    }

    /// Returns when the next log is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        [&self.short, &self.long].into_iter().filter_map(|queue| queue.front()).map(|(due, _)| *due).min()
    }

    /// Removes the next log, whether or not it is due.
    pub(super) fn pop(&mut self) -> Option<u64> {
        let due = |queue: &VecDeque<(Instant, u64)>| queue.front().map(|(due, _)| *due);
        let queue = match (due(&self.short), due(&self.long)) {
            (Some(short), Some(long)) if long < short => &mut self.long,
            (None, _) => &mut self.long,
            _ => &mut self.short,
        };
        queue.pop_front().map(|(_, number)| number)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "a test asks a clock what its subject cannot")]

    use std::time::{Duration, Instant};

    use super::{FlushDelay, FlushSchedule};

    #[test]
    fn logs_come_in_the_order_in_which_they_are_due() {
        let mut schedule = FlushSchedule::default();
        assert_eq!((schedule.next_due(), schedule.pop()), (None, None));
        let begun = Instant::now();
        schedule.add(begun, 1, FlushDelay::Long);
        schedule.add(begun, 2, FlushDelay::Short);
        schedule.add(begun + Duration::from_millis(5), 3, FlushDelay::Short);
        schedule.add(begun + Duration::from_secs(1), 4, FlushDelay::Short);
        assert_eq!(schedule.next_due(), Some(begun + Duration::from_millis(20)));
        let order: Vec<u64> = std::iter::from_fn(|| schedule.pop()).collect();
        assert_eq!(order, [2, 3, 1, 4]);
    }
}
