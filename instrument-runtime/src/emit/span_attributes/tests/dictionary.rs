//! The attributes that are written are those that the table of keys knows, and the other way round.

use std::collections::BTreeSet;
use std::sync::Arc;

use opentelemetry::{Array, KeyValue, Value};

use super::{every_convention, written};
use crate::emit::conversation_span::ConversationFacts;
use crate::emit::keys::{self, AttributeTarget, ValueKind};
use crate::emit::span_attributes::conversation_attributes;
use crate::emit::span_scope::SpanScope;
use crate::emit::test_records::{clock_call, llm, record, stt, tool, tts, turn};
use crate::emit::{Conventions, EmitSettings, Session};
use crate::engine::frame::{
    ImageUrl, LlmUsage, Message, MessageContent, MessagePart, Processor, Role, Setting,
};
use crate::engine::record::{
    LatencyStages, LlmRecord, SpanDetails, SpanRecord, Status, SttRecord, ToolRecord, TtsRecord, TurnRecord,
};

/// What stands on none of the spans that are made here: the application's, and the events'.
const ELSEWHERE: [&str; 8] = [
    keys::METADATA,
    keys::EXCEPTION_TYPE,
    keys::EXCEPTION_MESSAGE,
    keys::NOTE_NAME,
    keys::NOTE_VALUE,
    keys::EVALUATION_NAME,
    keys::EVALUATION_SCORE,
    keys::EVALUATION_EXPLANATION,
];

/// What is wrong with `told` of a span of `bearer`, by the table; nothing, if nothing is.
pub(super) fn mistake(told: &KeyValue, bearer: AttributeTarget, conventions: Conventions) -> Option<String> {
    let Some(info) = keys::info(told.key.as_str()) else {
        return Some(format!("{} is in no table", told.key));
    };
    if !info.targets.contains(&bearer) {
        return Some(format!("{} on {bearer:?}", told.key));
    }
    if !conventions.contains(info.convention) {
        return Some(format!("{} is of {}, not of {conventions}", told.key, info.convention));
    }
    (!fits(info.value, &told.value)).then(|| format!("{} is no {:?}: {:?}", told.key, info.value, told.value))
}

pub(super) fn bearer(details: &SpanDetails) -> AttributeTarget {
    match details {
        SpanDetails::Turn(_) => AttributeTarget::Turn,
        SpanDetails::Stt(_) => AttributeTarget::Stt,
        SpanDetails::Llm(_) => AttributeTarget::Llm,
        SpanDetails::Tts(_) => AttributeTarget::Tts,
        SpanDetails::Tool(_) => AttributeTarget::Tool,
    }
}

fn fits(kind: ValueKind, value: &Value) -> bool {
    match value {
        Value::String(_) => matches!(kind, ValueKind::Text | ValueKind::Json | ValueKind::Scalar),
        Value::Array(Array::String(_)) => kind == ValueKind::Texts,
        Value::Bool(_) => matches!(kind, ValueKind::Flag | ValueKind::Scalar),
        Value::I64(_) => kind.type_name() == "int" || kind == ValueKind::Scalar,
        Value::F64(_) => kind.type_name() == "double" || kind == ValueKind::Scalar,
        _ => false,
    }
}

#[test]
fn every_key_of_the_table_is_written_where_it_says_and_only_there() {
    let (session, settings) =
        (Session::new("call-42"), EmitSettings::default().conventions(every_convention()));
    let mut seen = BTreeSet::new();
    let mut see = |written: Vec<KeyValue>, bearer| {
        for told in written {
            assert_eq!(mistake(&told, bearer, every_convention()), None);
            let key = keys::info(told.key.as_str()).map_or("", |info| info.key);
            seen.insert((key, format!("{bearer:?}")));
        }
    };
    for record in eloquent_records() {
        see(written(&record, &session, &settings), bearer(&record.details));
    }
    let scope = SpanScope { session: &session, settings: &settings, turn: None };
    see(conversation_attributes(&failed_conversation(), &scope), AttributeTarget::Conversation);

    let in_the_table = keys::table().filter(|info| !ELSEWHERE.contains(&info.key));
    let in_the_table =
        in_the_table.flat_map(|info| info.targets.iter().map(|bearer| (info.key, format!("{bearer:?}"))));
    let in_the_table: BTreeSet<_> = in_the_table.collect();
    let differences: Vec<_> = seen.symmetric_difference(&in_the_table).collect();
    assert!(differences.is_empty(), "{differences:?}");
}

fn failed_conversation() -> ConversationFacts {
    ConversationFacts { status: failure(), user_id: Some("ann".into()) }
}

fn failure() -> Status {
    Status::Error { message: "503 overloaded".into(), error_type: "RuntimeError".into() }
}

/// Records that have something to say under every key.
fn eloquent_records() -> Vec<SpanRecord> {
    let mut only_calls = eloquent_llm();
    only_calls.text = None;
    let bodies = [
        SpanDetails::Turn(eloquent_turn()),
        SpanDetails::Stt(SttRecord { service: with_settings(&stt().service), ..stt() }),
        SpanDetails::Llm(Box::new(eloquent_llm())),
        SpanDetails::Llm(Box::new(only_calls)),
        SpanDetails::Tts(TtsRecord { service: with_settings(&tts().service), times: stt().times, ..tts() }),
        SpanDetails::Tool(ToolRecord { cancelled: true, ..tool() }),
    ];
    let bodies = bodies.into_iter();
    bodies
        .map(|details| SpanRecord { user_id: Some("ann".into()), status: failure(), ..record(details) })
        .collect()
}

fn with_settings(service: &Processor) -> Arc<Processor> {
    // Several of a class, or their instances would not be told apart.
    let name = format!("{}#1", service.class);
    Processor { name, ..service.clone() }.setting("speed", Setting::Float(1.5)).into()
}

fn eloquent_turn() -> TurnRecord {
    let all = Some(0.125);
    let stages = LatencyStages { stt: all, llm: all, tools: all, aggregation: all, tts: all, output: all };
    let mut turn = turn();
    if let Some(latency) = &mut turn.latency {
        latency.stages = stages;
    }
    turn
}

fn eloquent_llm() -> LlmRecord {
    let parts =
        vec![MessagePart::Text("What is this?".into()), MessagePart::Image(ImageUrl("data:,".into()))];
    let mut llm = llm();
    llm.service = Processor::new("OpenAILLMService#0", "OpenAILLMService", Role::Llm)
        .model("gpt-4o")
        .setting("temperature", Setting::Float(0.7))
        .setting("top_p", Setting::Float(0.9))
        .setting("top_k", Setting::Int(40))
        .setting("frequency_penalty", Setting::Float(0.1))
        .setting("presence_penalty", Setting::Float(0.1))
        .setting("max_tokens", Setting::Int(256))
        .setting("seed", Setting::Int(7))
        .setting("stop", Setting::Text("END".into()))
        .into();
    llm.request.newest = vec![
        Message {
            name: Some("ann".into()),
            content: MessageContent::Parts(parts),
            ..Message::text("user", "")
        },
        Message { tool_calls: vec![clock_call()], ..Message::text("assistant", "Let me look.") },
        Message { tool_call_id: Some("call_1".into()), ..Message::text("tool", "12:00") },
    ];
    llm.tool_calls = vec![clock_call()];
    llm.interrupted = true;
    llm.usage = Some(LlmUsage {
        prompt: 120,
        completion: 20,
        total: 140,
        cache_read: Some(64),
        cache_write: Some(8),
        reasoning: Some(4),
        prompt_audio: Some(2),
        completion_audio: Some(1),
    });
    llm
}
