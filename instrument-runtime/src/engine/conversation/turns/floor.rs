//! The state of the bot's speech in a turn.
//!
//! ```text
//!                 bot starts               bot stops
//!   Waiting ────────────────▶ Speaking ────────────────▶ Spoken{since}
//!     │  ▲                       │  ▲                       │   │
//!     └──┘ user starts:          │  └───────────────────────┘   │
//!          the turn continues    │        bot starts            │
//!                                ▼                              ▼
//!                       user starts:                   user starts, or timeout:
//!                       interrupted                    completed
//!
//!   Unknown (the observer was added during the turn): as Waiting once a model is asked, as Speaking once the bot
//!   starts, as Spoken once it stops; completed if the user starts before any of these
//! ```
//!
//! See [Interruption](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#interruption).

use crate::engine::time::Time;

/// Whether the bot has spoken in a turn, and whether it still does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Floor {
    /// The bot has not made a sound yet.
    #[default]
    Waiting,
    /// The observer was added during the turn. The bot may have spoken already, and may still do.
    Unknown,
    /// The bot is audible.
    Speaking,
    /// The bot has spoken and is silent.
    Spoken {
        /// When it fell silent.
        since: Time,
    },
}

/// The consequence for a turn when the user starts to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TurnChange {
    /// The turn continues: the bot has not made a sound.
    Continues,
    /// The turn ends: the user interrupts the bot.
    Interrupted,
    /// The turn ended when the bot fell silent.
    Completed {
        /// When the bot fell silent; `None` if that was not observed.
        bot_stopped: Option<Time>,
    },
}

impl Floor {
    /// Handles the start of bot speech.
    pub(crate) fn on_bot_start(&mut self) {
        *self = Self::Speaking;
    }

    /// Handles the end of bot speech. Has no effect without a start before it, unless that may have been missed.
    pub(crate) fn on_bot_stop(&mut self, now: Time) {
        if matches!(self, Self::Speaking | Self::Unknown) {
            *self = Self::Spoken { since: now };
        }
    }

    /// Handles a context that reaches a model: an answer follows.
    pub(crate) fn on_context(&mut self) {
        if *self == Self::Unknown {
            *self = Self::Waiting;
        }
    }

    /// Returns the consequence if the user starts to speak now.
    pub(crate) const fn change_at_user_start(self) -> TurnChange {
        match self {
            Self::Waiting => TurnChange::Continues,
            Self::Speaking => TurnChange::Interrupted,
            Self::Spoken { since } => TurnChange::Completed { bot_stopped: Some(since) },
            Self::Unknown => TurnChange::Completed { bot_stopped: None },
        }
    }

    /// Whether the bot has spoken in this turn, or may have.
    pub(crate) const fn bot_has_spoken(self) -> bool {
        !matches!(self, Self::Waiting)
    }

    /// Returns when the bot fell silent; `None` if it is speaking or has not spoken.
    pub(crate) const fn silent_since(self) -> Option<Time> {
        match self {
            Self::Spoken { since } => Some(since),
            Self::Waiting | Self::Unknown | Self::Speaking => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Floor, TurnChange};
    use crate::engine::time::Time;

    const NOW: Time = Time::from_unix_nanos(5);

    #[test]
    fn user_before_bot_continues_the_turn() {
        assert_eq!(Floor::Waiting.change_at_user_start(), TurnChange::Continues);
    }

    #[test]
    fn user_during_bot_interrupts_the_turn() {
        let mut floor = Floor::Waiting;
        floor.on_bot_start();
        assert_eq!(floor.change_at_user_start(), TurnChange::Interrupted);
    }

    #[test]
    fn bot_may_continue_after_a_pause() {
        let mut floor = Floor::Waiting;
        floor.on_bot_start();
        floor.on_bot_stop(NOW);
        assert_eq!(floor.change_at_user_start(), TurnChange::Completed { bot_stopped: Some(NOW) });
        floor.on_bot_start();
        assert_eq!(floor.silent_since(), None);
    }

    #[test]
    fn stop_without_start_changes_nothing() {
        let mut floor = Floor::Waiting;
        floor.on_bot_stop(NOW);
        assert_eq!(floor, Floor::Waiting);
    }

    #[test]
    fn stop_ends_speech_whose_start_was_missed() {
        let mut floor = Floor::Unknown;
        floor.on_bot_stop(NOW);
        assert_eq!(floor, Floor::Spoken { since: NOW });
    }

    #[test]
    fn user_ends_a_turn_whose_start_was_missed() {
        assert_eq!(Floor::Unknown.change_at_user_start(), TurnChange::Completed { bot_stopped: None });
        let mut asked = Floor::Unknown;
        asked.on_context();
        assert_eq!(asked.change_at_user_start(), TurnChange::Continues);
    }
}
