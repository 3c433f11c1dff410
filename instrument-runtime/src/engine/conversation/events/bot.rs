//! What is heard of the bot: announced by frames, or told by the audio that was sent.

use std::time::Duration;

use super::super::spans::{Facts, Synthesis, Turn};
use super::super::{AudioBatch, Conversation, Moment, Support};
use crate::engine::dedup::Aspect;
use crate::engine::frame::{Audio, Chunking, Delivery, FrameId, FramePushed, Role, Spacing, TextChunk};
use crate::engine::speech::{Speaker, Speech, SpeechChange};
use crate::engine::time::Time;
use crate::engine::turn::Floor;

/// No more spoken text than this waits for the bot to be heard.
const MOST_PENDING: usize = 64;

/// How far the audio that was sent has been played, where no frame says when the bot speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Playback {
    ends_at: Option<Time>,
    /// The newest piece of audio that was counted: ids count up.
    last_audio: Option<FrameId>,
}

impl Playback {
    pub(in super::super) fn ends_at(self) -> Option<Time> {
        self.ends_at
    }

    /// Nothing is played any more.
    pub(in super::super) fn stopped(self) -> Self {
        Self { ends_at: None, ..self }
    }

    /// When audio that is sent at `at` begins to be heard.
    pub(in super::super) fn reaches_ear_at(self, at: Time) -> Time {
        self.ends_at.map_or(at, |end| end.max(at))
    }
}

/// Text that the output transport says is spoken, a moment before the bot is heard.
#[derive(Debug)]
pub(in super::super) struct SpokenText {
    text: String,
    spacing: Spacing,
    chunking: Chunking,
    context_id: Option<String>,
}

impl SpokenText {
    fn of(chunk: &TextChunk<'_>) -> Self {
        Self {
            text: chunk.text.to_owned(),
            spacing: chunk.spacing,
            chunking: chunk.chunking,
            context_id: chunk.context_id.map(str::to_owned),
        }
    }

    fn chunk(&self) -> TextChunk<'_> {
        TextChunk {
            text: &self.text,
            spacing: self.spacing,
            chunking: self.chunking,
            context_id: self.context_id.as_deref(),
            delivery: Delivery::Aloud,
        }
    }
}

impl Conversation {
    /// A frame says that the bot is to be heard.
    pub(in super::super) fn bot_is_announced(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        self.services.role_of_pusher(hop.source, hop.frame.kind());
        if self.config.signals.bot_speech == Support::Unreliable {
            return;
        }
        self.config.signals.bot_speech = Support::Native;
        self.playback = self.playback.stopped();
        self.bot_starts(moment);
    }

    /// A frame says that the bot is no longer to be heard.
    pub(in super::super) fn bot_stop_is_announced(&mut self, moment: &mut Moment<'_>) {
        if self.config.signals.bot_speech == Support::Native {
            self.bot_stops(moment);
        }
    }

    pub(in super::super) fn bot_starts(&mut self, moment: &mut Moment<'_>) {
        if !self.voice.is_detected() {
            // Without voice activity, what is heard after the bot has spoken is a new utterance.
            if self.utterance.as_ref().is_some_and(super::super::spans::Utterance::has_final) {
                self.settle_current(moment);
            }
        }
        let now = moment.now;
        let turn = self.turn_or_new(moment);
        turn.begin(moment.spans);
        turn.bot_starts(now);
        moment.spans.speech(Speech { who: Speaker::Bot, at: now, change: SpeechChange::Starts });
        for pending in std::mem::take(&mut self.pending_spoken) {
            self.count_as_spoken(&pending.chunk());
        }
    }

    pub(in super::super) fn bot_stops(&mut self, moment: &mut Moment<'_>) {
        self.settle_back_channel(moment);
        self.voice.bot_stopped(moment.now);
        moment.spans.speech(Speech { who: Speaker::Bot, at: moment.now, change: SpeechChange::Stops });
        if let Some(turn) = &mut self.turn {
            turn.floor.bot_stops(moment.now);
        }
    }

    /// A hop of a piece of outgoing audio. It counts once, where its service sends it.
    pub(in super::super) fn audio_passes(
        &mut self,
        hop: &FramePushed<'_>,
        audio: Audio,
        moment: &mut Moment<'_>,
    ) {
        let is_known = hop.id.zip(self.playback.last_audio).is_some_and(|(id, last)| id <= last);
        if is_known {
            return;
        }
        let batch = AudioBatch {
            kind: hop.frame.kind(),
            source: hop.source,
            first: moment.now,
            last: moment.now,
            duration: audio.duration(),
        };
        if self.audio_is_sent(&batch, moment) {
            self.playback.last_audio = hop.id.or(self.playback.last_audio);
        }
    }

    /// Audio is sent to the user; whether it was a service that sent it.
    pub(in super::super) fn audio_is_sent(
        &mut self,
        batch: &AudioBatch<'_>,
        moment: &mut Moment<'_>,
    ) -> bool {
        match self.services.role_of_pusher(batch.source, batch.kind) {
            Role::Tts => self.tts_sends_audio(batch, moment),
            Role::Llm => self.model_speaks(batch.source, moment),
            _ => return false,
        }
        if self.infers_bot() && !self.reply_is_dead {
            self.plays(batch.first, batch.duration, moment);
        }
        true
    }

