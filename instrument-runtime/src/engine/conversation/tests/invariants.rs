//! Invariants of arbitrary frames in arbitrary order.

use proptest::prelude::*;

use crate::engine::record::{SpanDetails, TurnRecord};
use crate::testing::synthetic::arbitrary::{hops, support};
use crate::testing::synthetic::{check, play, play_as_observed};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_span_ends_once_within_its_turn(support in support(), hops in hops()) {
        check(&play(support, &hops));
    }

    #[test]
    fn latency_stages_add_up_in_order(support in support(), hops in hops()) {
        for record in &play(support, &hops).ended {
            let SpanDetails::Turn(TurnRecord { latency: Some(latency), .. }) = &record.details else { continue };
            let stages = &latency.stages;
            let sum: f64 = stages.iter().map(|stage| stage.seconds).sum();
            prop_assert!(stages.is_empty() || (sum - latency.seconds).abs() < 1e-6, "{latency:?}");
            prop_assert!(stages.iter().all(|stage| stage.seconds >= 0.0), "{latency:?}");
            prop_assert!(stages.is_sorted_by_key(|stage| stage.stage), "{latency:?}");
        }
    }

    #[test]
    fn same_frames_give_the_same_spans(support in support(), hops in hops()) {
        let (one, two) = (play(support, &hops), play(support, &hops));
        // NaN does not equal itself, but has the same debug text.
        prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }

    #[test]
    fn observer_fast_paths_change_nothing(support in support(), mut hops in hops()) {
        // An id belongs to one frame, and a frame has one kind.
        for hop in &mut hops {
            hop.id = hop.id.map(|id| id * 64 + hop.kind as u64);
        }
        let (spared, whole) = (play_as_observed(support, &hops), play(support, &hops));
        prop_assert_eq!(format!("{spared:?}"), format!("{whole:?}"));
    }
}
