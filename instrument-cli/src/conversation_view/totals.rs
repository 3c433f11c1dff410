//! Totals of a conversation.

use serde::Serialize;

use super::{Lane, Ms, TurnEnd, TurnView};

#[derive(Debug, Serialize)]
pub(crate) struct Totals {
    pub(crate) turns: usize,
    pub(crate) interrupted: usize,
    pub(crate) errors: usize,
    pub(crate) tool_calls: usize,
    /// The user-to-bot latencies of the turns; `None` if no turn has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency: Option<Percentiles>,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_cached: u64,
    pub(crate) tokens_out: u64,
    pub(crate) characters: u64,
}

/// Percentiles by the nearest-rank method: each is a measured value.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) median: Ms,
    pub(crate) p95: Ms,
    pub(crate) max: Ms,
}

impl Totals {
    pub(super) fn of(turns: &[TurnView], tokens_cached: u64) -> Self {
        let sum = |count: fn(&TurnView) -> u64| turns.iter().map(count).sum();
        let spans = || turns.iter().flat_map(|turn| &turn.spans);
        let latencies = turns.iter().filter_map(|turn| Some(turn.latency.as_ref()?.total));
        Self {
            turns: turns.len(),
            interrupted: turns.iter().filter(|turn| turn.ended == TurnEnd::Interrupted).count(),
            errors: turns.iter().map(|turn| turn.errors.len()).sum(),
            tool_calls: spans().filter(|span| span.lane == Lane::Tool).count(),
            latency: Percentiles::of(latencies.collect()),
            tokens_in: sum(|turn| turn.tokens_in),
            tokens_cached,
            tokens_out: sum(|turn| turn.tokens_out),
            characters: sum(|turn| turn.characters),
        }
    }
}

impl Percentiles {
    fn of(mut times: Vec<Ms>) -> Option<Self> {
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rank =
            |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { median: rank(50)?, p95: rank(95)?, max: rank(100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Ms, Percentiles};

    fn percentiles(times: &[f64]) -> Option<(f64, f64, f64)> {
        Percentiles::of(times.iter().copied().map(Ms).collect())
            .map(|percentiles| (percentiles.median.0, percentiles.p95.0, percentiles.max.0))
    }

    #[test]
    fn each_percentile_is_a_measured_value() {
        assert_eq!(percentiles(&[]), None);
        assert_eq!(percentiles(&[7.0]), Some((7.0, 7.0, 7.0)));
        assert_eq!(percentiles(&[9.0, -1.0, 3.0]), Some((3.0, 9.0, 9.0)));
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentiles(&hundred), Some((50.0, 95.0, 100.0)));
    }
}
