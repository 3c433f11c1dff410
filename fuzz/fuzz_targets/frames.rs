//! Replays frames in any order: the records keep the invariants.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipecat_instrument_runtime::testing::synthetic::{SyntheticHop, check, frame_support, play};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    check(&play(frame_support(*first), &SyntheticHop::from_bytes(rest)));
});
