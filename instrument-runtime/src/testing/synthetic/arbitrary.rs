//! Strategies of `proptest` for synthetic conversations.

use proptest::prelude::*;

use super::SyntheticHop;
use super::frames::{KIND_INDICES, pick_kind};
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::Direction;

pub(crate) fn hops() -> impl Strategy<Value = Vec<SyntheticHop>> {
    let hop = (
        prop_oneof![5 => 0u64..50, 1 => 0u64..6_000],
        (0..9usize, 0..9usize),
        prop::sample::select(vec![Direction::Downstream, Direction::Upstream]),
        prop::option::weighted(0.95, 0u64..200),
        prop::option::weighted(0.2, 0u64..200),
        (0..KIND_INDICES, 0usize..240),
        "[a-z ]{0,6}",
    )
        .prop_map(
            |(after_millis, (source, destination), direction, id, sibling, (kind, number), text)| {
                let kind = pick_kind(kind, number);
                SyntheticHop { after_millis, source, destination, direction, id, sibling, kind, text, number }
            },
        );
    prop::collection::vec(hop, 0..120)
}

pub(crate) fn support() -> impl Strategy<Value = FrameSupport> {
    let support = || prop::sample::select(vec![Support::Native, Support::Inferred, Support::Unreliable]);
    (support(), support(), support()).prop_map(|(user_speech, bot_speech, spoken_text)| FrameSupport {
        user_speech,
        bot_speech,
        spoken_text,
    })
}
