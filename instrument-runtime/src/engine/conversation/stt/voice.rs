//! The user's voice: when it was detected, and whether the user was announced.
//!
//! ```text
//!   voice starts ──▶ unused ──▶ the user is announced: used ──▶ voice stops
//!                        └─ it stops, and then the bot does: a muted user, whom it does not announce
//! ```
//!
//! See [STT](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#stt).

use crate::engine::conversation::turns::VoiceStop;
use crate::engine::time::Time;

use super::Utterance;

/// The user's voice, as it was detected and announced.
#[derive(Debug, Default)]
pub(super) struct Voice {
    latest: Option<VoiceActivity>,
    /// The end of a voice whose start was not detected, until an utterance begins. The user may have been muted.
    stop_without_start: Option<VoiceStop>,
    is_detected: bool,
    is_announced: bool,
    is_user_speaking: bool,
    last_bot_stop: Option<Time>,
}

/// One voice activity.
#[derive(Debug, Clone, Copy)]
struct VoiceActivity {
    start: Time,
    stop: Option<Time>,
    /// Whether it has announced the user, which it does once.
    is_used: bool,
}

impl Voice {
    /// Whether voice activity is detected in this conversation.
    pub(super) fn is_detected(&self) -> bool {
        self.is_detected
    }

    /// Whether the framework has announced the user at least once.
    pub(super) fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// Whether the framework has announced the user as speaking, and not as stopped since.
    pub(super) fn is_user_speaking(&self) -> bool {
        self.is_user_speaking
    }

    /// Whether the latest voice activity has announced the user.
    pub(super) fn has_announced_user(&self) -> bool {
        self.latest.is_some_and(|latest| latest.is_used)
    }

    /// Returns the start of the voice activity behind a user start that is announced now. Voice activity that ended
    /// before the bot last stopped belongs to a muted user and does not count.
    pub(super) fn start_of_user(&self) -> Option<Time> {
        let latest = self.latest.filter(|activity| !activity.is_used)?;
        let ended_before_bot = latest.stop.zip(self.last_bot_stop).is_some_and(|(stop, bot)| stop < bot);
        (!ended_before_bot).then_some(latest.start)
    }

    /// Whether a user start that is announced now, with this voice activity if any, belongs to `utterance`.
    pub(super) fn belongs_to(&self, utterance: &Utterance, voice: Option<Time>) -> bool {
        match (utterance.turn(), voice) {
            (None, Some(_)) => true,
            (None, None) => !self.is_detected || utterance.spoken_in().is_none(),
            // With voice detection, a second announcement without new voice activity belongs to the same utterance.
            (Some(_), None) => self.is_detected,
            (Some(_), Some(_)) => false,
        }
    }

    /// Handles the start of voice activity. Within announced speech, it belongs to that announcement, and not to the
    /// next one.
    pub(super) fn on_start(&mut self, now: Time) {
        self.is_detected = true;
        self.latest = Some(VoiceActivity { start: now, stop: None, is_used: self.is_user_speaking });
        self.stop_without_start = None;
    }

    /// Handles the end of voice activity.
    pub(super) fn on_stop(&mut self, stop: VoiceStop) {
        match self.latest.as_mut().filter(|latest| latest.stop.is_none()) {
            Some(latest) => latest.stop = Some(stop.at),
            None => self.stop_without_start = Some(stop),
        }
    }

    /// Returns and forgets the end of a voice whose start was not detected, as an utterance begins now.
    pub(super) fn take_stop_without_start(&mut self) -> Option<VoiceStop> {
        self.stop_without_start.take()
    }

    /// Handles the announcement that the user speaks.
    pub(super) fn on_announced_start(&mut self) {
        self.is_announced = true;
        self.is_user_speaking = true;
    }

    /// Handles the announcement that the user has stopped.
    pub(super) fn on_announced_stop(&mut self) {
        self.is_user_speaking = false;
    }

    /// Handles a user start, announced or inferred, to which the latest voice activity belongs.
    pub(super) fn on_use(&mut self) {
        if let Some(latest) = &mut self.latest {
            latest.is_used = true;
        }
    }

    pub(super) fn on_bot_start(&mut self) {
        self.stop_without_start = None;
        self.is_user_speaking = false;
    }

    pub(super) fn on_bot_stop(&mut self, now: Time) {
        self.last_bot_stop = Some(now);
        self.stop_without_start = None;
    }
}
