//! How turns begin, end and are let go.

use std::time::Duration;

use super::super::spans::{Ended, Turn};
use super::super::{Conversation, Moment, Phase};
use crate::engine::frame::FramePushed;
use crate::engine::record::{EndReason, SpanKey, TurnNumber};
use crate::engine::speech::{Speaker, Speech, SpeechChange};
use crate::engine::time::Time;
use crate::engine::turn::{Floor, UserSpeaks};

/// How long the spans of an ended turn are held for what comes late.
const HELD_FOR: Duration = Duration::from_secs(2);

/// No more ended turns than this are held: so many within two seconds are nobody's conversation.
const MOST_HELD: usize = 64;

/// Something that comes due without a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Due {
    /// The audio that was sent has been played.
    PlaybackEnds,
    /// The bot has been silent for long enough.
    TurnEnds {
        /// When the bot was done.
        at: Time,
    },
    /// The oldest ended turn has been held for long enough.
    Release,
}

impl Conversation {
    /// What comes due next without a frame, and when.
    pub(in super::super) fn next_due(&self) -> Option<(Time, Due)> {
        if self.phase == Phase::Closed {
            return None;
        }
        let mut next = self.playback.ends_at().map(|at| (at, Due::PlaybackEnds));
        let mut consider = |at: Time, due| {
            if next.is_none_or(|(earliest, _)| at < earliest) {
                next = Some((at, due));
            }
        };
        if let Some(at) = self.turn.as_ref().and_then(Turn::bot_done_at) {
            consider(at + self.config.turn_end_timeout, Due::TurnEnds { at });
        }
        if let Some(ended) = self.held.front().and_then(|turn| turn.ended) {
            consider(ended.release_at, Due::Release);
        }
        next
    }

    pub(in super::super) fn does(&mut self, due: Due, moment: &mut Moment<'_>) {
        match due {
            Due::PlaybackEnds => self.playback_ends(moment),
            Due::TurnEnds { at } => self.end_turn(at, EndReason::Completed, moment),
            Due::Release => self.release_oldest(moment),
        }
    }

    pub(in super::super) fn starts(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        self.services.described(hop.source);
        self.services.described(hop.destination);
        if !self.started && self.turn.is_none() {
            self.begin_turn(moment.now, moment);
        }
        self.started = true;
    }

    pub(in super::super) fn pipeline_ends(&mut self, moment: &mut Moment<'_>) {
        let done_at = self.turn.as_ref().and_then(Turn::bot_done_at);
        match done_at {
            Some(at) => self.end_turn(at, EndReason::Completed, moment),
            None => self.end_turn(moment.now, EndReason::Ended, moment),
        }
    }

    pub(in super::super) fn is_cancelled(&mut self, moment: &mut Moment<'_>) {
        if self.phase != Phase::Running {
            return;
        }
        self.cut_what_is_under_way(moment);
        self.end_turn(moment.now, EndReason::Cancelled, moment);
        self.phase = Phase::Cancelled;
    }

    pub(in super::super) fn lets_go_of_all(&mut self, moment: &mut Moment<'_>) {
        while !self.held.is_empty() {
            self.release_oldest(moment);
        }
        self.phase = Phase::Closed;
    }

    /// The user begins to speak (or types): ends the turn under way, if that means its end, and begins one.
    pub(in super::super) fn user_takes_turn(&mut self, start: Time, moment: &mut Moment<'_>) {
        let Some(turn) = &self.turn else {
            self.begin_turn(start, moment);
            return;
        };
        let start = if start < turn.start { moment.now } else { start };
        let (floor, busy) = (turn.floor, turn.is_busy());
        let services_end = turn.services_end();
        self.cut_what_is_under_way(moment);
        match floor.user_speaks() {
            UserSpeaks::SameTurn => {}
            UserSpeaks::Interrupts => {
                self.end_turn(start, EndReason::Interrupted, moment);
                self.begin_turn(start, moment);
            }
            UserSpeaks::After { bot_stopped } => {
                let done =
                    if busy { start } else { services_end.map_or(bot_stopped, |at| at.max(bot_stopped)) };
                self.end_turn(done.min(start), EndReason::Completed, moment);
                self.begin_turn(start, moment);
            }
        }
    }

    /// The turn under way; one that begins now, if there is none.
    pub(in super::super) fn turn_or_new(&mut self, moment: &mut Moment<'_>) -> &mut Turn {
        let turn = match self.turn.take() {
            Some(turn) => turn,
            None => self.new_turn(moment.now, moment),
        };
        self.turn.insert(turn)
    }

