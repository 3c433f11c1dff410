//! Detects the audio of an interrupted reply, which flowcat continues to send.
//!
//! ```text
//!            TtsStarted             Interruption
//!   Silent ─────────────▶ Sending ───────────────▶ Stale
//!     ▲                      │                      │
//!     └──────────────────────┴──────────────────────┘
//!               TtsStopped, or the next TtsStarted (to Sending)
//! ```
//!
//! flowcat's `Tts` sends the audio of a reply in one burst, as fast as the transport accepts it, and an interruption does
//! not stop it. The rest of the burst would count as the beginning of the next reply.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use flowcat_core::{Frame as Flowcat, FramePushEvent};

use crate::names;

/// State of the synthesis of one conversation.
#[derive(Debug, Default)]
pub(crate) struct StaleAudio {
    state: AtomicU8,
    /// Id of the newest interruption, because a transport that is playing delays its later hops.
    interruption: AtomicU64,
}

const SILENT: u8 = 0;
const SENDING: u8 = 1;
const STALE: u8 = 2;

impl StaleAudio {
    /// Updates the state. Returns `Break` if the hop carries stale audio, which the caller must ignore.
    #[inline]
    pub(crate) fn on_hop(&self, event: &FramePushEvent<'_>) -> ControlFlow<()> {
        match event.frame {
            Flowcat::OutputAudio(_)
                if event.source == names::TTS && self.state.load(Ordering::Relaxed) == STALE =>
            {
                return ControlFlow::Break(());
            }
            Flowcat::TtsStarted { .. } if event.source == names::TTS => {
                self.state.store(SENDING, Ordering::Relaxed);
            }
            Flowcat::TtsStopped { .. } if event.source == names::TTS => {
                self.state.store(SILENT, Ordering::Relaxed);
            }
            Flowcat::Interruption => {
                let sibling = event.meta.broadcast_sibling_id.unwrap_or_default();
                let newest = event.meta.id.max(sibling);
                if self.interruption.fetch_max(newest, Ordering::Relaxed) < newest {
                    let _ = self.state.compare_exchange(SENDING, STALE, Ordering::Relaxed, Ordering::Relaxed);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use flowcat_core::processor::frame::FrameMeta;
    use flowcat_core::{AudioFrame, Direction, Frame, FramePushEvent};

    use super::StaleAudio;

    /// Pushes `frames` from `Tts`, and returns for each whether it is stale audio.
    fn stale(frames: impl IntoIterator<Item = Frame>) -> Vec<bool> {
        let audio = StaleAudio::default();
        frames.into_iter().map(|frame| is_stale(&audio, &frame, &FrameMeta::new(&frame))).collect()
    }

    fn is_stale(audio: &StaleAudio, frame: &Frame, meta: &FrameMeta) -> bool {
        let event = FramePushEvent {
            source: "Tts",
            destination: "CascadedTransportOutput",
            frame,
            meta,
            direction: Direction::Downstream,
            timestamp_ns: 0,
        };
        audio.on_hop(&event).is_break()
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
    fn audio_after_an_interruption_is_stale_until_the_burst_ends() {
        let frames = [started(), audio(), Frame::Interruption, audio(), stopped(), started(), audio()];
        assert_eq!(stale(frames), [false, false, false, true, false, false, false]);
    }

    #[test]
    fn interruption_counts_at_its_first_hop_only() {
        let state = StaleAudio::default();
        let interruption = FrameMeta::new(&Frame::Interruption);
        let audio_is_stale = || is_stale(&state, &audio(), &FrameMeta::new(&audio()));
        for frame in [started(), stopped(), started()] {
            is_stale(&state, &frame, &FrameMeta::new(&frame));
            is_stale(&state, &Frame::Interruption, &interruption);
        }
        assert!(!audio_is_stale(), "the interrupted burst is over");
        is_stale(&state, &Frame::Interruption, &FrameMeta::new(&Frame::Interruption));
        assert!(audio_is_stale());
    }

    #[test]
    fn interruption_between_two_bursts_makes_nothing_stale() {
        let frames = [started(), audio(), stopped(), Frame::Interruption, started(), audio()];
        assert_eq!(stale(frames), [false; 6]);
        assert_eq!(stale([Frame::Interruption, audio()]), [false; 2]);
    }
}
