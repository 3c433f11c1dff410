//! LLM calls: start, end and interruption of each call, and the assignment of responses, metrics and tool calls to
//! calls.
//!
//! ```text
//!   context ──▶ supersedes the model's calls that do not stream ──▶ a new call
//!   response start ──▶ the call that waits for it ──▶ text, tool calls ──▶ response end
//!                      (or a new call, which supersedes the others)
//! ```
//!
//! A speech-to-speech model receives a context after each reply, which is not a request: its calls start with their
//! responses. Until frames show the kind of a model, the spans of its calls are not started.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

mod call;
mod context;

use std::time::Duration;

use crate::engine::frame::{
    Delivery, FrameId, FunctionCall, FunctionCallList, Measurement, Metric, Spacing, TextChunk,
};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{SpanKey, TurnNumber};
use crate::engine::time::Time;
use crate::engine::truncate::to_bounded;

use super::effect::{Effect, MetricPhase};
use super::operations::{Claimable, Operations, TracedOperation};
use super::processors::{ProcessorIndex, Processors};
use super::span::{SpanBase, SpanError, SpanKeys, is_open_or_just_closed, take_matching};
use super::stt::UserSpeech;
use super::tools::to_tool_call;
use super::turn_scope::TurnScope;
use super::turns::{Activity, MAX_SPANS_PER_TURN};

pub(super) use call::{LlmCall, NewCall};
use context::ContextHistory;
pub use context::{ContextCopy, ContextDemand};
pub(super) use context::{ContextSource, NewMessage, SentContext};

/// Maximum time between a time to first byte from a speech-to-speech model and the response that it belongs to.
const MAX_EARLY_TTFB: Duration = Duration::from_millis(10);

/// The LLM calls of open turns, oldest first.
#[derive(Debug, Default)]
pub(crate) struct LlmCalls {
    calls: Vec<LlmCall>,
    contexts: ContextHistory,
    /// User transcripts from speech-to-speech models that have no call yet.
    early_transcripts: Vec<(ProcessorIndex, String)>,
    early_ttfb: Option<EarlyTtfb>,
    /// The time of the last `InterruptionFrame`.
    last_interruption: Option<Time>,
}

/// A time to first byte that came before its response.
#[derive(Debug)]
struct EarlyTtfb {
    llm: ProcessorIndex,
    at: Time,
    seconds: f64,
    model: Option<String>,
}

impl LlmCalls {
    /// Handles an `InterruptionFrame`. Alone it interrupts nothing: Pipecat sends one at every user start.
    pub(super) fn on_interruption(&mut self, now: Time) {
        self.last_interruption = Some(now);
    }

    /// Whether a context has reached a model before.
    pub(super) fn has_context_hop(&self, id: Option<FrameId>, llm: ProcessorIndex) -> bool {
        self.contexts.has_hop(id, llm)
    }

    /// Whether this is the first hop of a context into a model.
    pub(super) fn insert_context_hop(&mut self, id: Option<FrameId>, llm: ProcessorIndex) -> bool {
        self.contexts.insert_hop(id, llm)
    }

    /// Returns the last user message of `context`, if the model has not received it before.
    pub(super) fn new_message(
        &self,
        llm: ProcessorIndex,
        context: &SentContext,
        user: &UserSpeech,
    ) -> Option<NewMessage> {
        self.contexts.new_message(llm, context, user)
    }

    /// Handles a context that is a request to a model. It ends the model's earlier calls, except for one whose response
    /// still streams: models answer contexts one by one.
    pub(super) fn on_request(
        &mut self,
        llm: ProcessorIndex,
        context: &SentContext,
        transcripts: u64,
        now: Time,
    ) {
        self.contexts.on_request(llm, context, transcripts);
        let last_interruption = self.last_interruption;
        for call in self.of_mut(llm).filter(|call| !call.is_streaming(last_interruption)) {
            call.on_superseded(now);
        }
    }

    /// Starts a call. It continues a matching traced operation.
    pub(super) fn start(
        &mut self,
        new: NewCall,
        claimable: Claimable,
        now: Time,
        processors: &Processors,
        keys: &mut SpanKeys,
        scope: &mut TurnScope<'_>,
    ) {
        let llm = new.service;
        let key = keys.allocate();
        let claimed = scope.claim(ServiceKind::Llm, &new.processor, key, claimable);
        let awaits_kind = claimed.is_none()
            && processors.may_have_speech_to_speech()
            && !processors.is_speech_to_speech(llm);
        let records_content = scope.turn().records_content();
        let span = SpanBase::continuing(claimed, key, now);
        let mut call = LlmCall::new(span, scope.number(), new, records_content, awaits_kind);
        if let Some(index) = self.early_transcripts.iter().position(|(of, _)| *of == llm) {
            call.on_user_transcript(&self.early_transcripts.remove(index).1);
        }
        if let Some(early) = self.early_ttfb.take()
            && early.llm == llm
            && now.since(early.at) <= MAX_EARLY_TTFB
        {
            let value = Measurement::TimeToFirstByte(early.seconds);
            let model = early.model.as_deref();
            call.on_metric(&Metric { processor: &processors.description(llm).name, model, value });
        }
        if !awaits_kind && claimed.is_none() {
            scope.start(&call.child_span());
        }
        self.calls.push(call);
    }

