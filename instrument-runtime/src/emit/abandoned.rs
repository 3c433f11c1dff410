//! Spans whose end nobody told.

use std::sync::Arc;

use crate::core::frame::{Processor, Role};
use crate::core::record::{
    Body, EndReason, LlmRecord, Request, ServiceTimes, SpanKind, SpanRecord, SpanStart, Status, SttRecord,
    Told, ToolRecord, TtsRecord, TurnRecord,
};
use crate::core::time::Time;

/// What can be said of the span `start` if its conversation is gone: what it was, and that it was broken off at
/// `end`. That is no error of the service's, so its status is Ok.
pub(super) fn abandoned(start: &SpanStart, end: Time) -> SpanRecord {
    let body = match start.kind {
        SpanKind::Turn => Body::Turn(TurnRecord {
            number: start.turn,
            input: None,
            output: None,
            end_reason: EndReason::Cancelled,
            latency: None,
        }),
        SpanKind::Stt => Body::Stt(SttRecord {
            service: service(&start.name, Role::Stt),
            measured_model: None,
            times: ServiceTimes::default(),
            transcript: None,
            as_output: Told::Whole,
            is_final: false,
            language: None,
            audio_seconds: None,
            time_to_last_transcription: None,
        }),
        SpanKind::Llm => Body::Llm(Box::new(LlmRecord {
            service: service(&start.name, Role::Llm),
            measured_model: None,
            times: ServiceTimes::default(),
            request: Request::default(),
            heard: None,
            text: None,
            tool_calls: Vec::new(),
            as_message: Told::Whole,
            usage: None,
            ttfat: None,
            interrupted: true,
        })),
        SpanKind::Tts => Body::Tts(TtsRecord {
            service: service(&start.name, Role::Tts),
            measured_model: None,
            times: ServiceTimes::default(),
            input: None,
            output: None,
            characters: None,
            ttfa: None,
            audio: None,
            played: None,
            interrupted: true,
        }),
        SpanKind::Tool => Body::Tool(ToolRecord {
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
        body,
    }
}

/// All that is known of the service is its class.
fn service(class: &str, role: Role) -> Arc<Processor> {
    Arc::new(Processor { class: class.to_owned(), name: class.to_owned(), role, ..Processor::default() })
}
