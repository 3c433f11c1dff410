//! The state of a conversation behind its lock.
//!
//! ```text
//!   NotStarted ──first hop for the engine──▶ Active ──the engine is closed──▶ Closed
//!        │                                     │                                ▲
//!        └─────────────── close(), the last handle is dropped, a panic ─────────┘
//! ```

use crate::emit::Outbox;
use crate::engine::conversation::{Conversation, ConversationConfig};
use crate::engine::time::Time;
use crate::observer::audio_meter::{AudioMeter, AudioSource};

/// The state of a conversation behind its lock.
pub(super) enum ObservationState {
    NotStarted { config: ConversationConfig },
    Active(Box<ActiveConversation>),
    Closed,
}

impl ObservationState {
    /// Returns the settings of the conversation; `None` once it is closed.
    pub(super) fn config(&self) -> Option<&ConversationConfig> {
        match self {
            Self::NotStarted { config } => Some(config),
            Self::Active(active) => Some(active.conversation.config()),
            Self::Closed => None,
        }
    }

    /// Returns the active conversation, which the first call starts; `None` once it is closed.
    pub(super) fn start(&mut self) -> Option<&mut ActiveConversation> {
        if matches!(self, Self::NotStarted { .. })
            && let Self::NotStarted { config } = std::mem::replace(self, Self::Closed)
        {
            *self = Self::Active(Box::new(ActiveConversation::new(config)));
        }
        match self {
            Self::Active(active) => Some(active),
            Self::NotStarted { .. } | Self::Closed => None,
        }
    }
}

/// The state of a conversation that has started, behind the lock.
pub(super) struct ActiveConversation {
    pub(super) conversation: Conversation,
    /// The time of the newest event. Hops from several threads may overtake each other before they take the lock.
    newest: Time,
    /// The earliest pending wake-up.
    wake_up: Option<Time>,
    audio_source: Option<AudioSource>,
}

impl ActiveConversation {
    fn new(config: ConversationConfig) -> Self {
        Self {
            conversation: Conversation::new(config),
            newest: Time::default(),
            wake_up: None,
            audio_source: None,
        }
    }

    /// Returns the engine's time for an event at `now`. The engine's time never goes back.
    pub(super) fn advance_to(&mut self, now: Time) -> Time {
        self.newest = self.newest.max(now);
        // A due wake-up has fired, or will find no timeout left to handle.
        self.wake_up = self.wake_up.filter(|at| *at > self.newest);
        self.newest
    }

    /// Handles due timeouts, and returns the engine's time.
    pub(super) fn handle_timeout(&mut self, now: Time, audio: &AudioMeter, mut outbox: &Outbox) -> Time {
        self.drain_audio(audio, outbox);
        let now = self.advance_to(now);
        self.take_recordings(outbox);
        self.conversation.handle_timeout(now, &mut outbox);
        now
    }

    /// Passes the audio that the meter has counted to the engine.
    pub(super) fn drain_audio(&mut self, audio: &AudioMeter, mut outbox: &Outbox) {
        if let Some(source) = &self.audio_source
            && let Some(batch) = audio.drain_from(source)
        {
            self.conversation.handle_audio(&batch, &mut outbox);
        }
    }

    /// Tells the engine which turns the sampler has dropped: nothing need be gathered for them.
    pub(super) fn take_recordings(&mut self, outbox: &Outbox) {
        for (turn, recording) in outbox.take_recordings() {
            self.conversation.set_recording(turn, recording);
        }
    }

    /// Chooses the source of the audio that is counted, unless it is known.
    pub(super) fn choose_audio_source(&mut self, choose: impl FnOnce() -> Option<AudioSource>) {
        if self.audio_source.is_none() {
            self.audio_source = choose();
        }
    }

    /// Returns the next wake-up to schedule, unless one as early is pending. If the deadline moves back, as it does
    /// with every word of the bot, the pending wake-up fires early and schedules the next one.
    pub(super) fn next_wake_up(&mut self) -> Option<Time> {
        let deadline = self.conversation.poll_timeout()?;
        if self.wake_up.is_some_and(|at| at <= deadline) {
            return None;
        }
        self.wake_up = Some(deadline);
        self.wake_up
    }
}
