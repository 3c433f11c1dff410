//! The audio of a reply that was cut, which flowcat goes on sending.
//!
//! ```text
//!            TtsStarted             Interruption
//!   Silent ─────────────▶ Sending ───────────────▶ Dead
//!     ▲                      │                      │
//!     └──────────────────────┴──────────────────────┘
//!               TtsStopped, or the next TtsStarted (to Sending)
//! ```
//!
//! flowcat's `Tts` sends all of a reply in one burst, as fast as the transport takes it, and an interruption does not stop
//! it. What comes behind one would be taken for the beginning of the next reply.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use flowcat_core::{Frame as Flowcat, FramePushEvent};

use crate::names;

/// What the synthesis of one conversation is sending.
#[derive(Debug, Default)]
pub(crate) struct Burst {
    state: AtomicU8,
    /// The id of the newest interruption: behind a transport that plays, the hops of one come late.
    interruption: AtomicU64,
}

const SILENT: u8 = 0;
const SENDING: u8 = 1;
const DEAD: u8 = 2;

impl Burst {
    /// Takes note of what a hop says of it; whether the hop is audio that nobody wants any more.
    #[inline]
    pub(crate) fn is_dead_audio(&self, event: &FramePushEvent<'_>) -> bool {
        match event.frame {
            Flowcat::OutputAudio(_) => {
                event.source == names::TTS && self.state.load(Ordering::Relaxed) == DEAD
            }
            Flowcat::TtsStarted { .. } if event.source == names::TTS => self.becomes(SENDING),
            Flowcat::TtsStopped { .. } if event.source == names::TTS => self.becomes(SILENT),
            Flowcat::Interruption => {
                let sibling = event.meta.broadcast_sibling_id.unwrap_or_default();
                let newest = event.meta.id.max(sibling);
                if self.interruption.fetch_max(newest, Ordering::Relaxed) < newest {
                    let _ = self.state.compare_exchange(SENDING, DEAD, Ordering::Relaxed, Ordering::Relaxed);
                }
                false
            }
            _ => false,
        }
    }

    /// No hop that changes it is audio.
    fn becomes(&self, state: u8) -> bool {
        self.state.store(state, Ordering::Relaxed);
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use flowcat_core::processor::frame::FrameMeta;
    use flowcat_core::{AudioFrame, Direction, Frame, FramePushEvent};

    use super::Burst;

    /// Whether each of these, pushed by `Tts` one after the other, is audio that nobody wants.
    fn dead(frames: impl IntoIterator<Item = Frame>) -> Vec<bool> {
        let burst = Burst::default();
        frames.into_iter().map(|frame| is_dead(&burst, &frame, &FrameMeta::new(&frame))).collect()
    }

    fn is_dead(burst: &Burst, frame: &Frame, meta: &FrameMeta) -> bool {
        burst.is_dead_audio(&FramePushEvent {
            source: "Tts",
            destination: "CascadedTransportOutput",
            frame,
            meta,
            direction: Direction::Downstream,
            timestamp_ns: 0,
        })
    }

    fn audio() -> Frame {
        Frame::OutputAudio(Arc::new(AudioFrame::mono(vec![0; 320], 16_000)))
    }

    fn started() -> Frame {
        Frame::TtsStarted { context_id: None }
    }

    fn stopped() -> Frame {
        Frame::TtsStopped { context_id: None }
    }

    #[test]
    fn what_comes_behind_an_interruption_is_dead_until_the_burst_is_over() {
        let frames = [started(), audio(), Frame::Interruption, audio(), stopped(), started(), audio()];
        assert_eq!(dead(frames), [false, false, false, true, false, false, false]);
    }

    #[test]
    fn an_interruption_counts_when_it_is_first_seen() {
        let burst = Burst::default();
        let interruption = FrameMeta::new(&Frame::Interruption);
        let audio_is_dead = || is_dead(&burst, &audio(), &FrameMeta::new(&audio()));
        for frame in [started(), stopped(), started()] {
            is_dead(&burst, &frame, &FrameMeta::new(&frame));
            is_dead(&burst, &Frame::Interruption, &interruption);
        }
        assert!(!audio_is_dead(), "the one it came in is over");
        is_dead(&burst, &Frame::Interruption, &FrameMeta::new(&Frame::Interruption));
        assert!(audio_is_dead());
    }

    #[test]
    fn an_interruption_between_two_bursts_is_none() {
        let frames = [started(), audio(), stopped(), Frame::Interruption, started(), audio()];
        assert_eq!(dead(frames), [false; 6]);
        assert_eq!(dead([Frame::Interruption, audio()]), [false; 2]);
    }
}
