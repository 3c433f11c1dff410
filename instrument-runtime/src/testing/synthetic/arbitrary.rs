//! Made-up pipelines, as `proptest` makes them.

use proptest::prelude::*;

use super::SyntheticHop;
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::Direction;

pub(crate) fn hops() -> impl Strategy<Value = Vec<SyntheticHop>> {
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
        .prop_map(|(after_millis, source, destination, up, id, sibling, what, text, number)| {
            SyntheticHop {
                after_millis,
                source,
                destination,
                direction: if up { Direction::Upstream } else { Direction::Downstream },
                id,
                sibling,
                what,
                text,
                number,
            }
        });
    prop::collection::vec(hop, 0..120)
}

pub(crate) fn signals() -> impl Strategy<Value = FrameSupport> {
    let support = || prop::sample::select(vec![Support::Native, Support::Inferred, Support::Unreliable]);
    (support(), support(), support()).prop_map(|(user_speech, bot_speech, spoken_text)| FrameSupport {
        user_speech,
        bot_speech,
        spoken_text,
    })
}