    /// The same, with its span begun.
    pub(in super::super) fn begun_turn(&mut self, moment: &mut Moment<'_>) -> &mut Turn {
        self.make_room(moment);
        let turn = self.turn_or_new(moment);
        turn.begin(moment.spans);
        turn
    }

    /// A turn that has very many spans lets go of its oldest.
    pub(in super::super) fn make_room(&mut self, moment: &mut Moment<'_>) {
        let Some(mut turn) = self.turn.take_if(|turn| turn.is_crowded()) else { return };
        turn.make_room(moment.now, &self.facts_of(&turn), moment.spans);
        self.turn = Some(turn);
    }

    /// The turn of a number, under way or held.
    pub(in super::super) fn turn_of(&mut self, number: TurnNumber) -> Option<&mut Turn> {
        self.turns_newest_first().find(|turn| turn.number == number)
    }

    /// Every turn whose spans are not out yet.
    pub(in super::super) fn turns_newest_first(&mut self) -> impl Iterator<Item = &mut Turn> {
        self.turn.iter_mut().chain(self.held.iter_mut().rev())
    }

    pub(in super::super) fn new_key(&mut self) -> SpanKey {
        self.next_key += 1;
        SpanKey(self.next_key)
    }

    fn begin_turn(&mut self, start: Time, moment: &mut Moment<'_>) {
        let turn = self.new_turn(start, moment);
        self.turn = Some(turn);
    }

    fn new_turn(&mut self, start: Time, moment: &mut Moment<'_>) -> Turn {
        // A completed turn ends no later than the next one begins, even if that is found out afterwards.
        if let Some(last) = self.held.back_mut()
            && let Some(ended) = &mut last.ended
        {
            ended.at = ended.at.min(start).max(last.start);
            self.last_turn_end = ended.at;
        }
        let start = start.max(self.last_turn_end);
        let mut turn = Turn::new(TurnNumber(self.next_turn), self.new_key(), start);
        self.next_turn += 1;
        for fault in std::mem::take(&mut self.pending_faults) {
            turn.faults.push(fault);
            turn.begin(moment.spans);
        }
        self.operations_come_into(&mut turn, moment.now);
        for mut utterance in std::mem::take(&mut self.carried) {
            turn.takes_in(&mut utterance);
            turn.begin_utterance(&mut utterance, moment.spans);
            turn.utterances.push(utterance);
        }
        turn
    }

    fn end_turn(&mut self, at: Time, reason: EndReason, moment: &mut Moment<'_>) {
        let Some(turn) = &self.turn else { return };
        let number = turn.number;
        if let Some(utterance) = self.utterance.take_if(|utterance| {
            utterance.turn == Some(number) || (utterance.spoken_in == Some(number) && utterance.has_words())
        }) {
            self.settle(utterance, moment);
        }
        self.forget_blip();
        self.charge_pending_characters();
        self.settle_pending_spoken();
        self.playback = self.playback.stopped();
        let Some(mut turn) = self.turn.take() else { return };
        let at = at.max(turn.start);
        if turn.floor == Floor::Speaking {
            moment.spans.speech(Speech { who: Speaker::Bot, at, change: SpeechChange::Stops });
        }
        turn.ended = Some(Ended { at, reason, release_at: moment.now + HELD_FOR });
        self.last_turn_end = at;
        self.held.push_back(turn);
        if self.held.len() > MOST_HELD {
            self.release_oldest(moment);
        }
    }

    fn cut_what_is_under_way(&mut self, moment: &mut Moment<'_>) {
        self.pending_spoken.clear();
        let Some(turn) = &mut self.turn else { return };
        let had_begun = !turn.calls.is_empty() || !turn.syntheses.is_empty();
        let bot_was_done = turn.bot_done_at().is_some();
        turn.cut(moment.now);
        if had_begun && !bot_was_done {
            self.reply_is_dead = true;
        }
        self.playback = self.playback.stopped();
    }

    fn release_oldest(&mut self, moment: &mut Moment<'_>) {
        if let Some(turn) = self.held.pop_front() {
            self.release(turn, moment);
        }
    }

    /// Writes a turn's spans down, children first.
    fn release(&self, turn: Turn, moment: &mut Moment<'_>) {
        let facts = self.facts_of(&turn);
        turn.release(&facts, moment.spans);
    }
}
