//! What the spans of all services have in common.

use crate::engine::frame::Processor;
use crate::engine::record::{ServiceTimes, SpanDetails, SttRecord};

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceType {
    /// Speech to text.
    Stt,
    /// A language model.
    Llm,
    /// Text to speech.
    Tts,
}

impl ServiceType {
    /// As it is written.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::Tts => "tts",
        }
    }
}

/// What the spans of all services have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceSpan<'a> {
    /// What the service does.
    pub(super) service_type: ServiceType,
    /// The service.
    pub(super) service: &'a Processor,
    /// Its times.
    pub(super) times: ServiceTimes,
    reported_model: Option<&'a str>,
}

impl<'a> ServiceSpan<'a> {
    /// What `details` shares with other services' spans; `None` for turns and tools.
    pub(super) fn of(details: &'a SpanDetails) -> Option<Self> {
        let (service_type, service, times, reported_model) = match details {
            SpanDetails::Stt(stt) => (ServiceType::Stt, &stt.service, stt.times, &stt.reported_model),
            SpanDetails::Llm(llm) => (ServiceType::Llm, &llm.service, llm.times, &llm.reported_model),
            SpanDetails::Tts(tts) => (ServiceType::Tts, &tts.service, tts.times, &tts.reported_model),
            SpanDetails::Turn(_) | SpanDetails::Tool(_) => return None,
        };
        Some(Self { service_type, service, times, reported_model: reported_model.as_deref() })
    }

    /// The model that was asked for; where that was never told, the one that was measured.
    pub(super) fn model(&self) -> Option<&'a str> {
        self.service.model.as_deref().or(self.reported_model)
    }

    /// What tells this service from others of its class; `None` where the class already does.
    pub(super) fn instance(&self) -> Option<&'a str> {
        (self.service.name != self.service.class).then_some(&*self.service.name)
    }
}

/// The language that was heard; where transcripts do not tell, the one that the service was set to.
pub(super) fn language(stt: &SttRecord) -> Option<&str> {
    stt.language.as_deref().or(stt.service.language.as_deref())
}
