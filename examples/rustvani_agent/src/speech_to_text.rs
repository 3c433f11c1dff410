//! Speech-to-text stub: recognizes an utterance of the script by its pitch.
//!
//! Like rustvani's own services, it holds back `VADUserStoppedSpeaking` until it has a transcript, and sends both in one
//! frame.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use example_common::caller::{Utterance, recognize};
use example_common::tone::{SAMPLE_RATE, is_voiced, playing_time};
use rustvani::{
    AudioRawData, BillingCollector, BillingEvent, ControlFrame, Frame, FrameDirection, FrameHandler,
    FrameInner, FrameProcessor, SystemFrame, TranscriptionData,
};

use crate::transport::to_samples;

/// Speech before the interim transcript.
const INTERIM_AFTER: Duration = Duration::from_millis(500);
/// Time to a transcript after the user stops, typical of a cloud service.
const RECOGNITION: Duration = Duration::from_millis(120);

/// Recognizes the utterances of a script.
pub(crate) struct ToneStt {
    script: &'static [Utterance],
    billing: Arc<dyn BillingCollector>,
    speech: Arc<Mutex<Speech>>,
}

/// The utterance under way.
#[derive(Default)]
struct Speech {
    voice: Vec<i16>,
    interim_sent: bool,
    /// The end of the voice, until its transcript is there.
    stop: Option<Frame>,
}

impl ToneStt {
    /// Creates a recognizer of the utterances of `script`.
    pub(crate) fn new(script: &'static [Utterance], billing: Arc<dyn BillingCollector>) -> Self {
        Self { script, billing, speech: Arc::default() }
    }

    /// Wraps the recognizer in a processor.
    pub(crate) fn into_processor(self) -> FrameProcessor {
        FrameProcessor::new("ToneStt", Box::new(self), false)
    }

    /// Collects audio. Returns an interim transcript, the first word, once for each utterance.
    fn on_audio(&self, audio: &AudioRawData) -> Option<Frame> {
        let pcm = to_samples(&audio.audio);
        if !is_voiced(&pcm) {
            return None;
        }
        let mut speech = lock(&self.speech);
        speech.voice.extend(pcm);
        if speech.interim_sent || playing_time(speech.voice.len(), SAMPLE_RATE) < INTERIM_AFTER {
            return None;
        }
        speech.interim_sent = true;
        let first_word = recognize(self.script, &speech.voice, SAMPLE_RATE)?.split(' ').next()?;
        Some(Frame::transcription(transcript(first_word)))
    }

    /// Holds back `stop` and recognizes the utterance in the background.
    fn on_voice_stop(&self, stop: Frame, processor: &FrameProcessor) {
        let voice = {
            let mut speech = lock(&self.speech);
            speech.stop = Some(stop);
            speech.interim_sent = false;
            std::mem::take(&mut speech.voice)
        };
        let (script, billing, speech) = (self.script, Arc::clone(&self.billing), Arc::clone(&self.speech));
        let processor = processor.clone();
        tokio::spawn(async move {
            tokio::time::sleep(RECOGNITION).await;
            bill(&*billing, playing_time(voice.len(), SAMPLE_RATE));
            let text = recognize(script, &voice, SAMPLE_RATE).map(|text| transcript(text).finalized());
            // Without `stop`, the user has gone on speaking, and this is only a part of the utterance.
            let stop = lock(&speech).stop.take();
            let frame = match (stop, text) {
                (Some(stop), Some(text)) => stop.with_vad_stop_transcript(text),
                (Some(stop), None) => stop,
                (None, Some(text)) => Frame::transcription(text),
                (None, None) => return,
            };
            // An error here means that the call is over.
            let _ = processor.push_frame(frame, FrameDirection::Downstream).await;
        });
    }
}

#[async_trait]
impl FrameHandler for ToneStt {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> rustvani::Result<()> {
        match &frame.inner {
            FrameInner::System(SystemFrame::InputAudioRaw(audio)) => {
                let interim = self.on_audio(audio);
                processor.push_frame(frame, direction).await?;
                match interim {
                    Some(interim) => processor.push_frame(interim, FrameDirection::Downstream).await,
                    None => Ok(()),
                }
            }
            FrameInner::System(SystemFrame::VADUserStoppedSpeaking { .. }) => {
                self.on_voice_stop(frame, processor);
                Ok(())
            }
            FrameInner::System(SystemFrame::VADUserStartedSpeaking { .. } | SystemFrame::Cancel { .. })
            | FrameInner::Control(ControlFrame::End { .. }) => {
                lock(&self.speech).stop = None;
                processor.push_frame(frame, direction).await
            }
            _ => processor.push_frame(frame, direction).await,
        }
    }
}

fn transcript(text: &str) -> TranscriptionData {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    TranscriptionData::new(text, "caller", now.as_secs().to_string()).with_language("en")
}

fn bill(billing: &dyn BillingCollector, audio: Duration) {
    billing.record(BillingEvent::SttUsage {
        session_id: billing.session_id(),
        provider: "tone".to_owned(),
        audio_duration_ms: audio.as_secs_f64() * 1_000.0,
        occurred_at: SystemTime::now().into(),
    });
}

fn lock(speech: &Mutex<Speech>) -> MutexGuard<'_, Speech> {
    speech.lock().unwrap_or_else(PoisonError::into_inner)
}
