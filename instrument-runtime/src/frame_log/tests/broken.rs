//! Damaged logs.

use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::sample::Index;

use crate::engine::conversation::ConversationConfig;
use crate::engine::record::SpanBuffer;
use crate::frame_log::{FrameLogReader, replay};

const LOG: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/frames/dd_same_tool_twice.jsonl"));

/// Replays `log` and checks the invariants of reader and engine. A log that is refused must have a damaged header.
fn check_invariants(log: &[u8]) {
    let mut reader = match FrameLogReader::new(log) {
        Ok(reader) => reader,
        Err(error) => {
            let header = |log: &[u8]| log.split(|byte| *byte == b'\n').next().map(<[u8]>::to_vec);
            assert_ne!(header(log), header(LOG.as_bytes()), "refused in spite of its header: {error}");
            return;
        }
    };
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
    fn changed_bytes_keep_the_invariants(changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..40)) {
        let mut log = LOG.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(log.len());
            log[at] = byte;
        }
        check_invariants(&log);
    }

    #[test]
    fn lost_or_moved_lines_keep_the_invariants(moves in proptest::collection::vec((any::<Index>(), any::<Index>()), 1..40)) {
        let mut lines: Vec<&str> = LOG.lines().skip(1).collect();
        for (from, to) in moves {
            let line = lines.remove(from.index(lines.len()));
            let to = to.index(lines.len() + 10);
            if to < lines.len() {
                lines.insert(to, line);
            }
        }
        let header = LOG.lines().next().unwrap_or_default();
        check_invariants(format!("{header}\n{}", lines.join("\n")).as_bytes());
    }

    #[test]
    fn a_truncated_log_keeps_the_invariants(at in any::<Index>()) {
        check_invariants(&LOG.as_bytes()[..at.index(LOG.len())]);
    }
}
