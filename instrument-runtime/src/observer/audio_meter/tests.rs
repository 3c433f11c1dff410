use std::time::Duration;

use super::{AudioAction, AudioMeter, CountedAudio};
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

fn meter_of(tts: &Processor) -> AudioMeter {
    let meter = AudioMeter::new();
    meter.follow(FrameKind::TtsAudio, tts.into());
    meter.set_interest(AudioInterest::Batched);
    meter
}

#[test]
fn audio_is_counted_on_its_first_hop_only() {
    let tts = Processor::new("Tts", "Tts", Role::Tts);
    let meter = meter_of(&tts);
    assert_eq!(meter.classify(FrameKind::TtsAudio, &hop((&tts).into(), 7)), AudioAction::Count);
    assert_eq!(
        meter.classify(FrameKind::TtsAudio, &hop(ProcessorRef::named("Mixer"), 7)),
        AudioAction::Ignore
    );
    assert_eq!(meter.classify(FrameKind::TtsAudio, &hop((&tts).into(), 8)), AudioAction::Count);
}

#[test]
fn audio_pushed_by_the_output_transport_is_ignored() {
    let output = Processor::new("Output", "Output", Role::OutputTransport);
    let meter = AudioMeter::new();
    assert_eq!(meter.classify(FrameKind::OutputAudio, &hop((&output).into(), 7)), AudioAction::Ignore);
}

#[test]
fn audio_that_the_engine_waits_for_is_handled() {
    let tts = Processor::new("Tts", "Tts", Role::Tts);
    let meter = meter_of(&tts);
    meter.set_interest(AudioInterest::Every);
    assert_eq!(meter.classify(FrameKind::TtsAudio, &hop((&tts).into(), 7)), AudioAction::Handle);
    assert_eq!(
        meter.classify(FrameKind::TtsAudio, &hop(ProcessorRef::named("Mixer"), 7)),
        AudioAction::Ignore
    );
}

#[test]
fn audio_of_a_second_source_is_handled() {
    let meter = meter_of(&Processor::new("Tts", "Tts", Role::Tts));
    let other = Processor::new("Jingle", "Jingle", Role::Tts);
    assert_eq!(meter.classify(FrameKind::TtsAudio, &hop((&other).into(), 7)), AudioAction::Handle);
}

#[test]
fn counted_audio_is_drained_once() {
    let meter = AudioMeter::new();
    let at = |nanos| Time::from_unix_nanos(nanos);
    for nanos in [100, 200, 300] {
        meter.count(at(nanos), Duration::from_millis(20));
    }
    let counted = CountedAudio { first: at(100), last: at(300), duration: Duration::from_millis(60) };
    assert_eq!(meter.drain(), Some(counted));
    assert_eq!(meter.drain(), None);
}
