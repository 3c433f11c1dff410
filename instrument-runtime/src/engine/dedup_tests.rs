use super::{Aspect, SeenFrames};
use crate::engine::frame::{Direction, Frame, FrameId, FramePushed, ProcessorRef};
use crate::engine::time::Time;

fn hop<'a>(source: &'a str, frame: &'a Frame<'a>, id: u64, direction: Direction) -> FramePushed<'a> {
    FramePushed {
        source: ProcessorRef::named(source),
        destination: ProcessorRef::named("next"),
        direction,
        id: Some(FrameId(id)),
        sibling: None,
        frame,
    }
}

const fn at(micros: u64) -> Time {
    Time::from_unix_nanos(micros * 1_000)
}

#[test]
fn a_frame_is_new_on_its_first_hop_only() {
    let mut seen = SeenFrames::default();
    let frame = Frame::UserStartedSpeaking;
    assert!(seen.insert(at(0), &hop("vad", &frame, 1, Direction::Downstream)));
    assert!(!seen.insert(at(9_000), &hop("llm", &frame, 1, Direction::Downstream)));
}

#[test]
fn a_broadcast_that_names_its_sibling_counts_once() {
    let mut seen = SeenFrames::default();
    let frame = Frame::Interruption;
    let down = FramePushed { sibling: Some(FrameId(2)), ..hop("vad", &frame, 1, Direction::Downstream) };
    let up = FramePushed { sibling: Some(FrameId(1)), ..hop("vad", &frame, 2, Direction::Upstream) };
    assert!(seen.insert(at(0), &down));
    assert!(!seen.insert(at(50_000), &up), "with any delay");
    assert!(!seen.insert(at(60_000), &up));
}

#[test]
fn a_broadcast_without_siblings_is_recognized_by_its_time() {
    let frame = Frame::VadUserStartedSpeaking;
    let mut seen = SeenFrames::default();
    assert!(seen.insert(at(0), &hop("vad", &frame, 1, Direction::Upstream)));
    assert!(!seen.insert(at(900), &hop("vad", &frame, 2, Direction::Downstream)));
    assert!(seen.insert(at(950), &hop("vad", &frame, 3, Direction::Upstream)), "a third frame is new");

    let mut seen = SeenFrames::default();
    assert!(seen.insert(at(0), &hop("vad", &frame, 1, Direction::Upstream)));
    assert!(seen.insert(at(1_100), &hop("vad", &frame, 2, Direction::Downstream)), "too late");

    let mut seen = SeenFrames::default();
    assert!(seen.insert(at(0), &hop("vad", &frame, 1, Direction::Upstream)));
    assert!(seen.insert(at(1), &hop("vad", &frame, 2, Direction::Upstream)), "same direction");
    assert!(seen.insert(at(2), &hop("stt", &frame, 3, Direction::Downstream)), "another source");
}

#[test]
fn a_frame_without_id_is_always_new() {
    let mut seen = SeenFrames::default();
    let frame = Frame::LlmResponseStart;
    let hop = FramePushed { id: None, ..hop("llm", &frame, 0, Direction::Downstream) };
    assert!(seen.insert(at(0), &hop));
    assert!(seen.insert(at(0), &hop));
}

#[test]
fn aspects_of_a_frame_count_separately() {
    let mut seen = SeenFrames::default();
    for aspect in [Aspect::Frame, Aspect::Spoken, Aspect::Resent] {
        assert!(seen.insert_aspect(Some(FrameId(7)), aspect));
        assert!(!seen.insert_aspect(Some(FrameId(7)), aspect));
    }
}

#[test]
fn memory_is_bounded_and_keeps_the_newest_ids() {
    let mut seen = SeenFrames::default();
    for id in 0..100_000 {
        assert!(seen.insert_aspect(Some(FrameId(id)), Aspect::Frame));
    }
    for id in 99_000..100_000 {
        assert!(!seen.insert_aspect(Some(FrameId(id)), Aspect::Frame));
    }
    assert!(seen.newer.0.len() + seen.older.0.len() <= super::MAX_REMEMBERED_IDS);
}

#[test]
fn ids_may_come_in_any_order() {
    let mut seen = SeenFrames::default();
    // Each id from 0 to 999 once: 383 has no divisor in common with 1000.
    let ids = || (0..1_000).map(|n| Some(FrameId(n * 383 % 1_000)));
    assert!(ids().all(|id| seen.insert_aspect(id, Aspect::Frame)));
    assert!(ids().all(|id| !seen.insert_aspect(id, Aspect::Frame)));
}