    /// The bot speaks from the first audio to when all that was sent has been played.
    fn plays(&mut self, from: Time, duration: Duration, moment: &mut Moment<'_>) {
        let is_speaking = self.turn.as_ref().is_some_and(|turn| turn.floor == Floor::Speaking);
        if !is_speaking {
            self.bot_starts(&mut Moment { now: from, spans: moment.spans });
        }
        self.playback.ends_at = Some(self.playback.reaches_ear_at(from) + duration);
    }

    pub(in super::super) fn playback_ends(&mut self, moment: &mut Moment<'_>) {
        self.playback = self.playback.stopped();
        self.bot_stops(moment);
    }

    pub(in super::super) fn infers_bot(&self) -> bool {
        self.config.signals.bot_speech != Support::Native
    }

    /// Whether the next piece of audio would start something: the bot's speech, or a synthesis.
    pub(in super::super) fn next_audio_says_something_new(&self) -> bool {
        let is_speaking = self.turn.as_ref().is_some_and(|turn| turn.floor == Floor::Speaking);
        let newest = self.turn.as_ref().and_then(|turn| turn.syntheses.last());
        let is_heard_of = newest.is_some_and(|synthesis| {
            synthesis.first_audio().is_some() && synthesis.reply == self.replies && !synthesis.is_cut()
        });
        !is_heard_of || (self.infers_bot() && !is_speaking)
    }

    /// A hop of synthesized text: said by the service that synthesizes it, and once more by the output transport
    /// when it is spoken.
    pub(in super::super) fn tts_text_passes(
        &mut self,
        hop: &FramePushed<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let role = self.services.role_of_pusher(hop.source, hop.frame.kind());
        match role {
            _ if chunk.delivery == Delivery::Silent => {}
            Role::Tts | Role::Llm if self.seen.insert_aspect(hop.id, Aspect::Frame) => {
                self.tts_says(hop.source, chunk, moment);
            }
            Role::OutputTransport if self.seen.insert_aspect(hop.id, Aspect::Spoken) => {
                self.services.index_of(hop.source);
                self.spoken_text_seen = true;
                self.text_is_spoken(chunk);
            }
            _ => {}
        }
    }

    fn text_is_spoken(&mut self, chunk: &TextChunk<'_>) {
        let is_speaking = self.turn.as_ref().is_some_and(|turn| turn.floor == Floor::Speaking);
        if is_speaking || self.is_of_ended_turn(chunk) {
            self.count_as_spoken(chunk);
        } else if self.pending_spoken.len() < MOST_PENDING {
            self.pending_spoken.push(SpokenText::of(chunk));
        }
    }

    fn is_of_ended_turn(&self, chunk: &TextChunk<'_>) -> bool {
        chunk.context_id.is_some() && self.held.iter().any(|turn| turn.reply(chunk.context_id).is_some())
    }

    /// Text is heard: it belongs to the reply that it names, and to that one's turn, if the bot was heard in it.
    fn count_as_spoken(&mut self, chunk: &TextChunk<'_>) {
        let not_interrupted_since = self.last_interruption;
        let home = self.turns_newest_first().find(|turn| turn.reply(chunk.context_id).is_some());
        if let Some(turn) = home {
            if turn.floor.bot_was_heard() {
                turn.speaks_of_reply(chunk, not_interrupted_since);
            }
        } else if let Some(turn) = &mut self.turn {
            turn.speaks(chunk);
        }
    }

    /// The turn ends: text that waited for the bot to be heard again counts if its reply had been heard before.
    pub(in super::super) fn settle_pending_spoken(&mut self) {
        for pending in std::mem::take(&mut self.pending_spoken) {
            let chunk = pending.chunk();
            let was_heard = self
                .turn
                .as_ref()
                .and_then(|turn| turn.reply(chunk.context_id))
                .is_some_and(Synthesis::is_spoken);
            if was_heard {
                self.count_as_spoken(&chunk);
            }
        }
    }

    /// What a turn's spans are completed with.
    pub(in super::super) fn facts_of(&self, turn: &Turn) -> Facts<'_> {
        Facts {
            services: &self.services,
            spoken_text_is_told: self.spoken_text_is_told(turn),
            user_id: self.user_id.clone(),
        }
    }

    /// Whether the framework tells what was spoken in a turn.
    fn spoken_text_is_told(&self, turn: &Turn) -> bool {
        match self.config.signals.spoken_text {
            Support::Native if self.services.has(Role::OutputTransport) => {
                // A bot that was heard, though its synthesis has never sent a word, is one of which nobody tells.
                let sends_text = self.services.any(|service| service.habits.sends_text);
                let could_be_told =
                    sends_text || (self.services.has(Role::Tts) && !turn.floor.bot_was_heard());
                could_be_told || self.spoken_text_seen
            }
            Support::Native => false,
            Support::Inferred | Support::Unreliable => self.spoken_text_seen,
        }
    }
}
