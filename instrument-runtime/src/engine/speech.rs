//! User and bot speech intervals. They are not spans; viewers draw them next to spans.

use super::time::Time;

/// A participant of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The user.
    User,
    /// The bot.
    Bot,
}

/// Whether a speaker becomes audible or falls silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpeechChange {
    /// The speaker becomes audible.
    Starts,
    /// The speaker falls silent.
    Stops,
}

/// A speaker becomes audible or falls silent.
///
/// Starts and stops may repeat, as in the frames: an interrupted bot has stopped, and stops again when the framework
/// announces it. Where the framework does not announce the bot, it speaks while the audio sent is being played.
///
/// ```
/// use pipecat_instrument_runtime::engine::record::{Recording, SpanRecord, SpanStart, SpanSink};
/// use pipecat_instrument_runtime::engine::speech::{Speaker, Speech, SpeechChange};
///
/// /// Counts how often the bot began to speak.
/// #[derive(Default)]
/// struct Talkative(u32);
///
/// impl SpanSink for Talkative {
///     fn start(&mut self, _: SpanStart) -> Recording {
///         Recording::No
///     }
///     fn end(&mut self, _: SpanRecord) {}
///     fn speech(&mut self, speech: Speech) {
///         if (speech.who, speech.change) == (Speaker::Bot, SpeechChange::Starts) {
///             self.0 += 1;
///         }
///     }
/// }
/// # let _ = Talkative::default();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Speech {
    /// The speaker.
    pub who: Speaker,
    /// The time of the change. It may precede that of the last change: the end of a voice is detected only after some
    /// silence.
    pub at: Time,
    /// The change.
    pub change: SpeechChange,
}
