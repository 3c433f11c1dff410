//! Who is to be heard, from when to when: what is no span, but what spans are looked at beside.

use super::time::Time;

/// One of the two who speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The person on the line.
    User,
    /// The bot.
    Bot,
}

/// Whether somebody begins to be heard, or is no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpeechChange {
    /// From now on.
    Starts,
    /// Until now.
    Stops,
}

/// Somebody begins to be heard, or is no longer.
///
/// As the frames tell it: a start may come twice, and so may a stop: a bot that is cut has stopped, and stops once more if
/// it is told to have gone on until later. Where the framework does not tell when the bot speaks, it is the time in which
/// the audio that was sent is played.
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
    /// Who.
    pub who: Speaker,
    /// From when on, or until when. It may lie a little before what was told last: a voice is found to have ended only
    /// after some silence.
    pub at: Time,
    /// Which of the two.
    pub change: SpeechChange,
}