    /// Handles the start of a response. It belongs to the model's waiting call, and ends all others. Returns `false` if
    /// no call waits, and the caller must start one. A response never continues an interrupted call.
    pub(super) fn on_response(&mut self, llm: ProcessorIndex, now: Time) -> bool {
        let latest = self.of(llm).next_back();
        let taking =
            latest.filter(|call| call.is_under_way() && call.first_token().is_none()).map(LlmCall::key);
        for call in self.of_mut(llm).filter(|call| Some(call.key()) != taking && !call.is_interrupted()) {
            call.on_superseded(now);
        }
        taking.is_some()
    }

    /// Handles a frame that announces the start of the latest call's response.
    pub(super) fn on_response_start(&mut self, llm: ProcessorIndex, now: Time) {
        if let Some(call) = self.latest(llm) {
            call.on_response_start(now);
        }
    }

    /// Whether a call of the model is open, so that a response belongs to it.
    pub(super) fn is_answering(&self, llm: ProcessorIndex) -> bool {
        self.answering_index(llm).is_some()
    }

    /// Whether the latest call of the model is under way.
    pub(super) fn is_latest_under_way(&self, llm: ProcessorIndex) -> bool {
        self.of(llm).next_back().is_some_and(LlmCall::is_under_way)
    }

    /// Handles a chunk of a response.
    pub(super) fn on_text(
        &mut self,
        llm: ProcessorIndex,
        now: Time,
        chunk: &TextChunk<'_>,
    ) -> Option<Effect> {
        let call = self.answering(llm)?;
        call.on_text(now, chunk);
        (chunk.delivery == Delivery::Aloud).then_some(Effect::AnswerText { call: call.key() })
    }

    /// Returns the call of the model `id` in a turn, if the time of a further chunk does not matter: the chunk is
    /// neither the first one nor the first after an error.
    #[inline]
    pub(super) fn gathering(&mut self, turn: TurnNumber, id: &str) -> Option<&mut LlmCall> {
        let of_turn = self.calls.iter_mut().rev().take_while(|call| call.turn() == turn);
        let mut answering = of_turn.filter(|call| call.processor().id == id);
        answering
            .find(|call| call.is_open() && call.response_has_started())
            .filter(|call| call.only_gathers_text())
    }

    /// Handles the end of a response. In a conversation without synthesis, its text is the bot's speech.
    pub(super) fn on_response_end(
        &mut self,
        llm: ProcessorIndex,
        now: Time,
        is_text_only: bool,
    ) -> Option<Effect> {
        let call = self.answering(llm)?;
        call.on_end(now);
        let has_answered = call.has_words() && !call.is_interrupted();
        (has_answered && is_text_only).then_some(Effect::TextAnswered)
    }

    /// Discards the texts of the calls in a turn, and those that follow.
    pub(super) fn discard_content(&mut self, turn: TurnNumber) {
        self.calls.iter_mut().filter(|call| call.turn() == turn).for_each(LlmCall::discard_content);
    }

    /// Adds tool calls to the latest call of a model.
    pub(super) fn on_tool_calls(&mut self, llm: ProcessorIndex, now: Time, calls: &dyn FunctionCallList) {
        let asking =
            self.answering_index(llm).or_else(|| self.calls.iter().rposition(|call| call.service() == llm));
        let Some(call) = asking.map(|index| &mut self.calls[index]) else { return };
        if call.is_open() {
            call.on_token(now);
        }
        calls.for_each(&mut |asked| {
            if !call.has_tool_call(asked.tool_call_id) {
                call.on_tool_call(to_tool_call(&asked));
            }
        });
    }

    /// Returns the span of the LLM call in this turn that asked for a tool call. Starts that span if its start was
    /// delayed.
    pub(super) fn on_tool_start(
        &mut self,
        llm: ProcessorIndex,
        asked: &FunctionCall<'_>,
        scope: &mut TurnScope<'_>,
    ) -> Option<SpanKey> {
        let turn = scope.number();
        let latest = |is_it: &dyn Fn(&LlmCall) -> bool| {
            self.calls.iter().rposition(|call| call.turn() == turn && is_it(call))
        };
        let asking = latest(&|call| call.has_tool_call(asked.tool_call_id))
            .or_else(|| latest(&|call| call.service() == llm))
            .or_else(|| latest(&|_| true))?;
        let call = &mut self.calls[asking];
        call.begin_span(scope);
        if !call.has_tool_call(asked.tool_call_id) {
            call.on_tool_call(to_tool_call(asked));
        }
        Some(call.key())
    }

