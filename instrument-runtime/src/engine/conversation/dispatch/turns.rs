//! Routes frames of the pipeline and of the user, which start, interrupt and end turns.
//!
//! See [Turns](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#turns).

use crate::engine::frame::{FramePushed, Role};
use crate::engine::record::{EndReason, TurnNumber};
use crate::engine::time::Time;

use crate::engine::conversation::effect::Moment;
use crate::engine::conversation::turn_scope::TurnScope;
use crate::engine::conversation::turns::{Activity, Floor};
use crate::engine::conversation::{Beginning, Conversation, Phase};

impl Conversation {
    pub(super) fn on_pipeline_start(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        self.processors.update(hop.source);
        self.processors.update(hop.destination);
        if self.beginning != Beginning::Seen && self.turns.current().is_none() {
            self.start_turn(moment.now, Floor::Waiting, moment);
        }
        self.beginning = Beginning::Seen;
    }

    pub(super) fn on_pipeline_end(&mut self, moment: &mut Moment<'_>) {
        self.end_last_turn(moment);
        self.release_all(moment);
    }

    /// Ends the current turn at the end of the pipeline: completed if the bot was done.
    pub(crate) fn end_last_turn(&mut self, moment: &mut Moment<'_>) {
        match self.turns.timeout(|turn| self.activity(turn)) {
            Some((_, done_at)) => self.end_turn(done_at, EndReason::Completed, moment),
            None => self.end_turn(moment.now, EndReason::Ended, moment),
        }
    }

    /// Adds the synthesis and the output transport of a hop to the known processors, if the start of the pipeline, which
    /// passes all of them, was missed. Without a known synthesis, the text of an answer would be the bot's speech.
    pub(crate) fn learn_processors(&mut self, hop: &FramePushed<'_>) {
        if self.beginning != Beginning::Seen {
            for processor in [hop.source, hop.destination] {
                if matches!(processor.role(), Role::Tts | Role::OutputTransport) {
                    self.processors.update(processor);
                }
            }
        }
    }

    pub(crate) fn on_cancel(&mut self, moment: &mut Moment<'_>) {
        if self.phase == Phase::Running {
            self.interrupt(moment);
            self.end_turn(moment.now, EndReason::Cancelled, moment);
            self.phase = Phase::Cancelled;
        }
    }

    pub(crate) fn release_all(&mut self, moment: &mut Moment<'_>) {
        while self.turns.last_ended().is_some() {
            self.release_oldest_turn(moment);
        }
        self.phase = Phase::Closed;
    }

    /// Handles the start of user speech, in the current turn or in a new one.
    pub(super) fn on_user_started(&mut self, at: Time, moment: &mut Moment<'_>) {
        let previous = self.turns.current_number();
        self.on_user_turn(at, moment);
        self.llm.on_user_started(moment.now);
        let turn = self.turns.current_number();
        let effects = self.stt.on_turn_taken(at, previous, turn, &mut self.keys);
        self.apply(effects, moment);
    }

    /// Handles input of the user, spoken or typed. It interrupts running services. If the bot has spoken in the turn,
    /// it ends the turn and starts another one.
    pub(super) fn on_user_turn(&mut self, at: Time, moment: &mut Moment<'_>) {
        let Some(turn) = self.turns.current() else { return self.start_turn(at, Floor::Waiting, moment) };
        let at = if at < turn.start() { moment.now } else { at };
        let end = turn.end_at_user_start(at, self.activity(turn.number()));
        self.interrupt(moment);
        if let Some((end, reason)) = end {
            self.end_turn(end, reason, moment);
            self.start_turn(at, Floor::Waiting, moment);
        }
    }

    /// Interrupts everything that is under way in the current turn, after user input or a Cancel.
    pub(super) fn interrupt(&mut self, moment: &mut Moment<'_>) {
        self.playback.on_interrupt();
        let Some(turn) = self.turns.current() else { return };
        let (number, now) = (turn.number(), moment.now);
        let bot_was_done = turn.done_at(|| self.activity(number)).is_some();
        let has_reply = self.llm.has_calls(number) || self.tts.has_syntheses(number);
        self.llm.on_interrupt(number, now);
        self.tts.on_interrupt(number, now, self.turns.bot_is_speaking(), has_reply && !bot_was_done);
        self.operations.on_interrupt(number, now);
    }

    pub(super) fn start_turn(&mut self, at: Time, floor: Floor, moment: &mut Moment<'_>) {
        let number = self.turns.start(at, floor, &mut self.keys, moment);
        self.operations.on_turn_start(number, moment.now);
        if let Some(turn) = self.turns.current_mut() {
            self.stt.on_turn_start(&mut TurnScope::new(turn, &mut self.operations, moment.sink));
        }
    }

    pub(crate) fn end_turn(&mut self, at: Time, reason: EndReason, moment: &mut Moment<'_>) {
        let Some(turn) = self.turns.current_number() else { return };
        let effect = self.stt.on_turn_end(turn);
        self.apply(effect, moment);
        self.tts.on_turn_end(turn);
        for pending in self.playback.on_turn_end() {
            let chunk = pending.as_chunk();
            if self.tts.is_spoken(turn, chunk.context_id) {
                self.on_spoken_text(&chunk);
            }
        }
        self.turns.end(at, reason, moment);
        if self.turns.has_too_many_ended() {
            self.release_oldest_turn(moment);
        }
    }

    /// Starts a turn if there is none, because a service is active.
    pub(super) fn ensure_turn(&mut self, moment: &mut Moment<'_>) {
        if self.turns.current().is_none() {
            let may_be_speaking =
                self.beginning == Beginning::NotSeen && self.turns.is_empty() && !self.playback.infers_bot();
            let floor = if may_be_speaking { Floor::Unknown } else { Floor::Waiting };
            self.start_turn(moment.now, floor, moment);
        }
    }

    /// Ensures that there is a turn and that its span has started.
    pub(crate) fn ensure_turn_span(&mut self, moment: &mut Moment<'_>) {
        self.release_oldest_spans(moment);
        self.ensure_turn(moment);
        if let Some(turn) = self.turns.current_mut() {
            turn.begin(moment.sink);
        }
    }

    /// Returns the activity of all services in a turn.
    pub(crate) fn activity(&self, turn: TurnNumber) -> Activity {
        let mut activity = Activity::default();
        self.llm.add_activity(turn, &mut activity);
        self.tools.add_activity(turn, &mut activity);
        self.tts.add_activity(turn, &mut activity);
        self.operations.add_activity(turn, &mut activity);
        activity
    }
}
