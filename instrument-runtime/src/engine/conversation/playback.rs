//! Bot speech as the user hears it: announced by frames, or inferred from the audio that was sent.
//!
//! ```text
//!   announced   bot started ──▶ audible ──▶ bot stopped
//!   inferred    first audio ──▶ audible ──▶ all audio sent so far has been played, or an interruption
//! ```
//!
//! See [Frameworks with fewer frames](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#frameworks-with-fewer-frames).

use std::time::Duration;

use crate::engine::frame::{Chunking, Delivery, FrameId, Spacing, TextChunk};
use crate::engine::time::Time;
use crate::engine::truncate::to_bounded;

use super::config::{FrameSupport, Support};
use super::effect::Effect;
use super::turns::Milestone;

/// Upper bound on chunks of spoken text that wait for the bot to become audible.
const MAX_PENDING: usize = 64;

/// The audio that is being played, and the text that is spoken.
#[derive(Debug)]
pub(crate) struct Playback {
    bot_speech: Support,
    spoken_text: Support,
    /// When all audio sent so far will have been played, if that is inferred.
    ends_at: Option<Time>,
    /// When the bot last became audible.
    started_at: Option<Time>,
    /// The last piece of audio that was counted. Ids increase.
    last_audio: Option<FrameId>,
    /// Spoken text that was reported just before the bot became audible.
    pending: Vec<SpokenText>,
    /// Whether an output transport has reported any spoken text.
    has_reported_text: bool,
}

/// A chunk of spoken text.
#[derive(Debug)]
pub(crate) struct SpokenText {
    text: String,
    spacing: Spacing,
    chunking: Chunking,
    context_id: Option<String>,
}

impl SpokenText {
    fn new(chunk: &TextChunk<'_>) -> Self {
        Self {
            text: to_bounded(chunk.text),
            spacing: chunk.spacing,
            chunking: chunk.chunking,
            context_id: chunk.context_id.map(str::to_owned),
        }
    }

    pub(super) fn as_chunk(&self) -> TextChunk<'_> {
        TextChunk {
            text: &self.text,
            spacing: self.spacing,
            chunking: self.chunking,
            context_id: self.context_id.as_deref(),
            delivery: Delivery::Aloud,
        }
    }
}

impl Playback {
    pub(super) fn new(support: FrameSupport) -> Self {
        Self {
            bot_speech: support.bot_speech,
            spoken_text: support.spoken_text,
            ends_at: None,
            started_at: None,
            last_audio: None,
            pending: Vec::new(),
            has_reported_text: false,
        }
    }

    /// Whether the bot's speech is inferred from audio. It is until the framework announces it for the first time.
    pub(super) fn infers_bot(&self) -> bool {
        self.bot_speech != Support::Native
    }

    /// Returns when the audio sent so far will have been played, if that is inferred.
    pub(super) fn ends_at(&self) -> Option<Time> {
        self.ends_at
    }

    /// Returns when audio that is sent at `at` becomes audible: after all audio before it.
    pub(super) fn audible_from(&self, at: Time) -> Time {
        self.ends_at.map_or(at, |end| end.max(at))
    }

    /// Handles a frame that announces the bot's speech. Announcements that may be false are ignored.
    pub(super) fn on_bot_started_frame(&mut self, start: Milestone) -> Option<Effect> {
        if self.bot_speech == Support::Unreliable {
            return None;
        }
        self.bot_speech = Support::Native;
        self.ends_at = None;
        Some(Effect::BotStarted { start })
    }

    /// Handles a frame that announces the end of the bot's speech.
    pub(super) fn on_bot_stopped_frame(&self) -> Option<Effect> {
        (self.bot_speech == Support::Native).then_some(Effect::BotStopped)
    }

    /// Whether a piece of audio was counted at an earlier hop.
    pub(super) fn has_counted(&self, id: Option<FrameId>) -> bool {
        id.zip(self.last_audio).is_some_and(|(id, last)| id <= last)
    }

    /// Remembers that a piece of audio was counted.
    pub(super) fn on_audio_counted(&mut self, id: Option<FrameId>) {
        self.last_audio = id.or(self.last_audio);
    }

    /// Handles audio of `duration` sent from `from` on, if bot speech is inferred.
    pub(super) fn on_audio(
        &mut self,
        from: Time,
        duration: Duration,
        bot_is_speaking: bool,
    ) -> Option<Effect> {
        self.ends_at = Some(self.audible_from(from) + duration);
        (!bot_is_speaking).then_some(Effect::BotStarted { start: Milestone { at: from, by: None } })
    }

    /// Handles the end of playback: all audio sent so far has been played.
    pub(super) fn on_timeout(&mut self) -> Effect {
        self.ends_at = None;
        Effect::BotStopped
    }

    /// Handles spoken text from the output transport. Returns whether it counts at once, because the bot is audible or
    /// the text belongs to an ended turn. Otherwise it waits for the bot.
    pub(super) fn on_spoken_text(&mut self, chunk: &TextChunk<'_>, counts_now: bool) -> bool {
        self.has_reported_text = true;
        if !counts_now && self.pending.len() < MAX_PENDING {
            self.pending.push(SpokenText::new(chunk));
        }
        counts_now
    }

    /// Returns until when audio must have been sent to have been heard, when the bot stops at `now`. If the framework
    /// announces the bot, each announcement follows the audio that it is about.
    pub(super) fn heard_until(&self, now: Time) -> Option<Time> {
        if self.infers_bot() { Some(now) } else { self.started_at }
    }

    /// Handles the start of bot speech. Returns the text that waited for it, which counts now.
    pub(super) fn on_bot_start(&mut self, at: Time) -> Vec<SpokenText> {
        self.started_at = Some(at);
        std::mem::take(&mut self.pending)
    }

    /// Handles the request for a reply. Waiting text belongs to an earlier reply and is dropped.
    pub(super) fn on_reply_request(&mut self) {
        self.pending.clear();
    }

    /// Handles an interruption of the bot by the user or a Cancel.
    pub(super) fn on_interrupt(&mut self) {
        self.pending.clear();
        self.ends_at = None;
    }

    /// Handles the end of the turn. Returns the text that still waits. It counts if its reply was audible before.
    pub(super) fn on_turn_end(&mut self) -> Vec<SpokenText> {
        self.ends_at = None;
        std::mem::take(&mut self.pending)
    }

    /// Whether the framework reports the spoken text of a turn. With native support, it does if there is an output
    /// transport and either `may_be_reported` or spoken text was reported before. `may_be_reported` is `false` if the
    /// turn's services send no text that could be spoken.
    pub(super) fn reports_text(&self, has_output_transport: bool, may_be_reported: bool) -> bool {
        match self.spoken_text {
            Support::Native => has_output_transport && (may_be_reported || self.has_reported_text),
            Support::Inferred | Support::Unreliable => self.has_reported_text,
        }
    }
}
