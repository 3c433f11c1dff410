//! Which of some numbers were used when.

use std::collections::{BTreeMap, HashMap};

/// Numbers, in the order in which they were last used.
#[derive(Debug, Default)]
pub(super) struct Recency {
    /// By the time of their last use, told in uses.
    oldest_first: BTreeMap<u64, u64>,
    last_use: HashMap<u64, u64>,
    uses: u64,
}

impl Recency {
    pub(super) fn len(&self) -> usize {
        self.oldest_first.len()
    }

    /// `number` is used now.
    pub(super) fn touch(&mut self, number: u64) {
        self.remove(number);
        self.uses += 1;
        self.oldest_first.insert(self.uses, number);
        self.last_use.insert(number, self.uses);
    }

    pub(super) fn remove(&mut self, number: u64) {
        if let Some(used) = self.last_use.remove(&number) {
            self.oldest_first.remove(&used);
        }
    }

    /// Takes out the one that was not used for longest.
    pub(super) fn pop_oldest(&mut self) -> Option<u64> {
        let (_, number) = self.oldest_first.pop_first()?;
        self.last_use.remove(&number);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::Recency;

    #[test]
    fn the_one_that_was_not_used_for_longest_comes_first() {
        let mut recency = Recency::default();
        for number in [1, 2, 3, 1, 4] {
            recency.touch(number);
        }
        recency.remove(3);
        recency.remove(9);
        assert_eq!(recency.len(), 3);
        let order: Vec<u64> = std::iter::from_fn(|| recency.pop_oldest()).collect();
        assert_eq!(order, [2, 1, 4]);
    }
}
