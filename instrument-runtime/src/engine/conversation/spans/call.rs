//! Invocations of a language model.
//!
//! ```text
//!   context reaches the model,      response ends, or
//!   or a response starts            a new context comes
//!  ─────────────────────────▶ open ────────────────────▶ closed ───▶ its turn's spans are let go
//!                              │  user speaks, cancel      │ metrics still count,
//!                              └──▶ open, cut ─────────────┘ but no time to first byte
//! ```

use std::sync::Arc;

use crate::engine::frame::{Measurement, Metric, Processor, TextChunk, ToolCall};
use crate::engine::metrics::{MeasuredTimes, Measurements, with_cached_tokens};
use crate::engine::record::{
    LlmRecord, LlmRequest, SpanDetails, SpanEventKind, SpanKey, SpanRecord, Visibility,
};
use crate::engine::text::{JoinedText, StreamedText};
use crate::engine::time::Time;

use super::fault::Faults;
use super::release::Times;
use crate::engine::conversation::services::ServiceIndex;

/// What is gathered of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gathers {
    /// All that it has to tell.
    Everything,
    /// Nothing but what the rules of turns ask for: the sampler dropped its turn.
    Nothing,
}

/// One invocation of a language model.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) key: SpanKey,
    pub(crate) start: Time,
    pub(crate) service: ServiceIndex,
    pub(crate) processor: Arc<Processor>,
    pub(crate) request: LlmRequest,
    pub(crate) faults: Faults,
    pub(crate) tool_calls: Vec<ToolCall>,
    /// Its span has not begun: it is not yet plain whether the service speaks by itself.
    pub(crate) awaits_kind: bool,
    /// When its response began, where a frame said so.
    pub(crate) response_started: Option<Time>,
    pub(crate) heard: JoinedText,
    /// What a service that speaks by itself says it says.
    pub(crate) said: JoinedText,
    /// It has answered in words, whether they are gathered or not.
    has_words: bool,
    gathers: Gathers,
    text: StreamedText,
    measurements: Measurements,
    first_token: Option<Time>,
    newest_token: Option<Time>,
    end: Option<Time>,
    cut_at: Option<Time>,
    /// When its model was asked once more, after it had failed.
    asked_again: Option<Time>,
}

