//! Routes frames of synthesis and of audible bot speech.
//!
//! See [TTS](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tts).

use crate::engine::conversation::effect::Moment;
use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::conversation::tts::{FirstSign, NextSynthesis};
use crate::engine::conversation::turn_scope::TurnScope;
use crate::engine::conversation::turns::Milestone;
use crate::engine::conversation::{AudioBatch, Conversation};
use crate::engine::dedup::Aspect;
use crate::engine::frame::{Audio, Delivery, FrameKind, FramePushed, ProcessorRef, Role, TextChunk};
use crate::engine::speech::{Speaker, Speech, SpeechChange};
use crate::engine::time::Time;

impl Conversation {
    pub(super) fn start_synthesis(
        &mut self,
        tts: ProcessorIndex,
        sign: FirstSign,
        at: Time,
        moment: &mut Moment<'_>,
    ) {
        self.ensure_turn_span(moment);
        if let Some(turn) = self.turns.current_mut() {
            let mut scope = TurnScope::new(turn, &mut self.operations, moment.sink);
            self.tts.start(tts, sign, at, &self.processors, &mut self.keys, &mut scope);
        }
    }

    /// Starts a synthesis for a reply, unless there is one.
    pub(super) fn ensure_synthesis(
        &mut self,
        tts: ProcessorIndex,
        context_id: Option<&str>,
        sign: FirstSign,
        moment: &mut Moment<'_>,
    ) {
        let started = match self.tts.next(tts, context_id) {
            NextSynthesis::Existing => return,
            NextSynthesis::New => None,
            NextSynthesis::StartedBefore(at) => Some(at),
        };
        self.start_synthesis(tts, sign, started.unwrap_or(moment.now), moment);
        self.tts.on_named(tts, context_id, started);
    }

    pub(super) fn on_aggregated_text(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let Some(tts) = self.as_tts(source, FrameKind::AggregatedText) else { return };
        if chunk.delivery == Delivery::Aloud {
            self.processors.on_reported_input(tts);
            self.ensure_synthesis(tts, chunk.context_id, FirstSign::Text, moment);
            self.tts.on_aggregated_text(tts, chunk);
        }
    }

    pub(super) fn on_tts_started(
        &mut self,
        source: ProcessorRef<'_>,
        context_id: Option<&str>,
        moment: &mut Moment<'_>,
    ) {
        if self.processors.role_of_pusher(source, FrameKind::TtsStarted) == Role::Llm {
            let llm = self.on_speech_to_speech(source, moment);
            if !self.llm.is_latest_under_way(llm) {
                self.on_response(llm, moment);
            }
        } else if let Some(tts) = self.as_tts(source, FrameKind::TtsStarted) {
            self.ensure_synthesis(tts, context_id, FirstSign::Mark, moment);
            self.tts.on_start(tts, context_id, moment.now);
        }
    }

