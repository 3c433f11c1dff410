//! Facts of a record that several conventions and the metrics write.

use crate::engine::frame::Processor;
use crate::engine::operation::ServiceKind;
use crate::engine::record::{
    EndReason, Initiator, LatencySource, ServiceTimes, SpanDetails, SttRecord, TimingSource,
};

/// The common part of STT, LLM and TTS records.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceSpan<'a> {
    pub(super) kind: ServiceKind,
    pub(super) service: &'a Processor,
    pub(super) times: ServiceTimes,
    reported_model: Option<&'a str>,
}

impl<'a> ServiceSpan<'a> {
    /// Returns the common part of `details`; `None` for turns and tools.
    pub(super) fn of(details: &'a SpanDetails) -> Option<Self> {
        let (kind, service, times, reported_model) = match details {
            SpanDetails::Stt(stt) => (ServiceKind::Stt, &stt.service, stt.times, &stt.reported_model),
            SpanDetails::Llm(llm) => (ServiceKind::Llm, &llm.service, llm.times, &llm.reported_model),
            SpanDetails::Tts(tts) => (ServiceKind::Tts, &tts.service, tts.times, &tts.reported_model),
            SpanDetails::Turn(_) | SpanDetails::Tool(_) => return None,
        };
        Some(Self { kind, service, times, reported_model: reported_model.as_deref() })
    }

    /// Returns the model that metrics reported, else the one in the description, which may be older.
    pub(super) fn model(&self) -> Option<&'a str> {
        self.reported_model.or(self.service.model.as_deref())
    }

    /// Returns the processor's name; `None` if it equals the class, and so does not distinguish instances.
    pub(super) fn instance(&self) -> Option<&'a str> {
        (self.service.name != self.service.class).then_some(&*self.service.name)
    }

    /// Returns the time to first byte in seconds.
    pub(super) fn ttfb(&self) -> Option<f64> {
        self.times.ttfb.map(|(seconds, _)| seconds)
    }

    /// Returns the time in seconds from the start of the span to the first piece of the response. `None` for STT: its
    /// time to first byte counts from the end of the voice, and a transcript is not streamed as a response.
    pub(super) fn time_to_first_chunk(&self) -> Option<f64> {
        self.ttfb().filter(|_| self.kind != ServiceKind::Stt)
    }
}

/// Returns the language of the transcript, else the language that the service is set to.
pub(super) fn language(stt: &SttRecord) -> Option<&str> {
    stt.language.as_deref().or(stt.service.language.as_deref())
}

pub(super) const fn ttfb_source(source: TimingSource) -> &'static str {
    match source {
        TimingSource::Reported => "reported",
        TimingSource::Measured => "measured",
    }
}

pub(super) const fn latency_source(source: LatencySource) -> &'static str {
    match source {
        LatencySource::Vad => "vad",
        LatencySource::UserStopped => "user_stopped",
    }
}

pub(super) const fn initiator(initiator: Initiator) -> &'static str {
    match initiator {
        Initiator::User => "user",
        Initiator::Bot => "bot",
    }
}

pub(super) const fn end_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Completed => "completed",
        EndReason::Interrupted => "interrupted",
        EndReason::Ended => "ended",
        EndReason::Cancelled => "cancelled",
    }
}
