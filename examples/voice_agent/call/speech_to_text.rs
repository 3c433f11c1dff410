//! A stand-in for speech recognition: it hears real audio, and knows an utterance by its pitch.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::service::SttService;
use flowcat_core::{AudioFrame, Frame, Language, StartParams};

use crate::telephone::caller::{Say, line_spoken};
use crate::telephone::tone::{is_voiced, playing_time};

/// Silence that ends an utterance.
const END_OF_UTTERANCE: Duration = Duration::from_millis(320);
/// How much is heard before a first guess.
const FIRST_GUESS: Duration = Duration::from_millis(500);

/// Recognises the lines of a script.
pub(crate) struct ToneStt {
    script: &'static [Say],
    voice: Vec<i16>,
    silence: Duration,
    guessed: bool,
}

impl ToneStt {
    /// Recognises the lines of `script`.
    pub(crate) fn new(script: &'static [Say]) -> Self {
        Self { script, voice: Vec::new(), silence: Duration::ZERO, guessed: false }
    }

    fn hear(&mut self, audio: &AudioFrame) -> Option<Frame> {
        if is_voiced(&audio.pcm) {
            self.silence = Duration::ZERO;
            self.voice.extend_from_slice(&audio.pcm);
            return self.guess(audio.sample_rate);
        }
        if self.voice.is_empty() {
            return None;
        }
        self.silence += playing_time(audio.len(), audio.sample_rate);
        (self.silence >= END_OF_UTTERANCE).then(|| self.decide(audio.sample_rate)).flatten()
    }

    /// A first word, once, as soon as there is enough to go by.
    fn guess(&mut self, sample_rate: u32) -> Option<Frame> {
        if self.guessed || playing_time(self.voice.len(), sample_rate) < FIRST_GUESS {
            return None;
        }
        self.guessed = true;
        let first_word = self.recognize(sample_rate)?.split(' ').next()?;
        Some(Frame::InterimTranscription {
            text: first_word.to_owned(),
            user_id: Arc::from("caller"),
            language: Some(Language("en".to_owned())),
        })
    }

    /// What was said.
    fn decide(&mut self, sample_rate: u32) -> Option<Frame> {
        let text = self.recognize(sample_rate);
        self.voice.clear();
        self.guessed = false;
        Some(Frame::Transcription {
            text: text?.to_owned(),
            user_id: Arc::from("caller"),
            language: Some(Language("en".to_owned())),
            final_: true,
        })
    }

    fn recognize(&self, sample_rate: u32) -> Option<&'static str> {
        line_spoken(self.script, &self.voice, sample_rate)
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
        Ok(self.hear(&audio).into_iter().collect())
    }

    /// Listens on: flowcat's cascade asks for silence while the bot speaks, but then nobody could cut in.
    async fn set_muted(&mut self, _muted: bool) {}
}
