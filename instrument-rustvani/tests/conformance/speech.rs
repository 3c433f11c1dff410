//! Speech-to-text and text-to-speech that do what a script says, in the frames of rustvani's own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pipecat_instrument_runtime::testing::conformance::{Harness, SynthesisResult};
use rustvani::{
    BillingCollector, BillingEvent, ControlFrame, DataFrame, Frame, FrameDirection, FrameHandler, FrameInner,
    FrameProcessor, Result, SystemFrame, TranscriptionData,
};

use crate::support::locked;

/// How long a synthesis takes to begin.
const FIRST_BYTE: Duration = Duration::from_millis(20);
/// Samples a second.
const SAMPLE_RATE: u32 = 16_000;
/// Of two bytes each.
const BYTES_A_MILLISECOND: usize = 32;

/// What the speech-to-text is to hear next.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<VecDeque<Heard>>>);

/// Something that was heard.
pub(crate) enum Heard {
    Interim(String),
    Final(String),
}

impl Ear {
    pub(crate) fn hears(&self, heard: Heard) {
        locked(&self.0).push_back(heard);
    }

    fn take(&self) -> Vec<Heard> {
        locked(&self.0).drain(..).collect()
    }
}

/// Holds a stop of the voice back until it has understood, and sends it on with the words in it.
pub(crate) struct ScriptedStt {
    ear: Ear,
    held_back: Mutex<Option<Frame>>,
}

impl ScriptedStt {
    pub(crate) fn new(ear: Ear) -> Self {
        Self { ear, held_back: Mutex::default() }
    }

    fn says(&self, heard: Heard) -> Frame {
        let transcript = |text: String| TranscriptionData::new(text, "caller", "now").with_language("en");
        match heard {
            Heard::Interim(text) => Frame::transcription(transcript(text)),
            Heard::Final(text) => match locked(&self.held_back).take() {
                Some(stop) => stop.with_vad_stop_transcript(transcript(text).finalized()),
                None => Frame::transcription(transcript(text).finalized()),
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
                *locked(&self.held_back) = Some(frame);
                return Ok(());
            }
            FrameInner::System(SystemFrame::InputAudioRaw(_)) => {
                for heard in self.ear.take() {
                    processor.push_frame(self.says(heard), FrameDirection::Downstream).await?;
                }
            }
            _ => {}
        }
        processor.push_frame(frame, direction).await
    }
}

/// Speaks an answer piece by piece, as it comes.
pub(crate) struct ScriptedTts {
    harness: Harness,
    billing: Arc<dyn BillingCollector>,
    progress: Mutex<Progress>,
}

/// How far an answer has been said.
#[derive(Default)]
struct Progress {
    text: String,
    said: Duration,
}

impl ScriptedTts {
    pub(crate) fn new(harness: Harness, billing: Arc<dyn BillingCollector>) -> Self {
        Self { harness, billing, progress: Mutex::default() }
    }

    /// What of the answer so far has not been said.
    fn is_to_say(&self, text: &str) -> SynthesisResult {
        let mut progress = locked(&self.progress);
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
            *locked(&self.progress) = Progress::default();
        }
        let Some(text) = text else { return Ok(()) };
        tokio::time::sleep(FIRST_BYTE).await;
        match self.is_to_say(&text) {
            SynthesisResult::Failure(message) => processor.push_error(message, false).await,
            SynthesisResult::Audio(length) => {
                self.bill(text.chars().count());
                let milliseconds = usize::try_from(length.as_millis()).unwrap_or(usize::MAX);
                let audio = Frame::output_audio(vec![0; milliseconds * BYTES_A_MILLISECOND], SAMPLE_RATE, 1);
                processor.push_frame(audio, FrameDirection::Downstream).await
            }
        }
    }
}
