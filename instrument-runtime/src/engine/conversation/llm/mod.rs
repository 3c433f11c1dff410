//! LLM calls: start, end and interruption of each call. [`CallList`] finds the call that a frame belongs to.
//!
//! ```text
//!   context ──▶ supersedes the model's calls that do not stream ──▶ a new call
//!   response start ──▶ the call that waits for it ──▶ text, tool calls ──▶ response end
//!                      (or a new call, which supersedes the others)
//! ```
//!
//! A speech-to-speech model receives a context after each reply, which is not a request: its calls start with their
//! responses, or with the result of a tool. Until frames show the kind of a model, the spans of its calls are not
//! started.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

mod call;
mod context;
mod list;
mod upcoming;

use crate::engine::frame::{
    Delivery, FrameId, FunctionCall, FunctionCallList, Measurement, Metric, Spacing, TextChunk,
};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{SpanKey, TurnNumber};
use crate::engine::time::Time;

use super::effect::{Effect, MetricPhase};
use super::operations::{Claimable, Operations, TracedOperation};
use super::processors::{ProcessorIndex, Processors};
use super::span::{SpanBase, SpanError, SpanKeys, is_open_or_just_closed};
use super::stt::UserSpeech;
use super::tools::to_tool_call;
use super::turn_scope::TurnScope;
use super::turns::Activity;

use call::CallTrigger;
pub(super) use call::{LlmCall, NewCall};
use context::ContextHistory;
pub use context::{ContextCopy, ContextDemand};
pub(super) use context::{ContextSource, NewMessage, SentContext};
use list::CallList;
use upcoming::{Request, UpcomingCalls, UserFloor};

