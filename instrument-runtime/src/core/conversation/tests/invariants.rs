//! What holds whatever comes, in whatever order: not only plausible pipelines are made up here.

use proptest::prelude::*;

use crate::core::conversation::{Announced, Signals};
use crate::core::frame::Direction;
use crate::testing::made_up::{Hop, check, play, play_as_observed};

fn hops() -> impl Strategy<Value = Vec<Hop>> {
    let hop = (
        prop_oneof![5 => 0u64..50, 1 => 0u64..6_000],
        0..9usize,
        0..9usize,
        any::<bool>(),
        prop::option::weighted(0.95, 0u64..200),
        prop::option::weighted(0.2, 0u64..200),
        0usize..34,
        "[a-z ]{0,6}",
        0u64..5,
    )
        .prop_map(|(after_millis, source, destination, up, id, sibling, what, text, number)| Hop {
            after_millis,
            source,
            destination,
            direction: if up { Direction::Upstream } else { Direction::Downstream },
            id,
            sibling,
            what,
            text,
            number,
        });
    prop::collection::vec(hop, 0..120)
}

fn signals() -> impl Strategy<Value = Signals> {
    let announced = || prop::sample::select(vec![Announced::Yes, Announced::Maybe, Announced::Unreliable]);
    (announced(), announced(), announced()).prop_map(|(user_speech, bot_speech, spoken_text)| Signals {
        user_speech,
        bot_speech,
        spoken_text,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_span_begins_once_ends_once_and_lies_within_its_turn(signals in signals(), hops in hops()) {
        check(&play(signals, &hops));
    }

    #[test]
    fn the_same_frames_give_the_same_spans(signals in signals(), hops in hops()) {
        let (one, two) = (play(signals, &hops), play(signals, &hops));
        // NaN is not equal to itself, but reads the same.
        prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }

    #[test]
    fn what_an_observer_spares_itself_changes_nothing(signals in signals(), mut hops in hops()) {
        // An id is one frame's, and a frame is of one kind.
        for hop in &mut hops {
            hop.id = hop.id.map(|id| id * 64 + hop.what as u64);
        }
        let (spared, whole) = (play_as_observed(signals, &hops), play(signals, &hops));
        prop_assert_eq!(format!("{spared:?}"), format!("{whole:?}"));
    }
}
