//! Models of the lock-free audio meter: all counted audio is drained exactly once, by any thread.

use std::sync::Arc;
use std::time::Duration;

use ::loom::sync::mpsc::channel;
use ::loom::thread;

use super::check;
use crate::engine::conversation::AudioInterest;
use crate::engine::frame::{Audio, Direction, Frame, FrameId, FramePushed, Processor, Role};
use crate::engine::time::Time;
use crate::observer::audio_meter::{AudioAction, AudioMeter, CountedAudio};

const PIECE: Audio = Audio::pcm16(640, 16_000, 1);
const DURATION: Duration = Duration::from_millis(20);

/// A meter that counts the audio of a TTS.
struct Fixture {
    meter: AudioMeter,
    synthesizer: Processor,
    next: Processor,
}

impl Fixture {
    fn new() -> Arc<Self> {
        let synthesizer = Processor::new("Tts", "CartesiaTTSService", Role::Tts);
        let next = Processor::new("Next", "Next", Role::Other);
        let meter = AudioMeter::new();
        meter.follow(Frame::TtsAudio(PIECE).kind(), (&synthesizer).into());
        meter.set_interest(AudioInterest::Batched);
        Arc::new(Self { meter, synthesizer, next })
    }

    /// Pushes the piece `id` from `source` at `now`.
    fn hop(&self, source: &Processor, id: u64, now: u64) -> AudioAction {
        let frame = Frame::TtsAudio(PIECE);
        let hop = FramePushed {
            source: source.into(),
            destination: (&self.next).into(),
            direction: Direction::Downstream,
            id: Some(FrameId(id)),
            sibling: None,
            frame: &frame,
        };
        let action = self.meter.classify(frame.kind(), &hop);
        if action == AudioAction::Count {
            self.meter.count(Time::from_unix_nanos(now), PIECE.duration());
        }
        action
    }

    fn first_hop(&self, id: u64, now: u64) {
        assert_eq!(self.hop(&self.synthesizer, id, now), AudioAction::Count);
    }
}

fn total(drained: &[Option<CountedAudio>]) -> Duration {
    for counted in drained.iter().flatten() {
        assert!(counted.first <= counted.last, "{counted:?}");
        assert!((1..=3).contains(&counted.first.as_unix_nanos()), "{counted:?}");
        assert!((1..=3).contains(&counted.last.as_unix_nanos()), "{counted:?}");
    }
    drained.iter().flatten().map(|counted| counted.duration).sum()
}

/// One thread sends audio while another drains the meter.
pub fn audio_is_neither_lost_nor_counted_twice() {
    check(|| {
        let fixture = Fixture::new();
        let sender = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || (1..=3).for_each(|id| fixture.first_hop(id, id))
        });
        let drained = [fixture.meter.drain(), fixture.meter.drain()];
        sender.join().unwrap();
        let [first, second] = drained;
        assert_eq!(total(&[first, second, fixture.meter.drain()]), 3 * DURATION);
    });
}

/// Two threads drain the meter, as a frame and the timer do.
pub fn concurrent_drains_share_the_audio() {
    check(|| {
        let fixture = Fixture::new();
        fixture.first_hop(1, 1);
        let other = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.meter.drain()
        });
        fixture.first_hop(2, 2);
        let mine = fixture.meter.drain();
        let others = other.join().unwrap();
        assert_eq!(total(&[mine, others, fixture.meter.drain()]), 2 * DURATION);
    });
}

/// One thread passes audio on while another sends more: later hops are ignored.
pub fn later_hops_are_not_counted_again() {
    check(|| {
        let fixture = Fixture::new();
        let (pass_on, passed) = channel();
        let next = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || {
                for id in 1..=2 {
                    assert_eq!(passed.recv(), Ok(id));
                    assert_eq!(fixture.hop(&fixture.next, id, 3), AudioAction::Ignore);
                }
            }
        });
        for id in 1..=2 {
            fixture.first_hop(id, id);
            pass_on.send(id).unwrap();
        }
        next.join().unwrap();
        assert_eq!(total(&[fixture.meter.drain()]), 2 * DURATION);
    });
}
