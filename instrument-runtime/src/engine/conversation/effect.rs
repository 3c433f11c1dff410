//! Consequences of one tracker's event for other trackers.
//!
//! A tracker changes its own fields only. It returns consequences for others as [`Effect`]s, and
//! [`Conversation::apply`](super::Conversation::apply) passes them to the trackers that they concern:
//!
//! ```text
//!   stt       UserStarted ─────▶ turns, then stt; what it interrupts: llm, tts, operations, playback
//!             UtteranceJoined ─▶ stt, with the current turn
//!             UtteranceEnded ──▶ stt, with the turn that it belongs to
//!             VoiceEnded ──────▶ turns
//!   llm       AnswerText ──────▶ tts
//!             TextAnswered ────▶ as BotStarted and BotStopped
//!   playback  BotStarted ──────▶ stt, turns, playback
//!             BotStopped ──────▶ stt, tts, turns
//! ```

use crate::engine::record::{SpanKey, SpanSink, TurnNumber};
use crate::engine::time::Time;

use super::turns::{Milestone, VoiceStop};

/// The time of an event, and the sink for its spans.
pub(crate) struct Moment<'s> {
    pub(super) now: Time,
    pub(super) sink: &'s mut dyn SpanSink,
}

/// A consequence of one tracker's event for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The user starts to speak.
    UserStarted {
        /// When the voice started, else now.
        at: Time,
    },
    /// The current utterance belongs to the current turn.
    UtteranceJoined,
    /// An utterance has ended.
    UtteranceEnded,
    /// The user's voice has ended.
    VoiceEnded {
        /// The turn that the utterance belongs to.
        turn: TurnNumber,
        stop: VoiceStop,
    },
    /// An LLM call has answered with text to speak.
    AnswerText { call: SpanKey },
    /// An LLM call has answered in a conversation without synthesis: its text is the bot's speech.
    TextAnswered,
    /// The bot becomes audible.
    BotStarted { start: Milestone },
    /// The bot falls silent.
    BotStopped,
}

/// The phase of the conversation when a metric arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricPhase {
    Running,
    /// A Cancel is on its way. A metric counts only for spans that were open when the Cancel came.
    Cancelled,
}