impl Call {
    pub(crate) fn new(
        key: SpanKey,
        start: Time,
        service: ServiceIndex,
        processor: Arc<Processor>,
        request: LlmRequest,
        gathers: Gathers,
    ) -> Self {
        Self {
            key,
            start,
            service,
            processor,
            request,
            faults: Faults::default(),
            tool_calls: Vec::new(),
            awaits_kind: false,
            response_started: None,
            heard: JoinedText::default(),
            said: JoinedText::default(),
            has_words: false,
            gathers,
            text: StreamedText::default(),
            measurements: Measurements::default(),
            first_token: None,
            newest_token: None,
            end: None,
            cut_at: None,
            asked_again: None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Open, and neither cut nor failed: something that a turn waits for.
    pub(crate) fn is_under_way(&self) -> bool {
        self.is_open() && self.cut_at.is_none() && self.failed_at().is_none()
    }

    pub(crate) fn ended(&self) -> Option<Time> {
        self.end.or_else(|| self.failed_at())
    }

    /// When it failed, if nothing of its answer has come since: some frameworks send no response-end after an error.
    fn failed_at(&self) -> Option<Time> {
        let failed = self.faults.newest_at().filter(|&at| self.newest_token.is_none_or(|token| token <= at));
        failed.filter(|at| self.asked_again.is_none_or(|again| again < *at))
    }

    /// Its model is asked for the same once more.
    pub(crate) fn is_asked_again(&mut self, now: Time) {
        if self.faults.newest_at().is_some() {
            self.asked_again = Some(now);
        }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.cut_at.is_some()
    }

    /// When the first of its answer came.
    pub(crate) fn first_token(&self) -> Option<Time> {
        self.first_token
    }

    /// Something of its answer has come.
    pub(crate) fn answers(&mut self, now: Time) {
        self.first_token.get_or_insert(now);
        self.newest_token = Some(now);
    }

    pub(crate) fn add_text(&mut self, now: Time, chunk: &TextChunk<'_>) {
        if chunk.text.is_empty() {
            return;
        }
        self.answers(now);
        self.add_more_text(chunk);
    }

    /// Whether it has answered in words.
    pub(crate) fn has_words(&self) -> bool {
        self.has_words
    }

    /// Whether one more piece of its answer would add to its text and do nothing else, whenever that piece comes.
    pub(crate) fn just_streams(&self) -> bool {
        // When its newest token came matters only to a failure that came before that.
        let has_not_failed = self.faults.newest_at().is_none();
        has_not_failed && self.is_open() && self.cut_at.is_none() && self.first_token.is_some()
    }

    /// Its answer goes on. To be told only while it [just streams](Self::just_streams).
    pub(crate) fn add_more_text(&mut self, chunk: &TextChunk<'_>) {
        self.has_words = self.has_words || !chunk.text.trim().is_empty();
        if self.gathers == Gathers::Everything {
            self.text.push(chunk);
        }
    }

    /// Its answer, if it gave one in words.
    pub(crate) fn text(&self) -> Option<String> {
        self.text.to_text().or_else(|| self.said.to_text())
    }

    /// A measurement of its service. A time to first byte that comes once the response has ended, or was cut, is no
    /// such time: some pipelines stop the timer of a dead request at the next user start.
    pub(crate) fn add_metric(&mut self, metric: &Metric<'_>) {
        let too_late = self.end.is_some() || self.cut_at.is_some();
        if too_late && matches!(metric.value, Measurement::TimeToFirstByte(_)) {
            return;
        }
        self.measurements.add(metric);
    }

    /// Its tool call of this id, if it asked for one.
    pub(crate) fn asks_for(&self, tool_call_id: &str) -> bool {
        self.tool_calls.iter().any(|call| call.id == tool_call_id)
    }

    /// Its response has begun and goes on: it has neither ended nor failed, and nobody cut it, not even the application
    /// with an interruption of its own.
    pub(crate) fn is_streaming(&self, last_interruption: Option<Time>) -> bool {
        let uncut = |started: Time| last_interruption.is_none_or(|interruption| interruption < started);
        self.is_under_way() && self.response_started.is_some_and(uncut)
    }

    /// Its response went on after `moment`, or still does.
    pub(crate) fn answered_beyond(&self, moment: Time) -> bool {
        self.response_started.is_some() && self.end.is_none_or(|end| end > moment)
    }

    /// Its response ends.
    pub(crate) fn close(&mut self, now: Time) {
        self.end.get_or_insert(now);
    }

    /// Its model turns to something else: it ended then at the latest.
    pub(crate) fn is_superseded(&mut self, now: Time) {
        self.end = self.end.or_else(|| self.failed_at()).or(Some(now));
    }

    /// The user spoke, or a cancel came.
    pub(crate) fn cut(&mut self, now: Time) {
        if self.is_under_way() {
            self.cut_at = Some(now);
        }
    }

    pub(crate) fn into_record(self, turn_end: Time, times: Times) -> SpanRecord {
        let end = self.ended().unwrap_or(turn_end).min(turn_end).max(self.start);
        let from_frames = if times == Times::Reported {
            MeasuredTimes::default()
        } else {
            MeasuredTimes {
                ttfb: self.first_token.map(|at| at.seconds_since(self.start)),
                processing: self.end.map(|_| end.seconds_since(self.start)),
            }
        };
        let text = self.text();
        let moments =
            [(self.first_token, SpanEventKind::FirstToken), (self.cut_at, SpanEventKind::Interrupted)];
        let status = self.faults.status();
        let events = self.faults.into_events_with(moments);
        SpanRecord {
            key: self.key,
            start: self.start,
            end,
            status,
            events,
            user_id: None,
            details: SpanDetails::Llm(Box::new(LlmRecord {
                service: self.processor,
                reported_model: self.measurements.model.clone(),
                times: self.measurements.times(&from_frames),
                request: self.request,
                user_transcript: self.heard.to_text(),
                text,
                tool_calls: self.tool_calls,
                message_visibility: Visibility::Full,
                usage: self.measurements.usage.map(with_cached_tokens),
                ttfat: self.measurements.ttfat,
                interrupted: self.cut_at.is_some(),
            })),
        }
    }
}
