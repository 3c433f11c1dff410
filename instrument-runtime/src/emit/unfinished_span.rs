//! Spans whose end nobody told.

use std::sync::Arc;

use crate::engine::frame::{Processor, Role};
use crate::engine::record::{
    EndReason, LlmRecord, LlmRequest, ServiceTimes, SpanDetails, SpanKind, SpanRecord, SpanStart, Status,
    SttRecord, ToolRecord, TtsRecord, TurnRecord, Visibility,
};
use crate::engine::time::Time;

/// What can be said of the span `start` if its conversation is gone: what it was, and that it was broken off at
/// `end`. That is no error of the service's, so its status is Ok.
pub(super) fn abandoned(start: &SpanStart, end: Time) -> SpanRecord {
    let details = match start.kind {
        SpanKind::Turn => SpanDetails::Turn(TurnRecord {
            number: start.turn,
            input: None,
            output: None,
            end_reason: EndReason::Cancelled,
            latency: None,
        }),
        SpanKind::Stt => SpanDetails::Stt(SttRecord {
            service: service(&start.name, Role::Stt),
            reported_model: None,
            times: ServiceTimes::default(),
            transcript: None,
            output_visibility: Visibility::Full,
            is_final: false,
            language: None,
            audio_seconds: None,
            time_to_last_transcription: None,
        }),
        SpanKind::Llm => SpanDetails::Llm(Box::new(LlmRecord {
            service: service(&start.name, Role::Llm),
            reported_model: None,
            times: ServiceTimes::default(),
            request: LlmRequest::default(),
            user_transcript: None,
            text: None,
            tool_calls: Vec::new(),
            message_visibility: Visibility::Full,
            usage: None,
            ttfat: None,
            interrupted: true,
        })),
        SpanKind::Tts => SpanDetails::Tts(TtsRecord {
            service: service(&start.name, Role::Tts),
            reported_model: None,
            times: ServiceTimes::default(),
            input: None,
            output: None,
            characters: None,
            ttfa: None,
            audio_duration: None,
            played_duration: None,
            interrupted: true,
        }),
        SpanKind::Tool => SpanDetails::Tool(ToolRecord {
            name: start.name.clone(),
            tool_call_id: String::new(),
            arguments: None,
            result: None,
            error: None,
            cancelled: true,
        }),
    };
    SpanRecord {
        key: start.key,
        start: start.at,
        end,
        status: Status::Ok,
        events: Vec::new(),
        user_id: None,
        details,
    }
}

/// All that is known of the service is its class.
fn service(class: &str, role: Role) -> Arc<Processor> {
    Arc::new(Processor { class: class.to_owned(), name: class.to_owned(), role, ..Processor::default() })
}