    /// Handles the first sign that a model is speech to speech. Its calls in this turn start with their responses, and
    /// calls without a response are removed.
    pub(super) fn on_speech_to_speech(&mut self, llm: ProcessorIndex, scope: &mut TurnScope<'_>) {
        let turn = scope.number();
        let waits = |call: &LlmCall| call.awaits_kind() && call.service() == llm && call.turn() == turn;
        self.calls.retain(|call| !waits(call) || call.response_has_started());
        for call in self.calls.iter_mut().filter(|call| waits(call)) {
            call.on_speech_to_speech(scope);
        }
    }

    /// Handles a user transcript from a speech-to-speech model in this turn.
    pub(super) fn on_user_transcript(&mut self, llm: ProcessorIndex, turn: TurnNumber, text: &str) {
        let is_asked = |call: &&mut LlmCall| call.service() == llm && call.turn() == turn;
        match self.calls.iter_mut().rfind(is_asked) {
            Some(call) => call.on_user_transcript(text),
            None => self.early_transcripts.push((llm, to_bounded(text))),
        }
    }

    /// Handles audio, or TTS text, from a speech-to-speech model.
    pub(super) fn on_speech(&mut self, llm: ProcessorIndex, now: Time) {
        if let Some(call) = self.answering(llm) {
            call.on_token(now);
        }
    }

    /// Adds text that a speech-to-speech model speaks.
    pub(super) fn on_spoken_text(&mut self, llm: ProcessorIndex, text: &str, spacing: Spacing) {
        if let Some(call) = self.answering(llm) {
            call.on_reported_text(text, spacing);
        }
    }

    /// Handles a measurement. With `may_be_early`, a time to first byte may precede the response that it belongs to, as
    /// with speech-to-speech models.
    pub(super) fn on_metric(
        &mut self,
        llm: ProcessorIndex,
        metric: &Metric<'_>,
        now: Time,
        phase: MetricPhase,
        may_be_early: bool,
    ) {
        let is_cancelled = phase == MetricPhase::Cancelled;
        let may_be_early = may_be_early && !is_cancelled;
        let measured = self.measured_index(llm).map(|index| &mut self.calls[index]);
        let is_under_way = measured.as_ref().is_some_and(|call| call.is_under_way());
        if let Some(call) = measured
            && (!is_cancelled || call.is_open())
        {
            call.on_metric(metric);
        }
        if !is_under_way
            && (may_be_early || self.measured_index(llm).is_none())
            && let Measurement::TimeToFirstByte(seconds) = metric.value
        {
            let model = metric.model.map(str::to_owned);
            self.early_ttfb = Some(EarlyTtfb { llm, at: now, seconds, model });
        }
    }

    /// Handles an error of a model. Returns the error if the latest call is not open and has not just closed.
    pub(super) fn on_error(&mut self, llm: ProcessorIndex, error: SpanError, now: Time) -> Option<SpanError> {
        match self.latest(llm).filter(|call| is_open_or_just_closed(call.ended_at(), now)) {
            Some(call) => {
                call.on_error(error);
                None
            }
            None => Some(error),
        }
    }

    /// Handles the interruption of a turn by the user or a Cancel.
    pub(super) fn on_interrupt(&mut self, turn: TurnNumber, now: Time) {
        self.of_turn_mut(turn).for_each(|call| call.on_interrupt(now));
    }

    /// Returns the call of a turn that an LLM operation starting now may belong to: the oldest one without an
    /// operation.
    pub(super) fn call_of_operation(
        &self,
        operation: &TracedOperation,
        operations: &Operations,
        turn: TurnNumber,
    ) -> Option<SpanKey> {
        let may_be = |call: &&LlmCall| {
            call.turn() == turn
                && call.is_open()
                && !call.is_interrupted()
                && operations.is_free(call.key())
                && operation.may_be_of(call.processor())
        };
        let call = self.calls.iter().filter(may_be);
        call.min_by_key(|call| !operation.is_exactly(call.processor())).map(LlmCall::key)
    }

