//! Whose turn it is.
//!
//! ```text
//!                 bot starts               bot stops
//!   Waiting ────────────────▶ Speaking ────────────────▶ Spoken{since}
//!     │  ▲                       │  ▲                       │   │
//!     └──┘ user speaks:          │  └───────────────────────┘   │
//!          the same turn         │        bot starts            │
//!                                ▼                              ▼
//!                       user speaks: over,             user speaks, or nothing happens
//!                          interrupted                 for a while: over, completed
//! ```

use super::time::Time;

/// Who holds the floor in a turn, as far as the bot is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Floor {
    /// The bot has made no sound yet.
    #[default]
    Waiting,
    /// The bot is to be heard.
    Speaking,
    /// The bot has been heard, and is silent.
    Spoken {
        /// Since when.
        since: Time,
    },
}

/// What it means for a turn that the user begins to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserSpeaks {
    /// The turn goes on: the bot had not made a sound.
    SameTurn,
    /// The turn is over: the user cut the bot short.
    Interrupts,
    /// The turn was over when the bot fell silent.
    After {
        /// When that was.
        bot_stopped: Time,
    },
}

impl Floor {
    /// The bot's voice is to be heard.
    pub(crate) fn bot_starts(&mut self) {
        *self = Self::Speaking;
    }

    /// The bot's voice falls silent. Says nothing in a turn in which it was not to be heard.
    pub(crate) fn bot_stops(&mut self, now: Time) {
        if *self == Self::Speaking {
            *self = Self::Spoken { since: now };
        }
    }

    /// What it means that the user begins to speak.
    pub(crate) const fn user_speaks(self) -> UserSpeaks {
        match self {
            Self::Waiting => UserSpeaks::SameTurn,
            Self::Speaking => UserSpeaks::Interrupts,
            Self::Spoken { since } => UserSpeaks::After { bot_stopped: since },
        }
    }

    /// Whether the bot has been heard in this turn.
    pub(crate) const fn bot_was_heard(self) -> bool {
        !matches!(self, Self::Waiting)
    }

    /// Since when the bot has been silent after speaking.
    pub(crate) const fn silent_since(self) -> Option<Time> {
        match self {
            Self::Spoken { since } => Some(since),
            Self::Waiting | Self::Speaking => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Floor, UserSpeaks};
    use crate::engine::time::Time;

    const NOW: Time = Time::from_unix_nanos(5);

    #[test]
    fn a_user_who_speaks_before_the_bot_does_stays_in_the_turn() {
        assert_eq!(Floor::Waiting.user_speaks(), UserSpeaks::SameTurn);
    }

    #[test]
    fn a_bot_that_is_cut_short_was_interrupted() {
        let mut floor = Floor::Waiting;
        floor.bot_starts();
        assert_eq!(floor.user_speaks(), UserSpeaks::Interrupts);
    }

    #[test]
    fn a_bot_that_pauses_may_go_on() {
        let mut floor = Floor::Waiting;
        floor.bot_starts();
        floor.bot_stops(NOW);
        assert_eq!(floor.user_speaks(), UserSpeaks::After { bot_stopped: NOW });
        floor.bot_starts();
        assert_eq!(floor.silent_since(), None);
    }

    #[test]
    fn a_stop_without_a_start_says_nothing() {
        let mut floor = Floor::Waiting;
        floor.bot_stops(NOW);
        assert_eq!(floor, Floor::Waiting);
    }
}
