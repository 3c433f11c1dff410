//! The meter of outgoing audio, which has no lock: what is counted comes out once, whoever takes it when.

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
const LASTS: Duration = Duration::from_millis(20);

/// A meter that counts the audio of a synthesizer.
struct Scene {
    meter: AudioMeter,
    synthesizer: Processor,
    next: Processor,
}

impl Scene {
    fn new() -> Arc<Self> {
        let synthesizer = Processor::new("Tts", "CartesiaTTSService", Role::Tts);
        let next = Processor::new("Next", "Next", Role::Other);
        let meter = AudioMeter::new();
        meter.follow(Frame::TtsAudio(PIECE).kind(), (&synthesizer).into());
        meter.set_interest(AudioInterest::Batched);
        Arc::new(Self { meter, synthesizer, next })
    }

    /// A hop of the piece `id` at `now`, from `source`.
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

/// One thread sends, another takes out what was counted, at any moment.
pub fn nothing_is_lost_or_counted_twice() {
    check(|| {
        let scene = Scene::new();
        let sender = thread::spawn({
            let scene = Arc::clone(&scene);
            move || (1..=3).for_each(|id| scene.first_hop(id, id))
        });
        let drained = [scene.meter.drain(), scene.meter.drain()];
        sender.join().unwrap();
        let [first, second] = drained;
        assert_eq!(total(&[first, second, scene.meter.drain()]), 3 * LASTS);
    });
}

/// The same with two who take, as a frame and the timer do.
pub fn two_who_take_share_what_there_is() {
    check(|| {
        let scene = Scene::new();
        scene.first_hop(1, 1);
        let other = thread::spawn({
            let scene = Arc::clone(&scene);
            move || scene.meter.drain()
        });
        scene.first_hop(2, 2);
        let mine = scene.meter.drain();
        let others = other.join().unwrap();
        assert_eq!(total(&[mine, others, scene.meter.drain()]), 2 * LASTS);
    });
}

/// Pieces are passed on by other threads while the next ones are sent: the later hops are known for what they are.
pub fn later_hops_are_not_counted_again() {
    check(|| {
        let scene = Scene::new();
        let (pass_on, passed) = channel();
        let next = thread::spawn({
            let scene = Arc::clone(&scene);
            move || {
                for id in 1..=2 {
                    assert_eq!(passed.recv(), Ok(id));
                    assert_eq!(scene.hop(&scene.next, id, 3), AudioAction::Ignore);
                }
            }
        });
        for id in 1..=2 {
            scene.first_hop(id, id);
            pass_on.send(id).unwrap();
        }
        next.join().unwrap();
        assert_eq!(total(&[scene.meter.drain()]), 2 * LASTS);
    });
}