    /// Handles a hop of TTS text. The text counts once as synthesized, when the service sends it, and once as spoken,
    /// when the output transport sends it.
    pub(super) fn on_tts_text(
        &mut self,
        hop: &FramePushed<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let role = self.processors.role_of_pusher(hop.source, FrameKind::TtsText);
        match role {
            _ if chunk.delivery == Delivery::Silent => {}
            Role::Tts | Role::Llm if self.seen.insert_aspect(hop.id, Aspect::Frame) => {
                self.on_synthesized_text(hop.source, chunk, moment);
            }
            Role::OutputTransport if self.seen.insert_aspect(hop.id, Aspect::Spoken) => {
                self.processors.index_of(hop.source);
                let turn = self.turns.current_number();
                let is_of_ended_turn = |context_id: &str| self.tts.is_of_other_turn(context_id, turn);
                let counts_now =
                    self.turns.bot_may_be_speaking() || chunk.context_id.is_some_and(is_of_ended_turn);
                if self.playback.on_spoken_text(chunk, counts_now) {
                    self.on_spoken_text(chunk);
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_synthesized_text(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let index = self.processors.index_of(source);
        self.processors.on_reported_input(index);
        self.processors.on_sent_text(index);
        if self.processors.role_at(index) == Role::Llm {
            self.on_llm_speech_text(source, chunk, moment);
        } else {
            self.ensure_synthesis(index, chunk.context_id, FirstSign::Text, moment);
            self.tts.on_synthesized_text(index, chunk);
        }
    }

    pub(super) fn as_tts(&mut self, source: ProcessorRef<'_>, kind: FrameKind) -> Option<ProcessorIndex> {
        (self.processors.role_of_pusher(source, kind) == Role::Tts).then(|| self.processors.update(source))
    }
}

impl Conversation {
    /// Handles a hop of outgoing audio. The audio counts once, when its service sends it.
    pub(super) fn on_audio(&mut self, hop: &FramePushed<'_>, audio: Audio, moment: &mut Moment<'_>) {
        if self.playback.has_counted(hop.id) {
            return;
        }
        let batch = AudioBatch {
            kind: hop.frame.kind(),
            source: hop.source,
            first: moment.now,
            last: moment.now,
            duration: audio.duration(),
        };
        if self.on_audio_batch(&batch, moment) {
            self.playback.on_audio_counted(hop.id);
        }
    }

    /// Handles outgoing audio. Returns whether a service sent it.
    pub(crate) fn on_audio_batch(&mut self, batch: &AudioBatch<'_>, moment: &mut Moment<'_>) -> bool {
        match self.processors.role_of_pusher(batch.source, batch.kind) {
            Role::Tts => {
                let tts = self.processors.index_of(batch.source);
                if !self.tts.takes_audio(tts) {
                    self.start_synthesis(tts, FirstSign::Work, batch.first, moment);
                }
                let audible_from = self.playback.audible_from(batch.first);
                self.tts.on_audio(tts, batch.first, batch.last, batch.duration, audible_from);
            }
            Role::Llm => {
                self.on_llm_speech(batch.source, moment);
                let audio = Milestone { at: batch.first, by: Some(self.processors.index_of(batch.source)) };
                if let Some(turn) = self.turns.current_mut() {
                    turn.on_live_audio(audio);
                }
            }
            _ => return false,
        }
        if self.playback.infers_bot() && !self.tts.reply_is_dead() {
            let bot_is_speaking = self.turns.bot_is_speaking();
            let effect = self.playback.on_audio(batch.first, batch.duration, bot_is_speaking);
            self.apply(effect, moment);
        }
        true
    }

    /// Whether the next piece of outgoing audio would start something: the bot's speech, or a synthesis.
    pub(crate) fn next_audio_is_news(&self) -> bool {
        !self.tts.has_audio(self.turns.current_number())
            || (self.playback.infers_bot() && !self.turns.bot_is_speaking())
    }

    pub(super) fn on_bot_started(&mut self, start: Milestone, moment: &mut Moment<'_>) {
        let at = start.at;
        let moment = &mut Moment { now: at, sink: moment.sink };
        let effect = self.stt.on_bot_start();
        self.apply(effect, moment);
        self.ensure_turn(moment);
        if let Some(turn) = self.turns.current_mut() {
            turn.begin(moment.sink);
            turn.on_bot_start(start);
        }
        moment.sink.speech(Speech { who: Speaker::Bot, at, change: SpeechChange::Starts });
        for pending in self.playback.on_bot_start(at) {
            self.on_spoken_text(&pending.as_chunk());
        }
    }

    pub(super) fn on_bot_stopped(&mut self, moment: &mut Moment<'_>) {
        let effect = self.stt.on_bot_stop(moment.now);
        self.apply(effect, moment);
        moment.sink.speech(Speech { who: Speaker::Bot, at: moment.now, change: SpeechChange::Stops });
        if let Some(heard_until) = self.playback.heard_until(moment.now) {
            self.tts.on_bot_stop(heard_until);
        }
        if let Some(turn) = self.turns.current_mut() {
            turn.on_bot_stop(moment.now);
        }
    }

    /// Handles the end of playback: all audio sent so far has been played.
    pub(crate) fn on_playback_end(&mut self, moment: &mut Moment<'_>) {
        let effect = self.playback.on_timeout();
        self.apply([effect], moment);
    }

    /// Handles spoken text. It belongs to the reply with its context id, and to that reply's turn if the bot has spoken
    /// in it.
    pub(super) fn on_spoken_text(&mut self, chunk: &TextChunk<'_>) {
        let Some(turn) = self.tts.turn_of(chunk.context_id) else {
            if let Some(turn) = self.turns.current_mut() {
                turn.on_spoken_text(chunk);
            }
            return;
        };
        if let Some(turn) = self.turns.get_mut(turn).filter(|turn| turn.floor().bot_has_spoken()) {
            turn.on_spoken_text(chunk);
            self.tts.on_spoken_text(turn.number(), chunk);
        }
    }
}
