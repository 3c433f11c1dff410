//! What an observer spares itself changes nothing: later hops of most frames, and the time of most pieces of an answer.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use pipecat_instrument::frame::{FrameKind, FramePushed};
use pipecat_instrument_runtime::engine::conversation::{CloseReason, Conversation, ConversationConfig};
use pipecat_instrument_runtime::engine::record::SpanBuffer;
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, LoggedEvent};

/// How much was spared.
#[derive(Default)]
struct Spared {
    hops: usize,
    of_hops: usize,
    times: usize,
    of_pieces: usize,
}

fn spans(
    config: ConversationConfig,
    events: &[LoggedEvent],
    mut handle: impl FnMut(&mut Conversation, Time, &FramePushed<'_>, &mut SpanBuffer),
) -> SpanBuffer {
    let mut spans = SpanBuffer::default();
    let mut conversation = Conversation::new(config);
    let mut now = Time::default();
    for event in events {
        now = now.max(event.at());
        handle(&mut conversation, now, &event.hop(&event.frame()), &mut spans);
    }
    conversation.close(now, CloseReason::Dropped, &mut spans);
    spans
}

#[test]
fn every_recording_becomes_the_same_spans() {
    let mut spared = Spared::default();
    let frames = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/frames");
    for file in fs::read_dir(frames).expect("the corpus is there") {
        let path = file.expect("the corpus can be listed").path();
        let mut reader = FrameLogReader::open(&path).expect("a recording can be read");
        let config = reader.header().config(ConversationConfig::default());
        let events: Vec<_> = reader.by_ref().flatten().collect();
        spared.of_hops += events.len();

        let whole = spans(config.clone(), &events, |conversation, now, hop, spans| {
            conversation.handle_input(now, hop, spans);
        });
        let mut known = HashSet::new();
        let observed = spans(config, &events, |conversation, now, hop, spans| {
            let kind = hop.frame.kind();
            let id = hop.id.filter(|_| kind.is_hop_invariant());
            if !kind.is_traced() || !id.is_none_or(|id| known.insert(id)) {
                spared.hops += 1;
                return;
            }
            spared.of_pieces += usize::from(kind == FrameKind::LlmText);
            if conversation.handle_untimed(hop) {
                spared.times += 1;
            } else {
                conversation.handle_input(now, hop, spans);
            }
        });
        assert_eq!(observed, whole, "{}", path.display());
    }
    let Spared { hops, of_hops, times, of_pieces } = spared;
    assert!(hops > of_hops / 2, "{hops} of {of_hops}");
    assert!(times > of_pieces / 2, "{times} of {of_pieces}");
}