/// The LLM calls of open turns, the contexts that models have received, and the data of the next calls.
#[derive(Debug, Default)]
pub(crate) struct LlmCalls {
    calls: CallList,
    contexts: ContextHistory,
    upcoming: UpcomingCalls,
    user: UserFloor,
    /// When the end of the user's turn was predicted, while the prediction is neither confirmed nor withdrawn.
    predicted: Option<Time>,
    /// The time of the last `InterruptionFrame`.
    last_interruption: Option<Time>,
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
        context: SentContext,
        transcripts: u64,
        now: Time,
    ) {
        self.contexts.on_request(llm, context, transcripts);
        let last_interruption = self.last_interruption;
        for call in self.calls.of_mut(llm).filter(|call| !call.is_streaming(last_interruption)) {
            call.on_superseded(now);
        }
    }

    /// Starts a call. It continues a matching traced operation. A speech-to-speech model answers everything that the
    /// user has said since its last call.
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
        let upcoming = self.upcoming.of(llm);
        let has_spoken = match upcoming.previous() {
            Some(previous) => self.user.has_started_since(previous),
            None => self.user.is_announced(),
        };
        let (transcript, measurements) = upcoming.start(now);
        let trigger =
            if has_spoken || transcript.is_some() { CallTrigger::UserSpeech } else { CallTrigger::Other };
        let span = SpanBase::continuing(claimed, key, new.start);
        let mut call = LlmCall::new(span, scope.number(), new, records_content, awaits_kind);
        call.on_trigger(trigger, now);
        if let Some(text) = transcript {
            call.on_user_transcript(&text);
        }
        call.on_early_measurements(measurements, now);
        if !awaits_kind && claimed.is_none() {
            scope.start(&call.child_span());
        }
        self.calls.push(call);
    }

    /// Handles the start of a response. It belongs to the model's waiting call, and ends all others. Returns `false` if
    /// no call waits, and the caller must start one. A response never continues an interrupted call.
    pub(super) fn on_response(&mut self, llm: ProcessorIndex, now: Time) -> bool {
        let latest = self.calls.of(llm).next_back();
        let taking =
            latest.filter(|call| call.is_under_way() && call.first_token().is_none()).map(LlmCall::key);
        let others = self.calls.of_mut(llm).filter(|call| Some(call.key()) != taking);
        for call in others.filter(|call| !call.is_interrupted()) {
            call.on_superseded(now);
        }
        if taking.is_some() {
            self.upcoming.of(llm).forget_measurements();
        }
        taking.is_some()
    }

    /// Returns when a call starts whose response starts now: at the result of the tool that it answers, if any.
    pub(super) fn start_of_response(&self, llm: ProcessorIndex, now: Time) -> Time {
        match self.upcoming.request(llm, &self.user) {
            Some(Request::ToolResult { at }) => at,
            Some(Request::Speech { .. }) | None => now,
        }
    }

    /// Returns when the model was asked for a response that ends now without a start; `None` if it was asked for none,
    /// or if a call is under way.
    pub(super) fn start_without_response(&self, llm: ProcessorIndex) -> Option<Time> {
        let is_waiting = self.calls.of(llm).next_back().is_some_and(LlmCall::is_under_way);
        self.upcoming.request(llm, &self.user).filter(|_| !is_waiting).map(Request::at)
    }

    /// Handles a frame that announces the start of the latest call's response.
    pub(super) fn on_response_start(&mut self, llm: ProcessorIndex, now: Time) {
        if let Some(call) = self.calls.latest(llm) {
            call.on_response_start(now);
        }
    }

    /// Whether a call of the model is open, so that a response belongs to it.
    pub(super) fn is_answering(&self, llm: ProcessorIndex) -> bool {
        self.calls.is_answering(llm)
    }

    /// Whether the latest call of the model is under way.
    pub(super) fn is_latest_under_way(&self, llm: ProcessorIndex) -> bool {
        self.calls.of(llm).next_back().is_some_and(LlmCall::is_under_way)
    }

    /// Handles a chunk of a response.
    pub(super) fn on_text(
        &mut self,
        llm: ProcessorIndex,
        now: Time,
        chunk: &TextChunk<'_>,
    ) -> Option<Effect> {
        let call = self.calls.answering(llm)?;
        call.on_text(now, chunk);
        (chunk.delivery == Delivery::Aloud).then_some(Effect::AnswerText { call: call.key() })
    }

    /// Returns the call of the model `id` in a turn, if the time of a further chunk does not matter: the chunk is
    /// neither the first one nor the first after an error.
    #[inline]
    pub(super) fn gathering(&mut self, turn: TurnNumber, id: &str) -> Option<&mut LlmCall> {
        self.calls.gathering(turn, id)
    }

    /// Handles the end of a response. In a conversation without synthesis, its text is the bot's speech.
    pub(super) fn on_response_end(
        &mut self,
        llm: ProcessorIndex,
        now: Time,
        is_text_only: bool,
    ) -> Option<Effect> {
        let call = self.calls.answering(llm)?;
        call.on_end(now);
        let has_answered = call.has_words() && !call.is_interrupted();
        (has_answered && is_text_only).then_some(Effect::TextAnswered)
    }

    /// Discards the texts of the calls in a turn, and those that follow.
    pub(super) fn discard_content(&mut self, turn: TurnNumber) {
        self.calls.of_turn_mut(turn).for_each(LlmCall::discard_content);
    }

    /// Adds tool calls to the latest call of a model.
    pub(super) fn on_tool_calls(&mut self, llm: ProcessorIndex, now: Time, calls: &dyn FunctionCallList) {
        let Some(call) = self.calls.asking(llm) else { return };
        if call.is_open() {
            call.on_token(now);
        }
        calls.for_each(&mut |asked| {
            if !call.has_tool_call(asked.tool_call_id) {
                call.on_tool_call(to_tool_call(&asked));
            }
        });
    }

    /// Ends the open call of a speech-to-speech model, because it has asked for tools: their results begin the next
    /// call.
    pub(super) fn on_tools_asked(&mut self, llm: ProcessorIndex, now: Time) {
        if let Some(call) = self.calls.answering(llm) {
            call.on_end(now);
        }
    }

    /// Handles the result of the tool call `id`.
    pub(super) fn on_tool_result(&mut self, id: &str, now: Time) {
        if let Some(asking) = self.calls.iter().rfind(|call| call.has_tool_call(id)) {
            self.upcoming.of(asking.service()).on_tool_result(now);
        }
    }

    /// Returns the span of the LLM call in this turn that asked for a tool call. Starts that span if its start was
    /// delayed.
    pub(super) fn on_tool_start(
        &mut self,
        llm: ProcessorIndex,
        asked: &FunctionCall<'_>,
        scope: &mut TurnScope<'_>,
    ) -> Option<SpanKey> {
        let call = self.calls.asked_for(asked.tool_call_id, scope.number(), llm)?;
        call.begin_span(scope);
        if !call.has_tool_call(asked.tool_call_id) {
            call.on_tool_call(to_tool_call(asked));
        }
        Some(call.key())
    }

    /// Handles the first sign that a model is speech to speech. Its calls in this turn start with their responses and
    /// end with their tool calls, and calls without a response are removed.
    pub(super) fn on_speech_to_speech(&mut self, llm: ProcessorIndex, scope: &mut TurnScope<'_>) {
        let turn = scope.number();
        let waits = |call: &LlmCall| call.awaits_kind() && call.service() == llm && call.turn() == turn;
        self.calls.retain(|call| !waits(call) || call.response_has_started());
        for call in self.calls.iter_mut().filter(|call| waits(call)) {
            call.on_speech_to_speech(scope);
        }
    }

    /// Handles a user transcript from a speech-to-speech model. It is the input of the call that answers the user,
    /// which may have started or ended before; else of the next call. Returns the turn of the call.
    pub(super) fn on_user_transcript(&mut self, llm: ProcessorIndex, text: &str) -> Option<TurnNumber> {
        let Some(call) = self.calls.heard(llm, &self.user) else {
            self.upcoming.of(llm).on_transcript(text);
            return None;
        };
        call.on_user_transcript(text);
        Some(call.turn())
    }

    /// Handles audio, or TTS text, from a speech-to-speech model.
    pub(super) fn on_speech(&mut self, llm: ProcessorIndex, now: Time) {
        if let Some(call) = self.calls.answering(llm) {
            call.on_token(now);
        }
    }

    /// Adds text that a speech-to-speech model speaks.
    pub(super) fn on_spoken_text(&mut self, llm: ProcessorIndex, text: &str, spacing: Spacing) {
        if let Some(call) = self.calls.answering(llm) {
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
        let requested = self.upcoming.request(llm, &self.user).map(Request::at);
        let measured = self.calls.measured(llm);
        let is_ttfb = matches!(metric.value, Measurement::TimeToFirstByte(_));
        let (is_under_way, awaits_kind, ended) = measured.as_ref().map_or((false, false, None), |call| {
            (call.is_under_way(), call.awaits_kind() && !call.response_has_started(), call.ended_at())
        });
        // After a response was asked for, the model measures that one.
        let is_of_next = may_be_early && ended.is_some_and(|ended| requested.is_some_and(|at| at > ended));
        let has_call = measured.is_some();
        if let Some(call) = measured
            && (!is_cancelled || call.is_open())
            && !is_of_next
        {
            call.on_metric(metric, now);
        }
        let is_early_ttfb = is_ttfb && !is_under_way && (may_be_early || !has_call);
        if is_of_next || is_early_ttfb || (awaits_kind && may_be_early) {
            self.upcoming.of(llm).on_metric(metric, now);
        }
    }

    /// Handles an error of a model. Returns the error if the latest call is not open and has not just closed.
    pub(super) fn on_error(&mut self, llm: ProcessorIndex, error: SpanError, now: Time) -> Option<SpanError> {
        match self.calls.latest(llm).filter(|call| is_open_or_just_closed(call.ended_at(), now)) {
            Some(call) => {
                call.on_error(error);
                None
            }
            None => Some(error),
        }
    }

    /// Handles the announced start of the user's turn.
    pub(super) fn on_user_started(&mut self, now: Time) {
        self.user.on_start(now);
    }

    /// Handles the announced end of the user's turn.
    pub(super) fn on_user_stopped(&mut self, now: Time) {
        self.user.on_stop(now);
        self.predicted = None;
    }

    /// Handles the prediction that the user's turn has ended. Until it is confirmed or withdrawn, calls are
    /// speculative.
    pub(super) fn on_eager_transcript(&mut self, now: Time) {
        self.predicted = Some(now);
    }

    /// Whether a call that starts now is speculative.
    pub(super) fn is_speculating(&self) -> bool {
        self.predicted.is_some()
    }

    /// Ends the speculative calls, because the prediction is withdrawn.
    pub(super) fn on_withdrawal(&mut self, now: Time) {
        if let Some(predicted) = self.predicted.take() {
            self.calls
                .iter_mut()
                .filter(|call| call.created() >= predicted)
                .for_each(|call| call.on_withdrawal(now));
        }
    }

    /// Handles the start of speech that a service detected, and that may be announced as the user's turn.
    pub(super) fn on_user_detected(&mut self, now: Time) {
        self.user.on_detection(now);
    }

    /// Handles the interruption of a turn by the user or a Cancel. A call may have ended a moment earlier, when its
    /// service detected the user's speech.
    pub(super) fn on_interrupt(&mut self, turn: TurnNumber, now: Time) {
        let detected = self.user.take_detection(now);
        for call in self.calls.of_turn_mut(turn) {
            call.on_interrupt(now);
            if let Some(at) = detected {
                call.on_detected_speech(at);
            }
        }
    }

    /// Handles an interruption by a speech-to-speech model that heard the user itself.
    pub(super) fn on_own_interruption(&mut self, llm: ProcessorIndex, now: Time) {
        self.calls.of_mut(llm).for_each(|call| call.on_interrupt(now));
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
        if let Some(call) = self.calls.by_key(key) {
            call.begin_span(scope);
            call.on_retry(now);
        }
    }

    /// Handles the failure of an operation that shares the span `key`. Returns the error if no call has that span.
    pub(super) fn on_operation_error(&mut self, key: SpanKey, error: SpanError) -> Option<SpanError> {
        match self.calls.by_key(key) {
            Some(call) => {
                call.on_error(error);
                None
            }
            None => Some(error),
        }
    }

    /// Returns the latest call under way in a turn.
    pub(super) fn current(&self, turn: TurnNumber) -> Option<SpanKey> {
        self.calls.of_turn(turn).find(|call| call.is_under_way()).map(LlmCall::key)
    }

    pub(super) fn add_activity(&self, turn: TurnNumber, activity: &mut Activity) {
        self.calls.of_turn(turn).for_each(|call| activity.add(call.is_under_way(), call.ended_at()));
    }

    /// Whether a turn has reached the limit of spans of this kind.
    pub(super) fn is_full(&self, turn: TurnNumber) -> bool {
        self.calls.is_full(turn)
    }

    /// Returns the time of the first token of each call of a turn, and the class of its model's service.
    pub(super) fn first_tokens(&self, turn: TurnNumber) -> impl Iterator<Item = (Time, String)> {
        self.calls
            .of_turn(turn)
            .filter_map(|call| Some((call.first_token()?, call.processor().class.clone())))
    }

    /// Starts the spans of a turn whose start was delayed.
    pub(super) fn begin_spans(&mut self, scope: &mut TurnScope<'_>) {
        self.calls.of_turn_mut(scope.number()).for_each(|call| call.begin_span(scope));
    }

    /// Removes the calls of a turn.
    pub(super) fn take(&mut self, turn: TurnNumber) -> Vec<LlmCall> {
        self.calls.take(turn)
    }

    /// Removes the oldest call of a turn, after starting its span if necessary.
    pub(super) fn take_oldest(&mut self, scope: &mut TurnScope<'_>) -> Option<LlmCall> {
        let mut call = self.calls.take_oldest(scope.number())?;
        call.begin_span(scope);
        Some(call)
    }

    /// Whether a turn has a call.
    pub(super) fn has_calls(&self, turn: TurnNumber) -> bool {
        self.calls.of_turn(turn).next().is_some()
    }
}
