//! The line: flowcat's transport, with the user of a script at its other end.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::{AudioChunk, FlowcatError, Frame, MediaIn, MediaTransport};
use pipecat_instrument_runtime::testing::conformance::{Harness, POLL_INTERVAL, UserAction};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Interval, interval};

use crate::services::{Ear, Heard};

/// Samples a second.
pub(crate) const SAMPLE_RATE: u32 = 16_000;

/// A line to the user of a script. What flowcat's voice detection would find is told at the head of the pipeline, as in
/// the example `voice_agent`: the cascade has no place for one.
pub(crate) struct Line {
    harness: Harness,
    ear: Ear,
    head: Arc<OnceLock<UnboundedSender<Frame>>>,
    dropped: Arc<Notify>,
    ticks: Interval,
    first: VecDeque<MediaIn>,
}

impl Line {
    pub(crate) fn new(
        harness: Harness,
        ear: Ear,
        head: Arc<OnceLock<UnboundedSender<Frame>>>,
        dropped: Arc<Notify>,
    ) -> Self {
        let first = [MediaIn::StreamStart { call_id: harness.script().to_string() }].into();
        Self { harness, ear, head, dropped, ticks: interval(POLL_INTERVAL), first }
    }

    fn tell(&self, frames: impl IntoIterator<Item = Frame>) {
        let Some(head) = self.head.get() else { return };
        for frame in frames {
            // Nobody listens any more once the call is over.
            let _ = head.send(frame);
        }
    }

    /// What the user does, told to the pipeline; `Stop` where that is the transport's to tell.
    fn follow(&self, user: UserAction) -> Option<MediaIn> {
        match user {
            UserAction::None => {}
            UserAction::StartSpeaking => {
                let cuts = self.harness.is_bot_audible();
                self.tell([Frame::VadUserStartedSpeaking { start_secs: 0.0 }, Frame::UserStartedSpeaking]);
                if cuts {
                    self.tell([Frame::Interruption]);
                    self.harness.on_playback_cleared();
                }
            }
            UserAction::StopSpeaking => {
                self.tell([Frame::VadUserStoppedSpeaking { stop_secs: 0.0 }, Frame::UserStoppedSpeaking]);
            }
            UserAction::InterimTranscript(text) => self.ear.hears(Heard::Interim(text)),
            UserAction::FinalTranscript(text) => self.ear.hears(Heard::Final(text)),
            UserAction::HangUp => return Some(MediaIn::Stop),
            UserAction::Cancel => self.tell([Frame::Cancel { reason: None }]),
            UserAction::DropTask => self.dropped.notify_one(),
        }
        None
    }
}

#[async_trait]
impl MediaTransport for Line {
    async fn recv(&mut self) -> Option<MediaIn> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        self.ticks.tick().await;
        let silence = MediaIn::Audio(AudioChunk::new(vec![0; 160], SAMPLE_RATE));
        Some(self.follow(self.harness.user_action()).unwrap_or(silence))
    }

    async fn send_audio(&mut self, chunk: AudioChunk) -> Result<(), FlowcatError> {
        let nanos = chunk.len() as u64 * 1_000_000_000 / u64::from(chunk.sample_rate);
        self.harness.on_audio_sent(Duration::from_nanos(nanos));
        Ok(())
    }

    async fn send_clear(&mut self) -> Result<(), FlowcatError> {
        self.harness.on_playback_cleared();
        Ok(())
    }

    fn carrier_rate(&self) -> u32 {
        SAMPLE_RATE
    }
}
