//! The loudspeaker at the caller's end: it plays in real time what it was sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::caller::Bot;

/// A loudspeaker, shared by those who send it audio and the one who listens.
#[derive(Debug, Clone)]
pub(crate) struct Loudspeaker {
    plays_until: Arc<Mutex<Instant>>,
}

impl Loudspeaker {
    /// A silent one.
    pub(crate) fn new() -> Self {
        Self { plays_until: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Plays so much audio, after what is still to be played.
    pub(crate) fn play(&self, audio: Duration) {
        self.update(|until| until.max(Instant::now()) + audio);
    }

    /// Drops what has not been played yet.
    pub(crate) fn clear(&self) {
        self.update(|_| Instant::now());
    }

    /// What is to be heard of the bot now.
    pub(crate) fn bot(&self) -> Bot {
        let until = *self.plays_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until > Instant::now() { Bot::Speaking } else { Bot::Silent }
    }

    fn update(&self, change: impl FnOnce(Instant) -> Instant) {
        let mut until = self.plays_until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = change(*until);
    }
}
