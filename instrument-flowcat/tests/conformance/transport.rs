//! flowcat's transport, with a scripted user at its other end.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::{AudioChunk, FlowcatError, Frame, MediaIn, MediaTransport};
use pipecat_instrument_runtime::testing::conformance::{Harness, POLL_INTERVAL, UserAction};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Interval, interval};

use crate::services::{ScriptedTranscript, TranscriptQueue};

/// Samples per second.
pub(crate) const SAMPLE_RATE: u32 = 16_000;

/// A transport to a scripted user. It queues the frames of a voice detection at the head of the pipeline, as the example
/// `voice_agent` does, because the cascade has no voice detection.
pub(crate) struct ScriptedTransport {
    harness: Harness,
    transcripts: TranscriptQueue,
    head: Arc<OnceLock<UnboundedSender<Frame>>>,
    dropped: Arc<Notify>,
    ticks: Interval,
    first: VecDeque<MediaIn>,
}

impl ScriptedTransport {
    pub(crate) fn new(
        harness: Harness,
        transcripts: TranscriptQueue,
        head: Arc<OnceLock<UnboundedSender<Frame>>>,
        dropped: Arc<Notify>,
    ) -> Self {
        let first = [MediaIn::StreamStart { call_id: harness.script().to_string() }].into();
        Self { harness, transcripts, head, dropped, ticks: interval(POLL_INTERVAL), first }
    }

    fn send(&self, frames: impl IntoIterator<Item = Frame>) {
        let Some(head) = self.head.get() else { return };
        for frame in frames {
            // An error here means that the call is over.
            let _ = head.send(frame);
        }
    }

    /// Sends the frames of a user action. Returns `Stop` if the user hangs up, which the transport itself reports.
    fn on_action(&self, user: UserAction) -> Option<MediaIn> {
        match user {
            UserAction::None => {}
            UserAction::StartSpeaking => {
                let cuts = self.harness.is_bot_audible();
                self.send([Frame::VadUserStartedSpeaking { start_secs: 0.0 }, Frame::UserStartedSpeaking]);
                if cuts {
                    self.send([Frame::Interruption]);
                    self.harness.on_playback_cleared();
                }
            }
            UserAction::StopSpeaking => {
                self.send([Frame::VadUserStoppedSpeaking { stop_secs: 0.0 }, Frame::UserStoppedSpeaking]);
            }
            UserAction::InterimTranscript(text) => self.transcripts.push(ScriptedTranscript::Interim(text)),
            UserAction::FinalTranscript(text) => self.transcripts.push(ScriptedTranscript::Final(text)),
            UserAction::HangUp => return Some(MediaIn::Stop),
            UserAction::Cancel => self.send([Frame::Cancel { reason: None }]),
            UserAction::DropTask => self.dropped.notify_one(),
        }
        None
    }
}

#[async_trait]
impl MediaTransport for ScriptedTransport {
    async fn recv(&mut self) -> Option<MediaIn> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        self.ticks.tick().await;
        let silence = MediaIn::Audio(AudioChunk::new(vec![0; 160], SAMPLE_RATE));
        Some(self.on_action(self.harness.user_action()).unwrap_or(silence))
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
