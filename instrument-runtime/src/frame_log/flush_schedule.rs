//! When each log is to be written.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long lines may wait for their file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// The file is open and plain: writing costs little.
    Short,
    /// It is to be opened first, or compressed, which is worth the less the less there is of it.
    Long,
}

impl Patience {
    /// No longer than this is lost if the process is killed.
    const fn time(self) -> Duration {
        match self {
            Self::Short => Duration::from_millis(20),
            Self::Long => Duration::from_secs(1),
        }
    }
}

/// Logs, by number, that are to be written.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// All that are as patient come in the order in which they are due.
    short: VecDeque<(Instant, u64)>,
    long: VecDeque<(Instant, u64)>,
}

impl Schedule {
    pub(super) fn add(&mut self, now: Instant, number: u64, patience: Patience) {
        let queue = match patience {
            Patience::Short => &mut self.short,
            Patience::Long => &mut self.long,
        };
        queue.push_back((now + patience.time(), number));
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        [&self.short, &self.long].into_iter().filter_map(|queue| queue.front()).map(|(due, _)| *due).min()
    }

    /// Takes out the next one, due or not.
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

    use super::{Patience, Schedule};

    #[test]
    fn they_come_as_they_are_due() {
        let mut schedule = Schedule::default();
        assert_eq!((schedule.next_due(), schedule.pop()), (None, None));
        let begun = Instant::now();
        schedule.add(begun, 1, Patience::Long);
        schedule.add(begun, 2, Patience::Short);
        schedule.add(begun + Duration::from_millis(5), 3, Patience::Short);
        schedule.add(begun + Duration::from_secs(1), 4, Patience::Short);
        assert_eq!(schedule.next_due(), Some(begun + Duration::from_millis(20)));
        let order: Vec<u64> = std::iter::from_fn(|| schedule.pop()).collect();
        assert_eq!(order, [2, 3, 1, 4]);
    }
}
