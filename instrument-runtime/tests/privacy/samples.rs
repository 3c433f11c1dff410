//! A small record of each kind.

use std::sync::Arc;

use pipecat_instrument_runtime::engine::frame::{
    ImageUrl, Message, MessageContent, MessagePart, Processor, Role, Setting, ToolCall,
};
use pipecat_instrument_runtime::engine::record::{
    EndReason, Initiator, LlmRecord, LlmRequest, ServiceTimes, SpanDetails, SttRecord, ToolRecord, TtsRecord,
    TurnNumber, TurnRecord, Visibility,
};

pub(crate) fn turn() -> SpanDetails {
    SpanDetails::Turn(TurnRecord {
        number: TurnNumber(1),
        input: Some("What time is it?".into()),
        output: Some("It is noon.".into()),
        end_reason: EndReason::Completed,
        initiator: Initiator::User,
        repeats: None,
        latency: None,
        start_missed: false,
    })
}

pub(crate) fn stt() -> SpanDetails {
    SpanDetails::Stt(SttRecord {
        service: Arc::new(Processor::new("Stt#0", "DeepgramSTTService", Role::Stt)),
        reported_model: None,
        times: ServiceTimes::default(),
        transcript: Some("What time is it?".into()),
        output_visibility: Visibility::Full,
        is_final: true,
        language: None,
        audio_seconds: None,
        time_to_last_transcription: None,
    })
}

pub(crate) fn llm() -> SpanDetails {
    let service =
        Processor::new("Llm#0", "OpenAILLMService", Role::Llm).setting("temperature", Setting::Float(0.5));
    let parts = vec![
        MessagePart::Text("What time is it?".into()),
        MessagePart::Image(ImageUrl("data:image/png;base64,AAAA".into())),
    ];
    SpanDetails::Llm(Box::new(LlmRecord {
        service: Arc::new(service),
        reported_model: None,
        times: ServiceTimes::default(),
        request: LlmRequest {
            system: Some(Message::text("system", "Be brief.")),
            newest: vec![
                Message::text("assistant", "Hello."),
                Message { content: MessageContent::Parts(parts), ..Message::text("user", "") },
            ],
            message_count: 3,
            last_user_message: Some("What time is it?".into()),
            tools: vec![r#"{"name":"clock"}"#.into()],
        },
        user_transcript: None,
        text: Some("One moment.".into()),
        tool_calls: vec![clock()],
        message_visibility: Visibility::Full,
        usage: None,
        ttfat: None,
        interrupted: false,
        withdrawn: false,
    }))
}

fn clock() -> ToolCall {
    ToolCall { id: "call_1".into(), name: "clock".into(), arguments: r#"{"zone":"UTC"}"#.into() }
}

/// An LLM call in which the service's own instruction is the first message.
pub(crate) fn llm_with_an_instruction() -> SpanDetails {
    let SpanDetails::Llm(llm) = llm() else { return llm() };
    let service = Processor { system_instruction: Some("Be brief.".into()), ..(*llm.service).clone() };
    let request = LlmRequest { system: None, message_count: 2, ..llm.request };
    SpanDetails::Llm(Box::new(LlmRecord { service: Arc::new(service), request, ..*llm }))
}

/// An LLM call whose response is a tool call without text.
pub(crate) fn llm_that_calls() -> SpanDetails {
    let SpanDetails::Llm(llm) = llm() else { return llm() };
    SpanDetails::Llm(Box::new(LlmRecord { text: None, request: LlmRequest::default(), ..*llm }))
}

pub(crate) fn tts() -> SpanDetails {
    SpanDetails::Tts(TtsRecord {
        service: Arc::new(Processor::new("Tts#0", "CartesiaTTSService", Role::Tts)),
        reported_model: None,
        times: ServiceTimes::default(),
        input: Some("It is noon.".into()),
        output: Some("It is".into()),
        characters: Some(11),
        ttfa: None,
        audio_duration: None,
        played_duration: None,
        interrupted: true,
    })
}

pub(crate) fn tool() -> SpanDetails {
    SpanDetails::Tool(ToolRecord {
        name: "clock".into(),
        tool_call_id: "call_1".into(),
        arguments: Some(r#"{"zone":"UTC"}"#.into()),
        result: Some(r#""12:00""#.into()),
        error: None,
        cancelled: false,
        unfinished: false,
    })
}
