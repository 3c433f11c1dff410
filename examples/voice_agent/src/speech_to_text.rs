//! Speech-to-text stub: recognizes an utterance of the script by its pitch.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use example_common::caller::{Utterance, recognize};
use example_common::tone::{is_voiced, playing_time};
use flowcat_core::service::SttService;
use flowcat_core::{AudioFrame, Frame, Language, StartParams};

/// Silence that ends an utterance.
const END_OF_UTTERANCE: Duration = Duration::from_millis(320);
/// Speech before the interim transcript.
const INTERIM_AFTER: Duration = Duration::from_millis(500);

/// Recognizes the utterances of a script.
pub(crate) struct ToneStt {
    script: &'static [Utterance],
    voice: Vec<i16>,
    silence: Duration,
    interim_sent: bool,
}

impl ToneStt {
    /// Creates a recognizer of the utterances of `script`.
    pub(crate) fn new(script: &'static [Utterance]) -> Self {
        Self { script, voice: Vec::new(), silence: Duration::ZERO, interim_sent: false }
    }

    fn on_audio(&mut self, audio: &AudioFrame) -> Option<Frame> {
        if is_voiced(&audio.pcm) {
            self.silence = Duration::ZERO;
            self.voice.extend_from_slice(&audio.pcm);
            return self.interim_transcript(audio.sample_rate);
        }
        if self.voice.is_empty() {
            return None;
        }
        self.silence += playing_time(audio.len(), audio.sample_rate);
        (self.silence >= END_OF_UTTERANCE).then(|| self.final_transcript(audio.sample_rate)).flatten()
    }

    /// Returns the first word, once for each utterance.
    fn interim_transcript(&mut self, sample_rate: u32) -> Option<Frame> {
        if self.interim_sent || playing_time(self.voice.len(), sample_rate) < INTERIM_AFTER {
            return None;
        }
        self.interim_sent = true;
        let first_word = recognize(self.script, &self.voice, sample_rate)?.split(' ').next()?;
        Some(Frame::InterimTranscription {
            text: first_word.to_owned(),
            user_id: Arc::from("caller"),
            language: Some(Language("en".to_owned())),
        })
    }

    fn final_transcript(&mut self, sample_rate: u32) -> Option<Frame> {
        let text = recognize(self.script, &self.voice, sample_rate);
        self.voice.clear();
        self.interim_sent = false;
        Some(Frame::Transcription {
            text: text?.to_owned(),
            user_id: Arc::from("caller"),
            language: Some(Language("en".to_owned())),
            final_: true,
        })
    }
}

#[async_trait]
impl SttService for ToneStt {
    fn name(&self) -> &'static str {
        "tone"
    }

    async fn start(&mut self, _params: &StartParams) -> flowcat_core::Result<()> {
        Ok(())
    }

    async fn run_stt(&mut self, audio: Arc<AudioFrame>) -> flowcat_core::Result<Vec<Frame>> {
        Ok(self.on_audio(&audio).into_iter().collect())
    }

    /// Does nothing: flowcat's cascade mutes recognition while the bot speaks, which would rule out interruptions.
    async fn set_muted(&mut self, _muted: bool) {}
}
