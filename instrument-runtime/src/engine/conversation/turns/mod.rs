//! Turns: start, end and timeout.
//!
//! ```text
//!             user starts, or a service does           user starts, timeout, End, Cancel
//!   no turn ─────────────────────────────────▶ current ─────────────────────────────────▶ ended ──▶ released
//!                                                                                           │
//!                                                               stays open for late events: 2 s at the most
//! ```
//!
//! The [floor](Floor) decides whether a user start continues, interrupts or follows the current turn.
//!
//! See [Turns](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#turns).

mod floor;
mod latency;
mod turn;
mod wait;

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::record::{EndReason, Recording, SpanKey, TurnNumber};
use crate::engine::speech::{Speaker, Speech, SpeechChange};
use crate::engine::time::Time;

use super::effect::Moment;
use super::span::{SpanError, SpanKeys};

pub(super) use floor::Floor;
pub(super) use latency::{Milestones, Owners, SynthesisStart, ToolInterval};
pub(super) use turn::{ChildSpan, Turn};
pub(super) use wait::{Milestone, VoiceStop};

/// Upper bound on spans of one kind in an open turn. Beyond it, the oldest one is written early.
pub(super) const MAX_SPANS_PER_TURN: usize = 256;

/// The time that the spans of an ended turn stay open for late events.
const MAX_LATENESS: Duration = Duration::from_secs(2);

/// Upper bound on ended turns kept open for late events.
const MAX_ENDED: usize = 64;

/// Upper bound on errors that wait for a turn.
const MAX_PENDING_ERRORS: usize = 8;

/// The current turn, and the ended ones whose spans are still open.
#[derive(Debug)]
pub(crate) struct Turns {
    timeout: Duration,
    current: Option<Box<Turn>>,
    ended: VecDeque<Box<Turn>>,
    next_number: u32,
    last_end: Time,
    /// Errors between turns.
    pending_errors: Vec<SpanError>,
}

/// Activity of a turn's services: whether one is under way, and when the last of the others ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    is_busy: bool,
    last_end: Option<Time>,
}

impl Activity {
    /// Adds one span.
    pub(super) fn add(&mut self, is_under_way: bool, ended_at: Option<Time>) {
        self.is_busy |= is_under_way;
        self.last_end = self.last_end.max(ended_at);
    }

    fn is_busy(self) -> bool {
        self.is_busy
    }

    fn last_end(self) -> Option<Time> {
        self.last_end
    }
}

impl Turns {
    /// Creates a tracker whose turns end `timeout` after the bot is done.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            current: None,
            ended: VecDeque::new(),
            next_number: 1,
            last_end: Time::default(),
            pending_errors: Vec::new(),
        }
    }

    pub(super) fn current(&self) -> Option<&Turn> {
        self.current.as_deref()
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut Turn> {
        self.current.as_deref_mut()
    }

    pub(super) fn current_number(&self) -> Option<TurnNumber> {
        self.current().map(Turn::number)
    }

    /// Returns the state of the floor in the current turn; `None` between turns.
    pub(super) fn floor(&self) -> Option<Floor> {
        self.current().map(Turn::floor)
    }

    /// Whether the bot is audible now.
    pub(super) fn bot_is_speaking(&self) -> bool {
        self.floor() == Some(Floor::Speaking)
    }

    /// Whether the bot is audible now, or may be: its start may have been missed.
    pub(super) fn bot_may_be_speaking(&self) -> bool {
        matches!(self.floor(), Some(Floor::Speaking | Floor::Unknown))
    }

    /// Whether no turn has started yet.
    pub(super) fn is_empty(&self) -> bool {
        self.next_number == 1
    }

    /// Returns a turn that is current or still open.
    pub(super) fn get_mut(&mut self, number: TurnNumber) -> Option<&mut Turn> {
        let mut turns = self.current.iter_mut().chain(self.ended.iter_mut().rev());
        turns.find(|turn| turn.number() == number).map(Box::as_mut)
    }

    /// Sets how the sink records a turn that is current or still open, and returns the turn.
    pub(super) fn set_recording(&mut self, turn: SpanKey, recording: Recording) -> Option<&Turn> {
        let mut turns = self.current.iter_mut().chain(&mut self.ended);
        let turn = turns.find(|other| other.key() == turn)?;
        turn.set_recording(recording);
        Some(turn)
    }

    /// Returns the number of the turn that ended last, while its spans are open.
    pub(super) fn last_ended(&self) -> Option<TurnNumber> {
        self.ended.back().map(|turn| turn.number())
    }

    /// Returns when the current turn times out, and when the bot was done in it; `None` while the bot is not done.
    pub(super) fn timeout(&self, activity: impl FnOnce(TurnNumber) -> Activity) -> Option<(Time, Time)> {
        let turn = self.current()?;
        let done_at = turn.done_at(|| activity(turn.number()))?;
        Some((done_at + self.timeout, done_at))
    }

    /// Returns when the spans of the oldest ended turn are due to be written.
    pub(super) fn next_release(&self) -> Option<Time> {
        self.ended.front().and_then(|turn| turn.release_at())
    }

    /// Starts a turn. Errors that waited for a turn belong to it.
    pub(super) fn start(
        &mut self,
        at: Time,
        floor: Floor,
        keys: &mut SpanKeys,
        moment: &mut Moment<'_>,
    ) -> TurnNumber {
        // A completed turn ends no later than the next one starts, even if the start is detected afterwards.
        if let Some(end) = self.ended.back_mut().and_then(|last| last.on_next_turn(at)) {
            self.last_end = end;
        }
        let number = TurnNumber(self.next_number);
        self.next_number += 1;
        let mut turn = Turn::new(number, keys.allocate(), at.max(self.last_end), floor);
        for error in std::mem::take(&mut self.pending_errors) {
            turn.on_error(error, moment.sink);
        }
        self.current = Some(Box::new(turn));
        number
    }

    /// Ends the current turn. Its spans stay open for late events.
    pub(super) fn end(&mut self, at: Time, reason: EndReason, moment: &mut Moment<'_>) {
        let Some(mut turn) = self.current.take() else { return };
        let at = turn.on_end(at, reason, moment.now + MAX_LATENESS);
        if turn.floor() == Floor::Speaking {
            moment.sink.speech(Speech { who: Speaker::Bot, at, change: SpeechChange::Stops });
        }
        self.last_end = at;
        self.ended.push_back(turn);
    }

    /// Whether more ended turns are open than the limit allows.
    pub(super) fn has_too_many_ended(&self) -> bool {
        self.ended.len() > MAX_ENDED
    }

    /// Removes the oldest ended turn, for its spans to be written.
    pub(super) fn pop_ended(&mut self) -> Option<Box<Turn>> {
        self.ended.pop_front()
    }

    /// Handles an error that does not belong to any span below a turn.
    pub(super) fn on_error(&mut self, error: SpanError, moment: &mut Moment<'_>) {
        match &mut self.current {
            Some(turn) => turn.on_error(error, moment.sink),
            None if self.pending_errors.len() < MAX_PENDING_ERRORS => self.pending_errors.push(error),
            None => {}
        }
    }
}
