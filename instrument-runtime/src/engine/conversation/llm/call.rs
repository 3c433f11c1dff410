//! One LLM call: one request to a language model and its response.
//!
//! ```text
//!   context reaches the model,      response ends, or
//!   or a response starts            a new context comes
//!  ─────────────────────────▶ open ────────────────────▶ ended ───▶ its turn's spans are written
//!                              │  user speaks, Cancel      │ metrics still count,
//!                              ├──▶ open, interrupted ─────┘ but no time to first byte
//!                              └──▶ ended, withdrawn
//!                                   the prediction that it answers is withdrawn
//! ```
//!
//! An open call that failed counts as over until more of its response comes or the model is asked again: some
//! frameworks send no response-end after an error.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

use std::sync::Arc;

use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::conversation::span::{SpanBase, SpanError};
use crate::engine::conversation::turn_scope::TurnScope;
use crate::engine::conversation::turns::ChildSpan;
use crate::engine::frame::{Measurement, Metric, Processor, Spacing, TextChunk, ToolCall};
use crate::engine::measurements::{MeasuredTimes, Measurements, with_cached_tokens};
use crate::engine::record::{
    LlmRecord, LlmRequest, SpanDetails, SpanEventKind, SpanKey, SpanKind, SpanRecord, TurnNumber, Visibility,
};
use crate::engine::text::{JoinedText, StreamedText};
use crate::engine::time::Time;

/// The difference in seconds by which the clock of a service and that of the conversation may disagree on a duration.
const CLOCK_DIFFERENCE: f64 = 0.01;

/// One request to a language model and its response.
#[derive(Debug)]
pub(crate) struct LlmCall {
    span: SpanBase,
    turn: TurnNumber,
    service: ProcessorIndex,
    processor: Arc<Processor>,
    request: LlmRequest,
    tool_calls: Vec<ToolCall>,
    /// Whether the span start is delayed until frames show whether the model is speech to speech.
    awaits_kind: bool,
    /// The time of the frame that announced the start of the response.
    response_started: Option<Time>,
    trigger: CallTrigger,
    /// When it became known, which may be after its start.
    created: Time,
    /// Transcript of the user's speech, for a speech-to-speech model.
    user_transcript: JoinedText,
    /// Text from TTS frames of a speech-to-speech model, or from a traced operation.
    reported_text: JoinedText,
    /// Whether the response has words, even if `records_content` is false.
    has_words: bool,
    /// Whether texts are recorded. They are unless the sampler dropped the turn.
    records_content: bool,
    text: StreamedText,
    measurements: Measurements,
    first_token: Option<Time>,
    last_token: Option<Time>,
    ended: Option<Time>,
    interrupted: Option<Time>,
    /// When the prediction that it answers was withdrawn.
    withdrawn: Option<Time>,
    /// When the request was repeated after the call failed.
    retried: Option<Time>,
}

/// The values with which an LLM call starts.
#[derive(Debug)]
pub(crate) struct NewCall {
    pub(crate) service: ProcessorIndex,
    pub(crate) processor: Arc<Processor>,
    pub(crate) request: LlmRequest,
    pub(crate) start: Time,
}

/// The cause of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallTrigger {
    /// The user has spoken since the model's last call.
    UserSpeech,
    /// Anything else: the result of a tool, or the application.
    Other,
}

impl LlmCall {
    pub(super) fn new(
        span: SpanBase,
        turn: TurnNumber,
        NewCall { service, processor, request, start }: NewCall,
        records_content: bool,
        awaits_kind: bool,
    ) -> Self {
        Self {
            span,
            turn,
            service,
            processor,
            request,
            tool_calls: Vec::new(),
            awaits_kind,
            response_started: None,
            trigger: CallTrigger::Other,
            created: start,
            user_transcript: JoinedText::default(),
            reported_text: JoinedText::default(),
            has_words: false,
            records_content,
            text: StreamedText::default(),
            measurements: Measurements::default(),
            first_token: None,
            last_token: None,
            ended: None,
            interrupted: None,
            withdrawn: None,
            retried: None,
        }
    }

    pub(crate) fn key(&self) -> SpanKey {
        self.span.key()
    }

    pub(super) fn start(&self) -> Time {
        self.span.start()
    }

    pub(super) fn turn(&self) -> TurnNumber {
        self.turn
    }

    pub(crate) fn service(&self) -> ProcessorIndex {
        self.service
    }

    pub(super) fn processor(&self) -> &Processor {
        &self.processor
    }

    pub(super) fn awaits_kind(&self) -> bool {
        self.awaits_kind
    }

