//! What must always hold.

use std::collections::HashMap;

use crate::engine::record::{SpanBuffer, SpanKind};

/// Holds what must always hold of the spans of a conversation.
///
/// # Panics
///
/// If it does not hold: every span begins once and ends once, with its events between, within its turn, under a span of
/// the same turn; turns are numbered upwards, and one overlaps the next only where a span of it began that late.
pub fn check(spans: &SpanBuffer) {
    let starts: HashMap<_, _> = spans.started.iter().map(|start| (start.key, start)).collect();
    let ends: HashMap<_, _> = spans.ended.iter().map(|record| (record.key, record)).collect();
    assert_eq!(starts.len(), spans.started.len(), "a key is used once");
    assert_eq!(ends.len(), spans.ended.len(), "a span ends once");
    assert_eq!(starts.len(), ends.len(), "what begins ends");
    let turns: Vec<_> = spans.started.iter().filter(|start| start.kind == SpanKind::Turn).collect();
    for record in &spans.ended {
        let start = starts[&record.key];
        assert_eq!(record.start, start.at, "{record:?} began when it was said to");
        assert!(record.end >= record.start);
        assert!(record.events.iter().all(|event| event.at >= record.start && event.at <= record.end));
        let Some(parent) = start.parent else {
            assert_eq!(start.kind, SpanKind::Turn);
            continue;
        };
        assert_eq!(starts[&parent].turn, start.turn, "a parent is of the same turn");
        let turn = turns.iter().find(|turn| turn.turn == start.turn).map(|turn| ends[&turn.key]);
        assert!(
            turn.is_some_and(|turn| record.start >= turn.start && record.end <= turn.end),
            "{record:?} outside {turn:?}"
        );
    }
    for pair in turns.windows(2) {
        assert!(pair[0].turn < pair[1].turn, "turns are numbered upwards");
        let newest =
            spans.started.iter().filter(|start| start.turn == pair[0].turn).map(|start| start.at).max();
        let overlap = ends[&pair[0].key].end > pair[1].at;
        assert!(!overlap || Some(ends[&pair[0].key].end) == newest, "and overlap only by what began late");
    }
}
