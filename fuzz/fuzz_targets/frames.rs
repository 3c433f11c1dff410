//! Frames in any order: what must hold of the spans holds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipecat_instrument_runtime::core::conversation::{Announced, Signals};
use pipecat_instrument_runtime::testing::made_up::{Hop, check, play};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let announced = |part: u8| [Announced::Yes, Announced::Maybe, Announced::Unreliable][usize::from(first / part % 3)];
    let signals = Signals { user_speech: announced(1), bot_speech: announced(3), spoken_text: announced(9) };
    check(&play(signals, &Hop::from_bytes(rest)));
});
