use std::time::Duration;

use super::{AudioMeter, Counted, Hop};
use crate::engine::conversation::AudioInterest;
use crate::engine::frame::{
    Audio, Direction, Frame, FrameId, FrameKind, FramePushed, Processor, ProcessorRef, Role,
};
use crate::engine::time::Time;

const PIECE: Frame<'static> = Frame::TtsAudio(Audio::pcm16(640, 16_000, 1));

fn hop(source: ProcessorRef<'_>, id: u64) -> FramePushed<'_> {
    FramePushed {
        source,
        destination: ProcessorRef::named("next"),
        direction: Direction::Downstream,
        id: Some(FrameId(id)),
        sibling: None,
        frame: &PIECE,
    }
}

fn following(tts: &Processor) -> AudioMeter {
    let meter = AudioMeter::new();
    meter.follow(FrameKind::TtsAudio, tts.into());
    meter.set_interest(AudioInterest::Batched);
    meter
}

#[test]
fn a_piece_is_counted_on_its_first_hop_only() {
    let tts = Processor::new("Tts", "Tts", Role::Tts);
    let meter = following(&tts);
    assert_eq!(meter.sort(FrameKind::TtsAudio, &hop((&tts).into(), 7)), Hop::Count);
    assert_eq!(meter.sort(FrameKind::TtsAudio, &hop(ProcessorRef::named("Mixer"), 7)), Hop::Seen);
    assert_eq!(meter.sort(FrameKind::TtsAudio, &hop((&tts).into(), 8)), Hop::Count);
}

#[test]
fn what_the_output_transport_pushes_was_seen_before() {
    let output = Processor::new("Output", "Output", Role::OutputTransport);
    let meter = AudioMeter::new();
    assert_eq!(meter.sort(FrameKind::OutputAudio, &hop((&output).into(), 7)), Hop::Seen);
}

#[test]
fn audio_that_the_core_waits_for_is_handled() {
    let tts = Processor::new("Tts", "Tts", Role::Tts);
    let meter = following(&tts);
    meter.set_interest(AudioInterest::Every);
    assert_eq!(meter.sort(FrameKind::TtsAudio, &hop((&tts).into(), 7)), Hop::Handle);
    assert_eq!(meter.sort(FrameKind::TtsAudio, &hop(ProcessorRef::named("Mixer"), 7)), Hop::Seen);
}

#[test]
fn a_second_source_goes_through_the_lock() {
    let meter = following(&Processor::new("Tts", "Tts", Role::Tts));
    let other = Processor::new("Jingle", "Jingle", Role::Tts);
    assert_eq!(meter.sort(FrameKind::TtsAudio, &hop((&other).into(), 7)), Hop::Handle);
}

#[test]
fn what_was_counted_is_told_once() {
    let meter = AudioMeter::new();
    let at = |nanos| Time::from_unix_nanos(nanos);
    for nanos in [100, 200, 300] {
        meter.count(at(nanos), Duration::from_millis(20));
    }
    let counted = Counted { first: at(100), last: at(300), duration: Duration::from_millis(60) };
    assert_eq!(meter.drain(), Some(counted));
    assert_eq!(meter.drain(), None);
}
