//! An operation of which no frame tells, as a record of its own.

use std::sync::Arc;

use super::{Failure, Operation, OperationInput, ServiceKind};
use crate::engine::frame::{LlmUsage, Measurement, Message, Processor};
use crate::engine::record::{
    LlmRecord, LlmRequest, ServiceTimes, SpanDetails, SpanEvent, SpanEventKind, SpanKey, SpanRecord, Status,
    SttRecord, TimingSource, TtsRecord, Visibility,
};
use crate::engine::time::Time;

impl Operation {
    /// A span of its own: what nobody else tells of. It ends at `latest` if it is not over by then.
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

    /// From its start to the first piece of its stream.
    pub(super) fn ttfb(&self) -> Option<(f64, TimingSource)> {
        let first = self.outcome()?.first?;
        Some((first.seconds_since(self.start), TimingSource::Measured))
    }

    fn events(&self) -> Vec<SpanEvent> {
        let outcome = self.outcome();
        let came = match self.kind {
            ServiceKind::Stt => None,
            ServiceKind::Llm => Some(SpanEventKind::FirstToken),
            ServiceKind::Tts => Some(SpanEventKind::FirstAudio),
        };
        let first = outcome.and_then(|outcome| outcome.first).zip(came);
        let failed = self.ended_at().zip(self.failure().map(SpanEventKind::from));
        let cut =
            self.interrupted_at.zip((self.kind != ServiceKind::Stt).then_some(SpanEventKind::Interrupted));
        let mut events: Vec<SpanEvent> =
            [first, failed, cut].into_iter().flatten().map(|(at, kind)| SpanEvent { at, kind }).collect();
        events.sort_by_key(|event| event.at);
        events
    }
}

impl OperationInput {
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Text(text) => Some(text),
            Self::Chat(request) => request.last_user_message,
        }
    }

    /// A text alone is what a user says.
    pub(super) fn into_request(self) -> LlmRequest {
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

pub(super) const fn tokens(measured: Measurement) -> Option<LlmUsage> {
    match measured {
        Measurement::LlmUsage(usage) => Some(usage),
        _ => None,
    }
}

pub(super) const fn characters(measured: Measurement) -> Option<u64> {
    match measured {
        Measurement::TtsCharacters(characters) => Some(characters),
        _ => None,
    }
}

pub(super) const fn audio_seconds(measured: Measurement) -> Option<f64> {
    match measured {
        Measurement::SttAudioSeconds(seconds) => Some(seconds),
        _ => None,
    }
}
