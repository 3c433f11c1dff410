//! A stand-in for speech recognition: it hears real audio, and knows an utterance by its pitch.
//!
//! It keeps to the contract of rustvani's own services: the end of the user's voice is held back until there is a
//! transcript, and sent on with it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use rustvani::{
    AudioRawData, BillingCollector, BillingEvent, ControlFrame, Frame, FrameDirection, FrameHandler,
    FrameInner, FrameProcessor, SystemFrame, TranscriptionData,
};

use super::pcm::samples_of;
use crate::telephone::caller::{Say, line_spoken};
use crate::telephone::tone::{SAMPLE_RATE, is_voiced, playing_time};

/// How much is heard before a first guess.
const FIRST_GUESS: Duration = Duration::from_millis(500);
/// What a recognition in the cloud takes, once the user is silent.
const RECOGNITION: Duration = Duration::from_millis(120);

/// Recognises the lines of a script.
pub(crate) struct ToneStt {
    script: &'static [Say],
    billing: Arc<dyn BillingCollector>,
    heard: Arc<Mutex<Heard>>,
}

/// What has been heard of an utterance.
#[derive(Default)]
struct Heard {
    voice: Vec<i16>,
    guessed: bool,
    /// The end of the voice, while its transcript is awaited.
    stop: Option<Frame>,
}

impl ToneStt {
    /// Recognises the lines of `script`.
    pub(crate) fn new(script: &'static [Say], billing: Arc<dyn BillingCollector>) -> Self {
        Self { script, billing, heard: Arc::default() }
    }

    /// This, to be put into a pipeline.
    pub(crate) fn into_processor(self) -> FrameProcessor {
        FrameProcessor::new("ToneStt", Box::new(self), false)
    }

    /// Listens, and makes a first guess at what is being said.
    fn hear(&self, audio: &AudioRawData) -> Option<Frame> {
        let pcm = samples_of(&audio.audio);
        if !is_voiced(&pcm) {
            return None;
        }
        let mut heard = lock(&self.heard);
        heard.voice.extend(pcm);
        if heard.guessed || playing_time(heard.voice.len(), SAMPLE_RATE) < FIRST_GUESS {
            return None;
        }
        heard.guessed = true;
        let first_word = line_spoken(self.script, &heard.voice, SAMPLE_RATE)?.split(' ').next()?;
        Some(Frame::transcription(transcript(first_word)))
    }

    /// Holds the end of a voice back until it is known what was said.
    fn recognize(&self, stop: Frame, processor: &FrameProcessor) {
        let voice = {
            let mut heard = lock(&self.heard);
            heard.stop = Some(stop);
            heard.guessed = false;
            std::mem::take(&mut heard.voice)
        };
        let (script, billing, heard) = (self.script, Arc::clone(&self.billing), Arc::clone(&self.heard));
        let processor = processor.clone();
        tokio::spawn(async move {
            tokio::time::sleep(RECOGNITION).await;
            bill(&*billing, playing_time(voice.len(), SAMPLE_RATE));
            let said = line_spoken(script, &voice, SAMPLE_RATE).map(|text| transcript(text).finalized());
            // Without the stop, the user has gone on speaking: then this is a part of what they say.
            let stop = lock(&heard).stop.take();
            let frame = match (stop, said) {
                (Some(stop), Some(said)) => stop.with_vad_stop_transcript(said),
                (Some(stop), None) => stop,
                (None, Some(said)) => Frame::transcription(said),
                (None, None) => return,
            };
            // The call may be over.
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
                let guess = self.hear(audio);
                processor.push_frame(frame, direction).await?;
                match guess {
                    Some(guess) => processor.push_frame(guess, FrameDirection::Downstream).await,
                    None => Ok(()),
                }
            }
            FrameInner::System(SystemFrame::VADUserStoppedSpeaking { .. }) => {
                self.recognize(frame, processor);
                Ok(())
            }
            FrameInner::System(SystemFrame::VADUserStartedSpeaking { .. } | SystemFrame::Cancel { .. })
            | FrameInner::Control(ControlFrame::End { .. }) => {
                lock(&self.heard).stop = None;
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

fn bill(billing: &dyn BillingCollector, heard: Duration) {
    billing.record(BillingEvent::SttUsage {
        session_id: billing.session_id(),
        provider: "tone".to_owned(),
        audio_duration_ms: heard.as_secs_f64() * 1_000.0,
        occurred_at: SystemTime::now().into(),
    });
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
