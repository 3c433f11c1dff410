//! The caller's loudspeaker, which plays the bot's audio in real time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::caller::BotVoice;

/// A loudspeaker. Clones share its state.
#[derive(Debug, Clone)]
pub struct Loudspeaker {
    plays_until: Arc<Mutex<Instant>>,
}

impl Default for Loudspeaker {
    fn default() -> Self {
        Self { plays_until: Arc::new(Mutex::new(Instant::now())) }
    }
}

impl Loudspeaker {
    /// Appends audio of this duration to what is still playing.
    pub fn play(&self, audio: Duration) {
        self.update(|until| until.max(Instant::now()) + audio);
    }

    /// Drops audio that has not been played yet.
    pub fn clear(&self) {
        self.update(|_| Instant::now());
    }

    /// Returns whether the bot is speaking now.
    pub fn bot_voice(&self) -> BotVoice {
        let until = *self.plays_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until > Instant::now() { BotVoice::Speaking } else { BotVoice::Silent }
    }

    fn update(&self, change: impl FnOnce(Instant) -> Instant) {
        let mut until = self.plays_until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = change(*until);
    }
}