    /// Handles the start of an LLM operation that shares the span `key`.
    pub(super) fn on_operation_start(&mut self, key: SpanKey, now: Time, scope: &mut TurnScope<'_>) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.key() == key) {
            call.begin_span(scope);
            call.on_retry(now);
        }
    }

    /// Handles the failure of an operation that shares the span `key`. Returns the error if no call has that span.
    pub(super) fn on_operation_error(&mut self, key: SpanKey, error: SpanError) -> Option<SpanError> {
        match self.calls.iter_mut().find(|call| call.key() == key) {
            Some(call) => {
                call.on_error(error);
                None
            }
            None => Some(error),
        }
    }

    /// Returns the latest call under way in a turn.
    pub(super) fn current(&self, turn: TurnNumber) -> Option<SpanKey> {
        self.of_turn(turn).find(|call| call.is_under_way()).map(LlmCall::key)
    }

    pub(super) fn add_activity(&self, turn: TurnNumber, activity: &mut Activity) {
        self.of_turn(turn).for_each(|call| activity.add(call.is_under_way(), call.ended_at()));
    }

    /// Whether a turn has reached the limit of spans of this kind.
    pub(super) fn is_full(&self, turn: TurnNumber) -> bool {
        self.calls.len() >= MAX_SPANS_PER_TURN && self.of_turn(turn).count() >= MAX_SPANS_PER_TURN
    }

    /// Returns the time of the first token of each call of a turn.
    pub(super) fn first_tokens(&self, turn: TurnNumber) -> impl Iterator<Item = Time> {
        self.of_turn(turn).filter_map(LlmCall::first_token)
    }

    /// Starts the spans of a turn whose start was delayed.
    pub(super) fn begin_spans(&mut self, scope: &mut TurnScope<'_>) {
        let turn = scope.number();
        self.calls.iter_mut().filter(|call| call.turn() == turn).for_each(|call| call.begin_span(scope));
    }

    /// Removes the calls of a turn.
    pub(super) fn take(&mut self, turn: TurnNumber) -> Vec<LlmCall> {
        take_matching(&mut self.calls, |call| call.turn() == turn)
    }

    /// Removes the oldest call of a turn, after starting its span if necessary.
    pub(super) fn take_oldest(&mut self, scope: &mut TurnScope<'_>) -> Option<LlmCall> {
        let turn = scope.number();
        let oldest = self.calls.iter().position(|call| call.turn() == turn)?;
        let mut call = self.calls.remove(oldest);
        call.begin_span(scope);
        Some(call)
    }

    /// Whether a turn has a call.
    pub(super) fn has_calls(&self, turn: TurnNumber) -> bool {
        self.of_turn(turn).next().is_some()
    }

    /// Returns the calls of a turn, latest first.
    fn of_turn(&self, turn: TurnNumber) -> impl Iterator<Item = &LlmCall> {
        self.calls
            .iter()
            .rev()
            .skip_while(move |call| call.turn() > turn)
            .take_while(move |call| call.turn() == turn)
    }

    fn of_turn_mut(&mut self, turn: TurnNumber) -> impl Iterator<Item = &mut LlmCall> {
        self.calls.iter_mut().filter(move |call| call.turn() == turn)
    }

    fn of(&self, llm: ProcessorIndex) -> impl DoubleEndedIterator<Item = &LlmCall> {
        self.calls.iter().filter(move |call| call.service() == llm)
    }

    fn of_mut(&mut self, llm: ProcessorIndex) -> impl DoubleEndedIterator<Item = &mut LlmCall> {
        self.calls.iter_mut().filter(move |call| call.service() == llm)
    }

    fn latest(&mut self, llm: ProcessorIndex) -> Option<&mut LlmCall> {
        self.of_mut(llm).next_back()
    }

    /// Returns the call that a response belongs to: the latest open one whose response has started, else the latest
    /// open one.
    fn answering_index(&self, llm: ProcessorIndex) -> Option<usize> {
        let is_open = |call: &LlmCall| call.service() == llm && call.is_open();
        let started = self.calls.iter().rposition(|call| is_open(call) && call.response_has_started());
        started.or_else(|| self.calls.iter().rposition(is_open))
    }

    fn answering(&mut self, llm: ProcessorIndex) -> Option<&mut LlmCall> {
        self.answering_index(llm).map(|index| &mut self.calls[index])
    }

    /// Returns the call that a metric belongs to: the latest one, unless it waits for the response of an earlier call.
    fn measured_index(&self, llm: ProcessorIndex) -> Option<usize> {
        let latest = self.calls.iter().rposition(|call| call.service() == llm)?;
        let call = &self.calls[latest];
        let waits = call.is_open() && !call.response_has_started();
        let previous = self.calls[..latest].iter().rposition(|call| call.service() == llm);
        let answering =
            previous.filter(|&previous| waits && self.calls[previous].answered_beyond(call.start()));
        Some(answering.unwrap_or(latest))
    }
}
