//! Frames in any order, told in any words: what must hold of the spans that leave holds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipecat_instrument_runtime::testing::synthetic::{Hop, announced};
use pipecat_instrument_runtime::testing::traces::{Telling, check, trace};

fuzz_target!(|bytes: &[u8]| {
    let [first, second, rest @ ..] = bytes else { return };
    let telling = Telling::from_byte(*second);
    check(&trace(announced(*first), &Hop::from_bytes(rest), telling), telling);
});
