//! The observer skips later hops of most frames, and the clock for most pieces of a response. Neither changes any span.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use pipecat_instrument::frame::{FrameKind, FramePushed};
use pipecat_instrument_runtime::engine::conversation::{CloseReason, Conversation, ConversationConfig};
use pipecat_instrument_runtime::engine::record::SpanBuffer;
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, LoggedEvent};

/// Skipped hops and clock reads, with the number of all hops and pieces.
#[derive(Default)]
struct Skipped {
    hops: usize,
    all_hops: usize,
    times: usize,
    all_pieces: usize,
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
fn fast_path_makes_the_same_spans_of_every_recording() {
    let mut skipped = Skipped::default();
    let frames = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/frames");
    for file in fs::read_dir(frames).expect("the corpus is there") {
        let path = file.expect("the corpus can be listed").path();
        let mut reader = FrameLogReader::open(&path).expect("a recording can be read");
        let config = reader.header().config(ConversationConfig::default());
        let events: Vec<_> = reader.by_ref().flatten().collect();
        skipped.all_hops += events.len();

        let expected = spans(config.clone(), &events, |conversation, now, hop, spans| {
            conversation.handle_input(now, hop, spans);
        });
        let mut ids = HashSet::new();
        let observed = spans(config, &events, |conversation, now, hop, spans| {
            let kind = hop.frame.kind();
            let id = hop.id.filter(|_| kind.is_hop_invariant());
            if !kind.is_traced() || !id.is_none_or(|id| ids.insert(id)) {
                skipped.hops += 1;
                return;
            }
            skipped.all_pieces += usize::from(kind == FrameKind::LlmText);
            if conversation.handle_untimed(hop) {
                skipped.times += 1;
            } else {
                conversation.handle_input(now, hop, spans);
            }
        });
        assert_eq!(observed, expected, "{}", path.display());
    }
    let Skipped { hops, all_hops, times, all_pieces } = skipped;
    assert!(hops > all_hops / 2, "{hops} of {all_hops}");
    assert!(times > all_pieces / 2, "{times} of {all_pieces}");
}
