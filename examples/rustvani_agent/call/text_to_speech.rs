//! A stand-in for speech synthesis: real audio, as long as the text takes to say, but a hum.
//!
//! It takes the model's text sentence by sentence, and sends its audio as a streaming synthesis does: faster than it is
//! played, but not all at once, which rustvani's transport would not take.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use rustvani::{
    BillingCollector, BillingEvent, ControlFrame, DataFrame, Frame, FrameDirection, FrameHandler, FrameInner,
    FrameProcessor, SystemFrame,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::pcm::bytes_of;
use crate::telephone::hum::{FIRST_AUDIO, PIECE, hum};
use crate::telephone::tone::SAMPLE_RATE;

/// How much faster than it is played audio comes.
const SPEED: u32 = 4;

/// Hums its texts.
pub(crate) struct HummingTts {
    billing: Arc<dyn BillingCollector>,
    speech: Mutex<Speech>,
}

#[derive(Default)]
struct Speech {
    /// The beginning of a sentence.
    text: String,
    voice: Option<Voice>,
}

/// Says one sentence after the other.
struct Voice {
    sentences: UnboundedSender<String>,
    speaking: JoinHandle<()>,
}

impl HummingTts {
    /// One that bills what it is given to say.
    pub(crate) fn new(billing: Arc<dyn BillingCollector>) -> Self {
        Self { billing, speech: Mutex::default() }
    }

    /// This, to be put into a pipeline.
    pub(crate) fn into_processor(self) -> FrameProcessor {
        FrameProcessor::new("HummingTts", Box::new(self), false)
    }

    /// Takes a piece of text, and says what it is the end of.
    fn take(&self, piece: &str, processor: &FrameProcessor) {
        let mut speech = self.speech();
        speech.text.push_str(piece);
        if speech.text.trim_end().ends_with(['.', '?', '!']) {
            self.say(&mut speech, processor);
        }
    }

    /// Says what there is.
    fn say(&self, speech: &mut Speech, processor: &FrameProcessor) {
        let sentence = std::mem::take(&mut speech.text).trim().to_owned();
        if sentence.is_empty() {
            return;
        }
        self.bill(&sentence);
        let voice = speech.voice.get_or_insert_with(|| {
            let (sentences, to_say) = unbounded_channel();
            Voice { sentences, speaking: tokio::spawn(speak(to_say, processor.clone())) }
        });
        // It ends with the call.
        let _ = voice.sentences.send(sentence);
    }

    /// Is silent at once: when this returns, nothing more is said.
    async fn hush(&self) {
        let Speech { voice, .. } = std::mem::take(&mut *self.speech());
        if let Some(Voice { speaking, .. }) = voice {
            speaking.abort();
            let _ = speaking.await;
        }
    }

    fn bill(&self, text: &str) {
        self.billing.record(BillingEvent::TtsUsage {
            session_id: self.billing.session_id(),
            provider: "humming".to_owned(),
            voice: "hum".to_owned(),
            language: None,
            char_count: text.chars().count(),
            occurred_at: SystemTime::now().into(),
        });
    }

    fn speech(&self) -> std::sync::MutexGuard<'_, Speech> {
        self.speech.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn speak(mut sentences: UnboundedReceiver<String>, processor: FrameProcessor) {
    while let Some(sentence) = sentences.recv().await {
        tokio::time::sleep(FIRST_AUDIO).await;
        for piece in hum(&sentence) {
            let audio = Frame::output_audio(bytes_of(&piece), SAMPLE_RATE, 1);
            if processor.push_frame(audio, FrameDirection::Downstream).await.is_err() {
                return;
            }
            tokio::time::sleep(PIECE / SPEED).await;
        }
    }
}

#[async_trait]
impl FrameHandler for HummingTts {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> rustvani::Result<()> {
        match &frame.inner {
            // What is left of an answer that was cut off is not said in the next one.
            FrameInner::Control(ControlFrame::LLMFullResponseStart) => self.speech().text.clear(),
            FrameInner::Data(DataFrame::LLMText(text)) => self.take(text, processor),
            FrameInner::Control(ControlFrame::LLMFullResponseEnd) => {
                self.say(&mut self.speech(), processor);
            }
            FrameInner::Control(ControlFrame::End { .. })
            | FrameInner::System(SystemFrame::Interruption | SystemFrame::Cancel { .. }) => self.hush().await,
            _ => {}
        }
        processor.push_frame(frame, direction).await
    }
}
