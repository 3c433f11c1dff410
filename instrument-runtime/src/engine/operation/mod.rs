//! Operations: work of a service, as functions with `#[traced_stt]`, `#[traced_llm]` or `#[traced_tts]` report it.
//!
//! Frames may report the same work. If they do, the operation is [merged](Operation::merge_into) into the record that
//! was made from them. If not, it [becomes](Operation::into_record) a record of its own.

mod merge;
mod types;

use std::sync::Arc;

pub use types::{
    Completion, Failure, OperationInfo, OperationInput, OperationKey, OperationStart, Outcome, ServiceKind,
    ServiceName, StartedOperation,
};

use super::frame::{LlmUsage, Measurement, Message, Processor};
use super::record::{
    LlmRecord, LlmRequest, ServiceTimes, SpanDetails, SpanEvent, SpanEventKind, SpanKey, SpanRecord, Status,
    SttRecord, TimingSource, TtsRecord, Visibility,
};
use super::time::Time;

/// One piece of a service's work, from its start.
///
/// ```text
///   new ──▶ running ──end(outcome)──────────────▶ ended
///              │                                    ▲
///              └──interrupt──▶ interrupted ──end────┘
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    kind: ServiceKind,
    /// The class of the service.
    class: String,
    start: Time,
    info: OperationInfo,
    interrupted_at: Option<Time>,
    end: Option<(Time, Outcome)>,
}

impl Operation {
    /// Starts an operation of the service `class`.
    pub fn new(kind: ServiceKind, class: impl Into<String>, start: Time) -> Self {
        let info = OperationInfo::default();
        Self { kind, class: class.into(), start, info, interrupted_at: None, end: None }
    }

    /// Adds the facts that are available before the operation runs.
    pub fn describe(&mut self, info: OperationInfo) {
        self.info = info;
    }

    /// Ends the operation. Dropping its future interrupts it.
    pub fn end(&mut self, now: Time, outcome: Outcome) {
        if outcome.completion == Completion::Dropped {
            self.interrupt(now);
        }
        self.end = Some((now, outcome));
    }

    /// Marks a running operation as interrupted by the user or a Cancel.
    pub(crate) fn interrupt(&mut self, now: Time) {
        if self.end.is_none() {
            self.interrupted_at.get_or_insert(now);
        }
    }

    pub(crate) const fn kind(&self) -> ServiceKind {
        self.kind
    }

    pub(crate) fn class(&self) -> &str {
        &self.class
    }

    pub(crate) const fn started_at(&self) -> Time {
        self.start
    }

    pub(crate) fn ended_at(&self) -> Option<Time> {
        self.end.as_ref().map(|(at, _)| *at)
    }

    /// Returns when its future or stream was dropped.
    pub(crate) fn dropped_at(&self) -> Option<Time> {
        self.end.as_ref().filter(|(_, outcome)| outcome.completion == Completion::Dropped).map(|(at, _)| *at)
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.outcome()?.failure.as_ref()
    }

