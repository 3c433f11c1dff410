//! Proptest strategies for records, sessions and settings.

use std::sync::Arc;

use opentelemetry::KeyValue;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::emit::test_records::{self, llm, stt, tool, tts, turn};
use crate::emit::{Conventions, EmitSettings, Session, SpanNaming, TraceLayout};
use crate::engine::frame::{
    ImageUrl, Message, MessageContent, MessagePart, Processor, Role, Setting, ToolCall,
};
use crate::engine::record::{LlmRecord, LlmRequest, SpanDetails, SpanRecord, Status, SttRecord, TtsRecord};

pub(super) fn record() -> impl Strategy<Value = SpanRecord> {
    let details = prop_oneof![
        Just(SpanDetails::Turn(turn())),
        service(&stt().service).prop_map(|service| SpanDetails::Stt(SttRecord { service, ..stt() })),
        service(&tts().service).prop_map(|service| SpanDetails::Tts(TtsRecord { service, ..tts() })),
        Just(SpanDetails::Tool(tool())),
        llm_call().prop_map(|llm| SpanDetails::Llm(Box::new(llm))),
    ];
    (details, option::of(".{0,3}"), option::of(".{0,3}")).prop_map(|(details, error, user)| SpanRecord {
        status: error.map_or(Status::Ok, |message| Status::Error { message, error_type: "_OTHER".into() }),
        user_id: user.map(Into::into),
        ..test_records::record(details)
    })
}

/// All sets of conventions, layouts and namings.
pub(super) fn settings() -> impl Strategy<Value = EmitSettings> {
    let convention = |convention| prop_oneof![Just(Conventions::OPENINFERENCE), Just(convention)];
    let conventions = (
        convention(Conventions::GEN_AI),
        convention(Conventions::PIPECAT),
        convention(Conventions::LANGFUSE),
        convention(Conventions::OPENOBSERVE),
    );
    let layout = prop_oneof![Just(TraceLayout::PerTurn), Just(TraceLayout::PerConversation)];
    let names = prop_oneof![Just(SpanNaming::OpenInference), Just(SpanNaming::Pipecat)];
    (conventions, layout, names, 0..200_usize).prop_map(|((a, b, c, d), layout, names, attribute_limit)| {
        let settings = EmitSettings { attribute_limit, ..EmitSettings::default() };
        settings.conventions(a | b | c | d).layout(layout).span_names(names)
    })
}

/// A service with settings whose names often conflict.
fn service(service: &Processor) -> impl Strategy<Value = Arc<Processor>> + use<> {
    let service = service.clone();
    vec(("[a-c](\\.[a-c]){0,2}", setting()), 0..6)
        .prop_map(move |settings| Arc::new(Processor { settings, ..service.clone() }))
}

/// Additional attributes that often conflict with the span's own.
pub(super) fn session() -> impl Strategy<Value = Session> {
    let key = prop_oneof![
        "[a-c](\\.[a-c]){0,2}",
        Just("llm".to_owned()),
        Just("llm.input_messages".to_owned()),
        Just("llm.input_messages.1".to_owned()),
        Just("llm.input_messages.1.message.role".to_owned()),
        Just("llm.output_messages.0.message.content.x".to_owned()),
        Just("input.value".to_owned()),
        Just("tool".to_owned()),
        Just("settings".to_owned()),
        Just("transcript.is_input".to_owned()),
        Just("langfuse.session".to_owned()),
        Just("langfuse.trace.tags".to_owned()),
    ];
    (".{0,4}", vec((key, any::<i64>()), 0..12)).prop_map(|(id, attributes)| Session {
        id: id.into(),
        attributes: attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect(),
    })
}

fn llm_call() -> impl Strategy<Value = LlmRecord> {
    let request = (option::of(message()), vec(message(), 0..80), vec(".{0,3}", 0..6));
    let service = (option::of(".{0,3}"), vec((".{0,3}", setting()), 0..4));
    (request, service, option::of(".{0,3}"), vec(call(), 0..3)).prop_map(
        |(request, service, text, tool_calls)| {
            let (system, newest, tools) = request;
            let (system_instruction, settings) = service;
            let processor = Processor::new("LLM#0", "LLM", Role::Llm);
            LlmRecord {
                service: Arc::new(Processor { system_instruction, settings, ..processor }),
                request: LlmRequest { system, newest, tools, ..LlmRequest::default() },
                text,
                tool_calls,
                ..llm()
            }
        },
    )
}

fn setting() -> impl Strategy<Value = Setting> {
    prop_oneof![
        any::<bool>().prop_map(Setting::Bool),
        any::<f64>().prop_map(Setting::Float),
        ".{0,3}".prop_map(Setting::Json),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    (".{0,3}", content(), option::of(".{0,2}"), option::of(".{0,2}"), vec(call(), 0..3)).prop_map(
        |(role, content, name, tool_call_id, tool_calls)| Message {
            role,
            content,
            name,
            tool_call_id,
            tool_calls,
        },
    )
}

fn content() -> impl Strategy<Value = MessageContent> {
    let part = prop_oneof![
        ".{0,3}".prop_map(MessagePart::Text),
        ".{0,3}".prop_map(|url| MessagePart::Image(ImageUrl(url))),
        ".{0,3}".prop_map(MessagePart::Other),
    ];
    prop_oneof![
        Just(MessageContent::None),
        ".{0,3}".prop_map(MessageContent::Text),
        vec(part, 0..4).prop_map(MessageContent::Parts)
    ]
}

fn call() -> impl Strategy<Value = ToolCall> {
    (".{0,2}", ".{0,2}", ".{0,2}").prop_map(|(id, name, arguments)| ToolCall { id, name, arguments })
}
