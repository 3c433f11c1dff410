//! Observers that are added while a recorded conversation runs.

use std::collections::HashSet;
use std::fs;

use super::round_trip::{CORPUS, events_of};
use crate::engine::conversation::{CloseReason, Conversation, ConversationConfig};
use crate::engine::frame::FrameKind;
use crate::engine::record::{SpanBuffer, SpanDetails, SpanRecord, TurnNumber};
use crate::engine::time::Time;
use crate::frame_log::LoggedEvent;
use crate::testing::synthetic::check;

/// The number of moments in a recording at which an observer is added.
const MOMENTS: usize = 40;

fn spans_of(events: &[LoggedEvent]) -> SpanBuffer {
    let mut conversation = Conversation::new(ConversationConfig::default());
    let (mut spans, mut now, mut seen) = (SpanBuffer::default(), Time::default(), HashSet::new());
    for event in events {
        now = now.max(event.at());
        let frame = event.frame();
        let hop = event.hop(&frame);
        // An observer passes only the first hop of such a frame to the conversation.
        let id = hop.id.filter(|_| frame.kind().is_hop_invariant());
        if id.is_none_or(|id| seen.insert(id)) {
            conversation.handle_input(now, &hop, &mut spans);
        }
    }
    conversation.close(now, CloseReason::Dropped, &mut spans);
    spans
}

/// Returns the turns by their start.
fn turns_of(spans: &SpanBuffer) -> Vec<&SpanRecord> {
    let mut turns: Vec<&SpanRecord> =
        spans.ended.iter().filter(|record| matches!(record.details, SpanDetails::Turn(_))).collect();
    turns.sort_by_key(|turn| turn.start);
    turns
}

/// Describes the spans of a turn without keys and without its number, which an observer counts from its first turn.
fn describe(spans: &SpanBuffer, turn: &SpanRecord) -> Vec<String> {
    let number = spans.started.iter().find(|start| start.key == turn.key).map(|start| start.turn);
    let of_turn = spans.started.iter().filter(|start| Some(start.turn) == number);
    let records = of_turn.filter_map(|start| spans.ended.iter().find(|record| record.key == start.key));
    let mut described: Vec<String> = records
        .map(|record| {
            let mut details = record.details.clone();
            if let SpanDetails::Turn(turn) = &mut details {
                turn.number = TurnNumber(0);
            }
            format!("{:?} {:?} {:?} {:?} {details:?}", record.start, record.end, record.status, record.events)
        })
        .collect();
    described.sort();
    described
}

/// The first turn that begins after the join may contain words, sound and usage of the one under way at the join.
/// Speech to speech is known only after the model has spoken.
#[test]
fn turns_after_the_join_are_those_of_the_whole_conversation() {
    let mut compared = 0;
    for entry in fs::read_dir(CORPUS).unwrap() {
        let path = entry.unwrap().path();
        let events = events_of(&path);
        let whole = spans_of(&events);
        for from in (0..events.len()).step_by((events.len() / MOMENTS).max(1)) {
            let late = spans_of(&events[from..]);
            check(&late);
            let joined = events[from].at();
            for turn in turns_of(&whole).into_iter().filter(|turn| turn.start > joined).skip(1) {
                let found = turns_of(&late).into_iter().find(|candidate| candidate.start == turn.start);
                let found =
                    found.unwrap_or_else(|| panic!("{path:?} from {from}: no turn at {:?}", turn.start));
                assert_eq!(describe(&late, found), describe(&whole, turn), "{path:?} from {from}");
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn first_turn_is_marked_if_its_start_was_missed() {
    for entry in fs::read_dir(CORPUS).unwrap() {
        let path = entry.unwrap().path();
        let events = events_of(&path);
        for from in (0..events.len()).step_by((events.len() / MOMENTS).max(1)) {
            let sees_start = events[from..].iter().any(|event| event.frame().kind() == FrameKind::Start);
            let late = spans_of(&events[from..]);
            let missed = turns_of(&late).into_iter().map(|turn| match &turn.details {
                SpanDetails::Turn(turn) => turn.start_missed,
                _ => false,
            });
            let marks: Vec<bool> = missed.collect();
            let expected: Vec<bool> = (0..marks.len()).map(|turn| turn == 0 && !sees_start).collect();
            assert_eq!(marks, expected, "{path:?} from {from}");
        }
    }
}
