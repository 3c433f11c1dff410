//! Replays frames in any order with any settings: the exported spans keep the invariants.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipecat_instrument_runtime::testing::exported_invariants::{EmitVariant, check, export};
use pipecat_instrument_runtime::testing::synthetic::{SyntheticHop, frame_support};

fuzz_target!(|bytes: &[u8]| {
    let [first, second, rest @ ..] = bytes else { return };
    let variant = EmitVariant::from_byte(*second);
    check(&export(frame_support(*first), &SyntheticHop::from_bytes(rest), variant), variant);
});
