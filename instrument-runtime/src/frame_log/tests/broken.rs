//! Logs that something has gone through.

use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::sample::Index;

use crate::engine::conversation::ConversationConfig;
use crate::engine::record::SpanBuffer;
use crate::frame_log::{FrameLogReader, replay};

const LOG: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/frames/dd_same_tool_twice.jsonl"));

/// Replays `log`, if it is one, and holds the reader and the core to what they promise of any log.
fn hold(log: &[u8]) {
    let Ok(mut reader) = FrameLogReader::new(log) else { return };
    let mut spans = SpanBuffer::default();
    let report = replay(&mut reader, ConversationConfig::default(), &mut spans);
    let lines = log.split(|byte| *byte == b'\n').count() as u64;
    assert!(report.events + report.bad_lines.len() as u64 <= lines);
    assert_eq!(spans.started.len(), spans.ended.len(), "every span that was started is ended");
    assert!(spans.ended.iter().all(|span| span.start <= span.end));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_may_change(changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..40)) {
        let mut log = LOG.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(log.len());
            log[at] = byte;
        }
        hold(&log);
    }

    #[test]
    fn lines_may_be_lost_or_out_of_order(moves in proptest::collection::vec((any::<Index>(), any::<Index>()), 1..40)) {
        let mut lines: Vec<&str> = LOG.lines().skip(1).collect();
        for (from, to) in moves {
            let line = lines.remove(from.index(lines.len()));
            let to = to.index(lines.len() + 10);
            if to < lines.len() {
                lines.insert(to, line);
            }
        }
        let header = LOG.lines().next().unwrap_or_default();
        hold(format!("{header}\n{}", lines.join("\n")).as_bytes());
    }

    #[test]
    fn a_log_may_end_anywhere(at in any::<Index>()) {
        hold(&LOG.as_bytes()[..at.index(LOG.len())]);
    }
}
