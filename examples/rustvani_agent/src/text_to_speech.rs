//! Text-to-speech stub.
//!
//! It speaks the model's text sentence by sentence. Like a streaming service, it sends audio faster than real time, but not
//! all at once, which rustvani's transport would not accept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use example_common::tone::SAMPLE_RATE;
use example_common::tts_stub::{CHUNK, FIRST_AUDIO, hum};
use rustvani::{
    BillingCollector, BillingEvent, ControlFrame, DataFrame, Frame, FrameDirection, FrameHandler, FrameInner,
    FrameProcessor, SystemFrame,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::transport::to_bytes;

/// Audio is sent this many times faster than it plays.
const SPEED: u32 = 4;

/// Hums the model's text.
pub(crate) struct HummingTts {
    billing: Arc<dyn BillingCollector>,
    speech: Mutex<Speech>,
}

#[derive(Default)]
struct Speech {
    /// The beginning of a sentence.
    text: String,
    synthesis: Option<Synthesis>,
}

/// The background task that speaks sentences in order.
struct Synthesis {
    sentences: UnboundedSender<String>,
    task: JoinHandle<()>,
}

impl HummingTts {
    /// Creates a service that reports the characters it speaks to `billing`.
    pub(crate) fn new(billing: Arc<dyn BillingCollector>) -> Self {
        Self { billing, speech: Mutex::default() }
    }

    /// Wraps the service in a processor.
    pub(crate) fn into_processor(self) -> FrameProcessor {
        FrameProcessor::new("HummingTts", Box::new(self), false)
    }

    /// Appends a token, and speaks the sentence if the token ends it.
    fn on_text(&self, token: &str, processor: &FrameProcessor) {
        let mut speech = self.lock();
        speech.text.push_str(token);
        if speech.text.trim_end().ends_with(['.', '?', '!']) {
            self.speak(&mut speech, processor);
        }
    }

    /// Queues the text so far.
    fn speak(&self, speech: &mut Speech, processor: &FrameProcessor) {
        let sentence = std::mem::take(&mut speech.text).trim().to_owned();
        if sentence.is_empty() {
            return;
        }
        self.bill(&sentence);
        let synthesis = speech.synthesis.get_or_insert_with(|| {
            let (sentences, queue) = unbounded_channel();
            Synthesis { sentences, task: tokio::spawn(synthesize(queue, processor.clone())) }
        });
        // An error here means that the call is over.
        let _ = synthesis.sentences.send(sentence);
    }

    /// Stops speaking. No audio is sent after this returns.
    async fn stop(&self) {
        let Speech { synthesis, .. } = std::mem::take(&mut *self.lock());
        if let Some(Synthesis { task, .. }) = synthesis {
            task.abort();
            let _ = task.await;
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

    fn lock(&self) -> MutexGuard<'_, Speech> {
        self.speech.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn synthesize(mut sentences: UnboundedReceiver<String>, processor: FrameProcessor) {
    while let Some(sentence) = sentences.recv().await {
        tokio::time::sleep(FIRST_AUDIO).await;
        for chunk in hum(&sentence) {
            let audio = Frame::output_audio(to_bytes(&chunk), SAMPLE_RATE, 1);
            if processor.push_frame(audio, FrameDirection::Downstream).await.is_err() {
                return;
            }
            tokio::time::sleep(CHUNK / SPEED).await;
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
            // The rest of an interrupted response must not be spoken with the next one.
            FrameInner::Control(ControlFrame::LLMFullResponseStart) => self.lock().text.clear(),
            FrameInner::Data(DataFrame::LLMText(text)) => self.on_text(text, processor),
            FrameInner::Control(ControlFrame::LLMFullResponseEnd) => {
                self.speak(&mut self.lock(), processor);
            }
            FrameInner::Control(ControlFrame::End { .. })
            | FrameInner::System(SystemFrame::Interruption | SystemFrame::Cancel { .. }) => self.stop().await,
            _ => {}
        }
        processor.push_frame(frame, direction).await
    }
}
