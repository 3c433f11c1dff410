//! Scripted speech-to-text and text-to-speech services with the frames of rustvani's own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pipecat_instrument_runtime::testing::conformance::{Harness, SynthesisResult};
use rustvani::{
    BillingCollector, BillingEvent, ControlFrame, DataFrame, Frame, FrameDirection, FrameHandler, FrameInner,
    FrameProcessor, Result, SystemFrame, TranscriptionData,
};

use crate::support::lock;

/// Latency of the synthesis.
const FIRST_BYTE: Duration = Duration::from_millis(20);
/// Samples per second.
const SAMPLE_RATE: u32 = 16_000;
/// Bytes of audio in a millisecond.
const BYTES_PER_MILLISECOND: usize = 32;

/// The next transcripts of the speech-to-text service.
#[derive(Clone, Default)]
pub(crate) struct TranscriptQueue(Arc<Mutex<VecDeque<ScriptedTranscript>>>);

/// A transcript.
pub(crate) enum ScriptedTranscript {
    Interim(String),
    Final(String),
}

impl TranscriptQueue {
    pub(crate) fn push(&self, transcript: ScriptedTranscript) {
        lock(&self.0).push_back(transcript);
    }

    fn take(&self) -> Vec<ScriptedTranscript> {
        lock(&self.0).drain(..).collect()
    }
}

/// Holds back the voice stop until it has a transcript, and sends both together.
pub(crate) struct ScriptedStt {
    transcripts: TranscriptQueue,
    held_back: Mutex<Option<Frame>>,
}

impl ScriptedStt {
    pub(crate) fn new(transcripts: TranscriptQueue) -> Self {
        Self { transcripts, held_back: Mutex::default() }
    }

    fn to_frame(&self, transcript: ScriptedTranscript) -> Frame {
        let data = |text: String| TranscriptionData::new(text, "caller", "now").with_language("en");
        match transcript {
            ScriptedTranscript::Interim(text) => Frame::transcription(data(text)),
            ScriptedTranscript::Final(text) => match lock(&self.held_back).take() {
                Some(stop) => stop.with_vad_stop_transcript(data(text).finalized()),
                None => Frame::transcription(data(text).finalized()),
            },
        }
    }
}

#[async_trait]
impl FrameHandler for ScriptedStt {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> Result<()> {
        match &frame.inner {
            FrameInner::System(SystemFrame::VADUserStoppedSpeaking { .. }) => {
                *lock(&self.held_back) = Some(frame);
                return Ok(());
            }
            FrameInner::System(SystemFrame::InputAudioRaw(_)) => {
                for heard in self.transcripts.take() {
                    processor.push_frame(self.to_frame(heard), FrameDirection::Downstream).await?;
                }
            }
            _ => {}
        }
        processor.push_frame(frame, direction).await
    }
}

/// Speaks a response chunk by chunk, as it arrives.
pub(crate) struct ScriptedTts {
    harness: Harness,
    billing: Arc<dyn BillingCollector>,
    progress: Mutex<Progress>,
}

/// The part of a response that has been spoken.
#[derive(Default)]
struct Progress {
    text: String,
    said: Duration,
}

impl ScriptedTts {
    pub(crate) fn new(harness: Harness, billing: Arc<dyn BillingCollector>) -> Self {
        Self { harness, billing, progress: Mutex::default() }
    }

    /// Returns the part of the response so far that has not been spoken.
    fn next_speech(&self, text: &str) -> SynthesisResult {
        let mut progress = lock(&self.progress);
        progress.text.push_str(text);
        match self.harness.synthesize(&progress.text) {
            SynthesisResult::Audio(whole) => {
                let more = whole.saturating_sub(progress.said);
                progress.said = whole;
                SynthesisResult::Audio(more)
            }
            failure @ SynthesisResult::Failure(_) => failure,
        }
    }

    fn bill(&self, characters: usize) {
        self.billing.record(BillingEvent::TtsUsage {
            session_id: self.billing.session_id(),
            provider: "deepgram".to_owned(),
            voice: "aura".to_owned(),
            language: None,
            char_count: characters,
            occurred_at: chrono::Utc::now(),
        });
    }
}

#[async_trait]
impl FrameHandler for ScriptedTts {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> Result<()> {
        let text = match &frame.inner {
            FrameInner::Data(DataFrame::LLMText(text)) => Some(text.clone()),
            _ => None,
        };
        let is_over = matches!(
            frame.inner,
            FrameInner::Control(ControlFrame::LLMFullResponseEnd)
                | FrameInner::System(SystemFrame::Interruption)
        );
        processor.push_frame(frame, direction).await?;
        if is_over {
            *lock(&self.progress) = Progress::default();
        }
        let Some(text) = text else { return Ok(()) };
        tokio::time::sleep(FIRST_BYTE).await;
        match self.next_speech(&text) {
            SynthesisResult::Failure(message) => processor.push_error(message, false).await,
            SynthesisResult::Audio(length) => {
                self.bill(text.chars().count());
                let milliseconds = usize::try_from(length.as_millis()).unwrap_or(usize::MAX);
                let audio =
                    Frame::output_audio(vec![0; milliseconds * BYTES_PER_MILLISECOND], SAMPLE_RATE, 1);
                processor.push_frame(audio, FrameDirection::Downstream).await
            }
        }
    }
}
