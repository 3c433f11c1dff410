//! Reads any bytes as a frame log: bad lines are reported, and the spans of the rest keep the invariants.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::record::SpanBuffer;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, replay};
use pipecat_instrument_runtime::testing::synthetic::check;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = FrameLogReader::new(bytes) else { return };
    let config = reader.header().config(ConversationConfig::default());
    let mut spans = SpanBuffer::default();
    replay(&mut reader, config, &mut spans);
    check(&spans);
});
