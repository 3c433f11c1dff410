//! A conversation in figures.

use super::{Lane, Ms, Spread, Totals, Turn, TurnEnd};

impl Totals {
    pub(super) fn of(turns: &[Turn], tokens_cached: u64) -> Self {
        let sum = |count: fn(&Turn) -> u64| turns.iter().map(count).sum();
        let spans = || turns.iter().flat_map(|turn| &turn.spans);
        Self {
            turns: turns.len(),
            interrupted: turns.iter().filter(|turn| turn.ended == TurnEnd::Interrupted).count(),
            errors: turns.iter().map(|turn| turn.errors.len()).sum(),
            tool_calls: spans().filter(|span| span.lane == Lane::Tool).count(),
            latency: Spread::of(turns.iter().filter_map(|turn| Some(turn.latency.as_ref()?.whole)).collect()),
            tokens_in: sum(|turn| turn.tokens_in),
            tokens_cached,
            tokens_out: sum(|turn| turn.tokens_out),
            characters: sum(|turn| turn.characters),
        }
    }
}

impl Spread {
    fn of(mut times: Vec<Ms>) -> Option<Self> {
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rank =
            |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { median: rank(50)?, p95: rank(95)?, max: rank(100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ms, Spread};

    fn spread(times: &[f64]) -> Option<(f64, f64, f64)> {
        Spread::of(times.iter().copied().map(Ms).collect())
            .map(|spread| (spread.median.0, spread.p95.0, spread.max.0))
    }

    #[test]
    fn each_figure_is_one_that_was_measured() {
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7.0]), Some((7.0, 7.0, 7.0)));
        assert_eq!(spread(&[9.0, -1.0, 3.0]), Some((3.0, 9.0, 9.0)));
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(spread(&hundred), Some((50.0, 95.0, 100.0)));
    }
}
