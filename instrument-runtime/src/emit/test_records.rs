//! Records for tests, and attributes as text.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;

use crate::engine::frame::{LlmUsage, Message, Processor, Role, Setting, ToolCall};
use crate::engine::record::{
    EndReason, Initiator, LatencySource, LatencyStage, LlmRecord, LlmRequest, ServiceTimes, SpanDetails,
    SpanKey, SpanRecord, StageTime, Status, SttRecord, TimingSource, ToolRecord, TtsRecord, TurnNumber,
    TurnRecord, UserToBotLatency, Visibility,
};
use crate::engine::time::Time;

/// A record of 1.5 s without errors.
pub(crate) fn record(details: SpanDetails) -> SpanRecord {
    SpanRecord {
        key: SpanKey(1),
        start: Time::from_unix_nanos(1_000_000_000),
        end: Time::from_unix_nanos(2_500_000_000),
        status: Status::Ok,
        events: Vec::new(),
        user_id: None,
        details,
    }
}

/// Times reported by a service.
fn times() -> ServiceTimes {
    ServiceTimes { ttfb: Some((0.25, TimingSource::Reported)), processing: Some(0.5) }
}

pub(crate) fn turn() -> TurnRecord {
    TurnRecord {
        number: TurnNumber(3),
        input: Some("What time is it?".into()),
        output: Some("It is noon.".into()),
        end_reason: EndReason::Interrupted,
        initiator: Initiator::User,
        latency: Some(UserToBotLatency {
            seconds: 0.75,
            source: LatencySource::Vad,
            stages: vec![
                StageTime { stage: LatencyStage::Transcription, seconds: 0.25, owner: None },
                StageTime { stage: LatencyStage::Llm, seconds: 0.5, owner: Some("OpenAILLMService".into()) },
            ],
        }),
        repeats: None,
        start_missed: false,
    }
}

pub(crate) fn stt() -> SttRecord {
    let service = Processor::new("DeepgramSTTService#0", "DeepgramSTTService", Role::Stt)
        .provider("deepgram")
        .model("nova-2")
        .sample_rate(16_000);
    SttRecord {
        service: Arc::new(service),
        reported_model: None,
        times: times(),
        transcript: Some("What time is it?".into()),
        output_visibility: Visibility::Full,
        is_final: true,
        language: Some("en".into()),
        audio_seconds: Some(1.25),
        time_to_last_transcription: Some(0.125),
    }
}

pub(crate) fn llm() -> LlmRecord {
    let service = Processor::new("OpenAILLMService#0", "OpenAILLMService", Role::Llm)
        .model("gpt-4o")
        .setting("temperature", Setting::Float(0.7))
        .setting("max_tokens", Setting::Int(256))
        .setting("stop", Setting::Json(r#"["END"]"#.into()))
        .setting("seed", Setting::Json("null".into()));
    LlmRecord {
        service: Arc::new(service),
        reported_model: Some("gpt-4o-2024-08-06".into()),
        times: times(),
        request: LlmRequest {
            system: Some(Message::text("system", "Be brief.")),
            newest: vec![Message::text("user", "What time is it?")],
            message_count: 2,
            last_user_message: Some("What time is it?".into()),
            tools: vec![r#"{"name":"clock"}"#.into()],
        },
        user_transcript: None,
        text: Some("It is noon.".into()),
        tool_calls: Vec::new(),
        message_visibility: Visibility::Full,
        usage: Some(LlmUsage {
            prompt: 120,
            completion: 20,
            total: 140,
            cache_read: Some(64),
            ..LlmUsage::default()
        }),
        ttfat: Some(0.375),
        interrupted: false,
        withdrawn: false,
    }
}

/// A call of the tool `clock`.
pub(crate) fn clock_call() -> ToolCall {
    ToolCall { id: "call_1".into(), name: "clock".into(), arguments: r#"{"zone":"UTC"}"#.into() }
}

pub(crate) fn tts() -> TtsRecord {
    let service = Processor::new("CartesiaTTSService", "CartesiaTTSService", Role::Tts)
        .model("sonic-2")
        .voice("british-lady")
        .sample_rate(24_000);
    TtsRecord {
        service: Arc::new(service),
        reported_model: None,
        times: ServiceTimes { ttfb: Some((0.0625, TimingSource::Measured)), processing: None },
        input: Some("It is noon.".into()),
        output: Some("It is".into()),
        characters: Some(11),
        ttfa: Some(0.09375),
        audio_duration: Some(Duration::from_millis(1500)),
        played_duration: Some(Duration::from_millis(500)),
        interrupted: true,
    }
}

pub(crate) fn tool() -> ToolRecord {
    ToolRecord {
        name: "clock".into(),
        tool_call_id: "call_1".into(),
        arguments: Some(r#"{"zone":"UTC"}"#.into()),
        result: Some(r#""12:00""#.into()),
        error: None,
        cancelled: false,
        unfinished: false,
    }
}

/// Returns the attributes in their order, one `key = value` per line.
pub(crate) fn text(attributes: &[KeyValue]) -> String {
    attributes
        .iter()
        .fold(String::new(), |text, attribute| text + &format!("{} = {}\n", attribute.key, attribute.value))
}
