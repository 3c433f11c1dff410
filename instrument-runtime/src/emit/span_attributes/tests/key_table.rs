//! Written attributes against the table of keys, in both directions.

use std::collections::BTreeSet;
use std::sync::Arc;

use opentelemetry::{Array, KeyValue, Value};

use super::{every_convention, written};
use crate::emit::keys::{self, AttributeTarget, ValueKind};
use crate::emit::span_attributes::all_of_conversation;
use crate::emit::span_scope::SpanScope;
use crate::emit::test_records::{clock_call, llm, record, stt, tool, tts, turn};
use crate::emit::{Conventions, EmitSettings, Session};
use crate::engine::frame::{
    ImageUrl, LlmUsage, Message, MessageContent, MessagePart, Processor, Role, Setting,
};
use crate::engine::record::{
    LatencyStage, LlmRecord, SpanDetails, SpanRecord, StageTime, Status, SttRecord, ToolRecord, TtsRecord,
    TurnRecord, UserRepeats,
};

/// Keys that none of these spans has: the application writes them, or events carry them.
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

/// Returns the contradiction between `attribute` of a span of kind `target` and the table, if there is one.
pub(super) fn mistake(
    attribute: &KeyValue,
    target: AttributeTarget,
    conventions: Conventions,
) -> Option<String> {
    let Some(info) = keys::info(attribute.key.as_str()) else {
        return Some(format!("{} is not in the table", attribute.key));
    };
    if !info.targets.contains(&target) {
        return Some(format!("{} on {target:?}", attribute.key));
    }
    if !conventions.contains(info.convention) {
        return Some(format!("{} belongs to {}, not to {conventions}", attribute.key, info.convention));
    }
    (!fits(info.value, &attribute.value))
        .then(|| format!("{} is not of type {:?}: {:?}", attribute.key, info.value, attribute.value))
}

pub(super) fn target(details: &SpanDetails) -> AttributeTarget {
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
fn every_key_of_the_table_is_written_on_exactly_its_targets() {
    let (session, settings) =
        (Session::new("call-42"), EmitSettings::default().conventions(every_convention()));
    let mut on_spans = BTreeSet::new();
    let mut add = |written: Vec<KeyValue>, target| {
        for attribute in written {
            assert_eq!(mistake(&attribute, target, every_convention()), None);
            let key = keys::info(attribute.key.as_str()).map_or("", |info| info.key);
            on_spans.insert((key, format!("{target:?}")));
        }
    };
    for record in complete_records() {
        add(written(&record, &session, &settings), target(&record.details));
    }
    let scope = SpanScope { session: &session, settings: &settings, turn: None };
    add(all_of_conversation(&failure(), Some("ann".into()), true, &scope), AttributeTarget::Conversation);

    let in_the_table = keys::table().filter(|info| !ELSEWHERE.contains(&info.key));
    let in_the_table =
        in_the_table.flat_map(|info| info.targets.iter().map(|target| (info.key, format!("{target:?}"))));
    let in_the_table: BTreeSet<_> = in_the_table.collect();
    let differences: Vec<_> = on_spans.symmetric_difference(&in_the_table).collect();
    assert!(differences.is_empty(), "{differences:?}");
}

fn failure() -> Status {
    Status::Error { message: "503 overloaded".into(), error_type: "RuntimeError".into() }
}

/// Records that together have a value for every key.
fn complete_records() -> Vec<SpanRecord> {
    let mut only_calls = complete_llm();
    only_calls.text = None;
    let bodies = [
        SpanDetails::Turn(complete_turn()),
        SpanDetails::Stt(SttRecord { service: with_settings(&stt().service), ..stt() }),
        SpanDetails::Llm(Box::new(complete_llm())),
        SpanDetails::Llm(Box::new(only_calls)),
        SpanDetails::Tts(TtsRecord { service: with_settings(&tts().service), times: stt().times, ..tts() }),
        SpanDetails::Tool(ToolRecord { cancelled: true, unfinished: true, ..tool() }),
    ];
    let bodies = bodies.into_iter();
    bodies
        .map(|details| SpanRecord { user_id: Some("ann".into()), status: failure(), ..record(details) })
        .collect()
}

fn with_settings(service: &Processor) -> Arc<Processor> {
    // A name other than the class, so that `service.instance` is written.
    let name = format!("{}#1", service.class);
    Processor { name, ..service.clone() }.setting("speed", Setting::Float(1.5)).into()
}

fn complete_turn() -> TurnRecord {
    let stages = LatencyStage::ALL.map(|stage| StageTime { stage, seconds: 0.125, owner: Some("x".into()) });
    let repeats = Some(UserRepeats { count: 1, wait_seconds: Some(4.0) });
    let mut turn = TurnRecord { start_missed: true, repeats, ..turn() };
    if let Some(latency) = &mut turn.latency {
        latency.stages = stages.into();
    }
    turn
}

fn complete_llm() -> LlmRecord {
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
    llm.withdrawn = true;
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