    pub(crate) fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.is_some()
    }

    /// Whether its turn must stay open for it: the call is open and was neither interrupted nor failed.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_open() && self.interrupted.is_none() && self.failed_at().is_none()
    }

    pub(super) fn response_has_started(&self) -> bool {
        self.response_started.is_some()
    }

    /// Whether its response continues: it has started, and neither the user nor an `InterruptionFrame` of the
    /// application interrupted it.
    pub(super) fn is_streaming(&self, last_interruption: Option<Time>) -> bool {
        let is_later = |start: Time| last_interruption.is_none_or(|interruption| interruption < start);
        self.is_under_way() && self.response_started.is_some_and(is_later)
    }

    /// Whether a further chunk would only add to its text, at any time.
    pub(super) fn only_gathers_text(&self) -> bool {
        // The time of the last token matters only to an error before it.
        let has_not_failed = self.span.last_error_at().is_none();
        has_not_failed && self.is_open() && self.interrupted.is_none() && self.first_token.is_some()
    }

    /// Whether its response ended after `moment`, or has not ended.
    pub(super) fn answered_beyond(&self, moment: Time) -> bool {
        self.response_has_started() && self.ended.is_none_or(|end| end > moment)
    }

    pub(super) fn first_token(&self) -> Option<Time> {
        self.first_token
    }

    pub(super) fn trigger(&self) -> CallTrigger {
        self.trigger
    }

    pub(super) fn created(&self) -> Time {
        self.created
    }

    pub(super) fn has_user_transcript(&self) -> bool {
        !self.user_transcript.is_empty()
    }

    pub(super) fn has_words(&self) -> bool {
        self.has_words
    }

    pub(super) fn ended_at(&self) -> Option<Time> {
        self.ended.or_else(|| self.failed_at())
    }

    pub(super) fn has_tool_call(&self, tool_call_id: &str) -> bool {
        self.tool_calls.iter().any(|call| call.id == tool_call_id)
    }

    /// Returns the text of the response.
    pub(crate) fn text(&self) -> Option<String> {
        self.text.to_text().or_else(|| self.reported_text.to_text())
    }

    /// Sets its cause, and `now` as the time at which it became known.
    pub(super) fn on_trigger(&mut self, trigger: CallTrigger, now: Time) {
        (self.trigger, self.created) = (trigger, now);
    }

    pub(super) fn on_response_start(&mut self, now: Time) {
        self.response_started.get_or_insert(now);
    }

    /// Handles the arrival of any part of the response.
    pub(super) fn on_token(&mut self, now: Time) {
        self.first_token.get_or_insert(now);
        self.last_token = Some(now);
    }

    pub(super) fn on_text(&mut self, now: Time, chunk: &TextChunk<'_>) {
        if !chunk.text.is_empty() {
            self.on_token(now);
            self.on_more_text(chunk);
        }
    }

    /// Handles a further chunk, while it [only gathers text](Self::only_gathers_text).
    pub(crate) fn on_more_text(&mut self, chunk: &TextChunk<'_>) {
        self.has_words = self.has_words || !chunk.text.trim().is_empty();
        if self.records_content {
            self.text.push(chunk);
        }
    }

    /// Discards the request and the text, and those that follow: the sampler has dropped the turn.
    pub(super) fn discard_content(&mut self) {
        self.records_content = false;
        self.request = LlmRequest::default();
        self.text = StreamedText::default();
    }

    /// Handles text that is not a chunk of an LLM response.
    pub(crate) fn on_reported_text(&mut self, text: &str, spacing: Spacing) {
        self.reported_text.push(text, spacing);
    }

    /// Adds a transcript that a speech-to-speech model made of the user's speech.
    pub(super) fn on_user_transcript(&mut self, text: &str) {
        self.user_transcript.push(text, Spacing::Between);
    }

    /// Sets the turn's transcript as the input of a speech-to-speech model that sends no transcripts itself.
    pub(crate) fn on_turn_transcript(&mut self, text: &str) {
        if self.user_transcript.is_empty() {
            self.on_user_transcript(text);
        }
    }

    pub(super) fn on_tool_call(&mut self, call: ToolCall) {
        self.tool_calls.push(call);
    }

    /// Handles a measurement. A time to first byte is ignored after the end, a failure or an interruption: some
    /// pipelines stop the timer of a dead request at the next user start.
    pub(super) fn on_metric(&mut self, metric: &Metric<'_>, now: Time) {
        let is_too_late = self.ended_at().is_some() || self.interrupted.is_some();
        if let Measurement::TimeToFirstByte(seconds) = metric.value
            && (is_too_late || self.precedes_request(seconds, now))
        {
            return;
        }
        self.measurements.add(metric);
    }

    /// Whether a time to first byte, reported now, counts from an earlier request than the one that started this call:
    /// some services do not measure the answer to a tool anew.
    fn precedes_request(&self, seconds: f64, now: Time) -> bool {
        self.starts_at_request() && seconds > now.seconds_since(self.span.start()) + CLOCK_DIFFERENCE
    }

    /// Whether it starts at the request for its response, and not at the first sign of it.
    fn starts_at_request(&self) -> bool {
        self.span.start() < self.created
    }

    /// Adds measurements that came just before the response, which starts now.
    pub(super) fn on_early_measurements(&mut self, mut measurements: Measurements, now: Time) {
        measurements.ttfb = measurements.ttfb.filter(|seconds| !self.precedes_request(*seconds, now));
        self.measurements.merge(measurements);
    }

    pub(super) fn on_error(&mut self, error: SpanError) {
        self.span.on_error(error);
    }

    /// Handles a repetition of the request.
    pub(super) fn on_retry(&mut self, now: Time) {
        if self.span.last_error_at().is_some() {
            self.retried = Some(now);
        }
    }

    /// Handles the end of the response.
    pub(crate) fn on_end(&mut self, now: Time) {
        self.ended.get_or_insert(now);
    }

    /// Ends the call, if it has not ended, because the model received another request.
    pub(super) fn on_superseded(&mut self, now: Time) {
        self.ended = self.ended_at().or(Some(now));
    }

    /// Handles an interruption by the user or a Cancel. Sets `llm.interrupted`, unless the call had ended or failed.
    pub(crate) fn on_interrupt(&mut self, now: Time) {
        if self.is_under_way() {
            self.interrupted = Some(now);
        }
    }

    /// Ends the call, if it is under way, because the prediction that it answers is withdrawn.
    pub(super) fn on_withdrawal(&mut self, now: Time) {
        if self.is_under_way() {
            (self.ended, self.withdrawn) = (Some(now), Some(now));
        }
    }

    /// Whether it was a speculation that was withdrawn. Its text is not said.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    /// Handles the user's speech that its service detected at `at`, and that is announced now.
    pub(super) fn on_detected_speech(&mut self, at: Time) {
        let was_cut = self.failed_at().is_none() && self.ended.is_some_and(|ended| ended >= at);
        if was_cut && self.interrupted.is_none() {
            self.interrupted = Some(at);
        }
    }

    /// Sets the start to that of the response, because the model turned out to be speech to speech. If it asked for
    /// tools, it ended then.
    pub(super) fn on_speech_to_speech(&mut self, scope: &mut TurnScope<'_>) {
        self.span.start_at(self.response_started.unwrap_or(self.span.start()));
        if !self.tool_calls.is_empty() {
            self.ended = self.ended.or(self.last_token);
        }
        self.begin_span(scope);
    }

    /// Starts the span if its start was delayed: a child needs it, or the kind of model is certain.
    pub(super) fn begin_span(&mut self, scope: &mut TurnScope<'_>) {
        if std::mem::take(&mut self.awaits_kind) {
            scope.start(&self.child_span());
        }
    }

    pub(super) fn child_span(&self) -> ChildSpan<'_> {
        ChildSpan {
            key: self.span.key(),
            kind: SpanKind::Llm,
            parent: None,
            at: self.span.start(),
            name: &self.processor.class,
        }
    }

    /// Returns the time of its failure, unless more of its response came, or the request was repeated, after it. After
    /// a fatal error, the pipeline only ends.
    fn failed_at(&self) -> Option<Time> {
        if let Some(failed) = self.span.fatal_error_at() {
            return Some(failed);
        }
        let failed = self.span.last_error_at()?;
        let is_over = self.last_token.is_none_or(|token| token <= failed)
            && self.retried.is_none_or(|retried| retried < failed);
        is_over.then_some(failed)
    }

    /// Converts into a record. Times that are not reported are measured from the frames if `measures_times`.
    pub(crate) fn into_record(self, turn_end: Time, measures_times: bool) -> SpanRecord {
        let end = self.span.end(self.ended_at(), turn_end);
        let since_start = |at: Time| at.seconds_since(self.span.start());
        let measured = MeasuredTimes {
            ttfb: self.first_token.filter(|_| measures_times || self.starts_at_request()).map(since_start),
            processing: self.ended.filter(|_| measures_times).map(|_| since_start(end)),
        };
        let text = self.text();
        let moments =
            [(self.first_token, SpanEventKind::FirstToken), (self.interrupted, SpanEventKind::Interrupted)];
        let details = SpanDetails::Llm(Box::new(LlmRecord {
            service: self.processor,
            times: self.measurements.times(&measured),
            request: self.request,
            user_transcript: self.user_transcript.to_text(),
            text,
            tool_calls: self.tool_calls,
            message_visibility: Visibility::Full,
            usage: self.measurements.usage.map(with_cached_tokens),
            ttfat: self.measurements.ttfat,
            interrupted: self.interrupted.is_some(),
            withdrawn: self.withdrawn.is_some(),
            reported_model: self.measurements.model,
        }));
        self.span.into_record(end, moments, details)
    }
}