    /// Whether it has produced text or an error.
    pub(crate) fn has_result(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.text.is_some() || outcome.failure.is_some())
    }

    /// Returns when its first output arrived: the first item of a stream, else the end.
    pub(crate) fn first_output_at(&self) -> Option<Time> {
        let (ended, outcome) = self.end.as_ref()?;
        outcome.first.or((outcome.completion == Completion::Finished).then_some(*ended))
    }

    /// Returns the text of the outcome.
    pub(crate) fn output_text(&self) -> Option<&str> {
        self.outcome()?.text.as_deref()
    }

    /// Returns the text that was spoken: the text of the outcome, else the input unless interrupted or failed.
    pub(crate) fn spoken_text(&self) -> Option<&str> {
        let input = || self.input_text().filter(|_| !self.is_interrupted() && self.failure().is_none());
        self.output_text().or_else(input)
    }

    /// Returns the input as one text.
    pub(crate) fn input_text(&self) -> Option<&str> {
        match &self.info.input {
            OperationInput::Unknown => None,
            OperationInput::Text(text) => Some(text),
            OperationInput::Chat(request) => request.last_user_message.as_deref(),
        }
    }

    pub(crate) const fn is_interrupted(&self) -> bool {
        self.interrupted_at.is_some()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.end.as_ref().map(|(_, outcome)| outcome)
    }

    /// Converts the operation into a record of its own, which ends at `latest` if the operation has not ended before.
    pub fn into_record(self, key: SpanKey, latest: Time) -> SpanRecord {
        let end = self.ended_at().unwrap_or(latest).min(latest).max(self.start);
        let interrupted = self.is_interrupted();
        let service = Arc::new(self.service());
        let times = ServiceTimes {
            ttfb: self.ttfb(),
            processing: self.end.is_some().then(|| end.seconds_since(self.start)),
        };
        let status = self.failure().map_or(Status::Ok, Status::from);
        let events = self.events();
        let spoken = self.spoken_text().map(str::to_owned);
        let (info, outcome) = (self.info, self.end.map(|(_, outcome)| outcome).unwrap_or_default());
        let details = match self.kind {
            ServiceKind::Stt => SpanDetails::Stt(SttRecord {
                service,
                reported_model: None,
                times,
                is_final: outcome.text.is_some(),
                transcript: outcome.text,
                output_visibility: Visibility::Full,
                language: None,
                audio_seconds: outcome.usage.and_then(audio_seconds),
                time_to_last_transcription: None,
            }),
            ServiceKind::Llm => SpanDetails::Llm(Box::new(LlmRecord {
                service,
                reported_model: None,
                times,
                request: info.input.into_request(),
                user_transcript: None,
                text: outcome.text,
                tool_calls: outcome.tool_calls,
                message_visibility: Visibility::Full,
                usage: outcome.usage.and_then(tokens),
                ttfat: None,
                interrupted,
                withdrawn: false,
            })),
            ServiceKind::Tts => SpanDetails::Tts(TtsRecord {
                service,
                reported_model: None,
                times,
                output: spoken,
                input: info.input.into_text(),
                characters: outcome.usage.and_then(characters),
                ttfa: None,
                audio_duration: None,
                played_duration: None,
                interrupted,
            }),
        };
        SpanRecord { key, start: self.start, end, status, events, user_id: None, details }
    }

    fn service(&self) -> Processor {
        Processor {
            provider: self.info.provider.clone(),
            model: self.info.model.clone(),
            voice: self.info.voice.clone(),
            language: self.info.language.clone(),
            ..Processor::new(self.class.as_str(), self.class.as_str(), self.kind.role())
        }
    }

    /// Returns the time from the start to the first item of the stream.
    fn ttfb(&self) -> Option<(f64, TimingSource)> {
        let first = self.outcome()?.first?;
        Some((first.seconds_since(self.start), TimingSource::Measured))
    }

    fn events(&self) -> Vec<SpanEvent> {
        let (first_kind, interrupted_kind) = match self.kind {
            ServiceKind::Stt => (None, None),
            ServiceKind::Llm => (Some(SpanEventKind::FirstToken), Some(SpanEventKind::Interrupted)),
            ServiceKind::Tts => (Some(SpanEventKind::FirstAudio), Some(SpanEventKind::Interrupted)),
        };
        let first = self.outcome().and_then(|outcome| outcome.first).zip(first_kind);
        let failed = self.ended_at().zip(self.failure().map(SpanEventKind::from));
        let interrupted = self.interrupted_at.zip(interrupted_kind);
        let mut events: Vec<SpanEvent> = [first, failed, interrupted]
            .into_iter()
            .flatten()
            .map(|(at, kind)| SpanEvent { at, kind })
            .collect();
        events.sort_by_key(|event| event.at);
        events
    }
}

impl OperationInput {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Text(text) => Some(text),
            Self::Chat(request) => request.last_user_message,
        }
    }

    /// Converts the input to a request. A text becomes a user message.
    fn into_request(self) -> LlmRequest {
        match self {
            Self::Unknown => LlmRequest::default(),
            Self::Chat(request) => request,
            Self::Text(text) => LlmRequest {
                newest: vec![Message::text("user", text.as_str())],
                message_count: 1,
                last_user_message: Some(text),
                ..LlmRequest::default()
            },
        }
    }
}

impl From<&Failure> for Status {
    fn from(failure: &Failure) -> Self {
        let Failure { message, error_type } = failure.clone();
        Self::Error { message, error_type }
    }
}

impl From<&Failure> for SpanEventKind {
    fn from(failure: &Failure) -> Self {
        let Failure { message, error_type } = failure.clone();
        Self::Exception { message, error_type }
    }
}

const fn tokens(usage: Measurement) -> Option<LlmUsage> {
    match usage {
        Measurement::LlmUsage(usage) => Some(usage),
        _ => None,
    }
}

const fn characters(usage: Measurement) -> Option<u64> {
    match usage {
        Measurement::TtsCharacters(characters) => Some(characters),
        _ => None,
    }
}

const fn audio_seconds(usage: Measurement) -> Option<f64> {
    match usage {
        Measurement::SttAudioSeconds(seconds) => Some(seconds),
        _ => None,
    }
}
