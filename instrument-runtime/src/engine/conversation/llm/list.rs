//! The LLM calls of open turns, and the rules by which a frame belongs to one of them.
//!
//! | frame | belongs to |
//! |---|---|
//! | a part of a response | the model's latest open call whose response has started, else its latest open call |
//! | tool calls | likewise, else the model's latest call |
//! | a metric | the model's latest call, unless that waits for the response of an earlier one |
//! | a user transcript of a speech-to-speech model | the call that answers the user's latest words |

use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::conversation::span::take_matching;
use crate::engine::conversation::turns::MAX_SPANS_PER_TURN;
use crate::engine::record::{SpanKey, TurnNumber};

use super::call::{CallTrigger, LlmCall};
use super::upcoming::UserFloor;

/// The LLM calls of open turns, oldest first.
#[derive(Debug, Default)]
pub(super) struct CallList(Vec<LlmCall>);

impl CallList {
    pub(super) fn push(&mut self, call: LlmCall) {
        self.0.push(call);
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &LlmCall> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut LlmCall> {
        self.0.iter_mut()
    }

    /// Returns the calls of a turn, latest first.
    pub(super) fn of_turn(&self, turn: TurnNumber) -> impl Iterator<Item = &LlmCall> {
        self.0
            .iter()
            .rev()
            .skip_while(move |call| call.turn() > turn)
            .take_while(move |call| call.turn() == turn)
    }

    /// Returns the calls of a turn, oldest first.
    pub(super) fn of_turn_mut(&mut self, turn: TurnNumber) -> impl DoubleEndedIterator<Item = &mut LlmCall> {
        self.0.iter_mut().filter(move |call| call.turn() == turn)
    }

    /// Returns the calls of a model, oldest first.
    pub(super) fn of(&self, llm: ProcessorIndex) -> impl DoubleEndedIterator<Item = &LlmCall> {
        self.0.iter().filter(move |call| call.service() == llm)
    }

    /// Returns the calls of a model, oldest first.
    pub(super) fn of_mut(&mut self, llm: ProcessorIndex) -> impl DoubleEndedIterator<Item = &mut LlmCall> {
        self.0.iter_mut().filter(move |call| call.service() == llm)
    }

    /// Returns the latest call of a model.
    pub(super) fn latest(&mut self, llm: ProcessorIndex) -> Option<&mut LlmCall> {
        self.of_mut(llm).next_back()
    }

    /// Returns the call with this span.
    pub(super) fn by_key(&mut self, key: SpanKey) -> Option<&mut LlmCall> {
        self.0.iter_mut().find(|call| call.key() == key)
    }

    /// Whether a call of a model is open, so that a part of a response belongs to it.
    pub(super) fn is_answering(&self, llm: ProcessorIndex) -> bool {
        self.answering_index(llm).is_some()
    }

    /// Returns the call that a part of a response belongs to.
    pub(super) fn answering(&mut self, llm: ProcessorIndex) -> Option<&mut LlmCall> {
        self.answering_index(llm).map(|index| &mut self.0[index])
    }

    fn answering_index(&self, llm: ProcessorIndex) -> Option<usize> {
        let is_open = |call: &LlmCall| call.service() == llm && call.is_open();
        let started = self.0.iter().rposition(|call| is_open(call) && call.response_has_started());
        started.or_else(|| self.0.iter().rposition(is_open))
    }

    /// Returns the call of the model `id` in a turn that a part of a response belongs to, if the time of a further chunk
    /// does not matter: the chunk is neither the first one nor the first after an error.
    #[inline]
    pub(super) fn gathering(&mut self, turn: TurnNumber, id: &str) -> Option<&mut LlmCall> {
        let of_turn = self.0.iter_mut().rev().take_while(|call| call.turn() == turn);
        let mut answering = of_turn.filter(|call| call.processor().id == id);
        answering
            .find(|call| call.is_open() && call.response_has_started())
            .filter(|call| call.only_gathers_text())
    }

    /// Returns the call that asks for tools.
    pub(super) fn asking(&mut self, llm: ProcessorIndex) -> Option<&mut LlmCall> {
        let index =
            self.answering_index(llm).or_else(|| self.0.iter().rposition(|call| call.service() == llm))?;
        Some(&mut self.0[index])
    }

    /// Returns the call of a turn that asked for the tool call `id`. If none is known to have asked, returns the model's
    /// latest call in the turn, else the turn's latest call.
    pub(super) fn asked_for(
        &mut self,
        id: &str,
        turn: TurnNumber,
        llm: ProcessorIndex,
    ) -> Option<&mut LlmCall> {
        let latest = |is_it: &dyn Fn(&LlmCall) -> bool| {
            self.0.iter().rposition(|call| call.turn() == turn && is_it(call))
        };
        let index = latest(&|call| call.has_tool_call(id))
            .or_else(|| latest(&|call| call.service() == llm))
            .or_else(|| latest(&|_| true))?;
        Some(&mut self.0[index])
    }

    /// Returns the call that a metric belongs to.
    pub(super) fn measured(&mut self, llm: ProcessorIndex) -> Option<&mut LlmCall> {
        let latest = self.0.iter().rposition(|call| call.service() == llm)?;
        let call = &self.0[latest];
        let waits = call.is_open() && !call.response_has_started();
        let previous = self.0[..latest].iter().rposition(|call| call.service() == llm);
        let answering = previous.filter(|&previous| waits && self.0[previous].answered_beyond(call.start()));
        Some(&mut self.0[answering.unwrap_or(latest)])
    }

    /// Returns the call that answers the user's latest words. If the user speaks again, a transcript is late only for a
    /// call without any; where speech is not announced, only for an open call.
    pub(super) fn heard(&mut self, llm: ProcessorIndex, user: &UserFloor) -> Option<&mut LlmCall> {
        if !user.is_announced() {
            return self.of_mut(llm).rfind(|call| call.is_open());
        }
        let call = self.of_mut(llm).rfind(|call| call.trigger() == CallTrigger::UserSpeech)?;
        let speaks_again = user.has_started_since(call.created());
        let is_heard = !speaks_again || (user.is_speaking() && !call.has_user_transcript());
        is_heard.then_some(call)
    }

    /// Whether a turn has reached the limit of spans of this kind.
    pub(super) fn is_full(&self, turn: TurnNumber) -> bool {
        self.0.len() >= MAX_SPANS_PER_TURN && self.of_turn(turn).count() >= MAX_SPANS_PER_TURN
    }

    /// Keeps the calls for which `is_kept` returns `true`.
    pub(super) fn retain(&mut self, is_kept: impl FnMut(&LlmCall) -> bool) {
        self.0.retain(is_kept);
    }

    /// Removes the calls of a turn.
    pub(super) fn take(&mut self, turn: TurnNumber) -> Vec<LlmCall> {
        take_matching(&mut self.0, |call| call.turn() == turn)
    }

    /// Removes the oldest call of a turn.
    pub(super) fn take_oldest(&mut self, turn: TurnNumber) -> Option<LlmCall> {
        let oldest = self.0.iter().position(|call| call.turn() == turn)?;
        Some(self.0.remove(oldest))
    }
}
