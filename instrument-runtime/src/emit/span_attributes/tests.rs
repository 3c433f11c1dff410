//! Attributes of each kind of span, with expected values written by hand.

mod arbitrary;
mod key_table;
mod opt_in;

use opentelemetry::{KeyValue, Value};
use proptest::prelude::*;

use super::{all_of_conversation, all_of_record};
use crate::emit::span_scope::SpanScope;
use crate::emit::test_records::{clock_call, llm, record, stt, text, tool, tts, turn};
use crate::emit::{Conventions, EmitSettings, Session, keys};
use crate::engine::record::{SpanDetails, SpanRecord, Status, TurnNumber};

/// Returns the attributes of `record` as text, without additional attributes.
fn written_text(record: &SpanRecord, conventions: Conventions) -> String {
    let settings = EmitSettings::default().conventions(conventions);
    text(&written(record, &Session::new("call-42"), &settings))
}

fn written(record: &SpanRecord, session: &Session, settings: &EmitSettings) -> Vec<KeyValue> {
    all_of_record(record.clone(), &SpanScope { session, settings, turn: Some(TurnNumber(3)) })
}

#[test]
fn turn_span() {
    let record = SpanRecord { user_id: Some("ann".into()), ..record(SpanDetails::Turn(turn())) };
    assert_eq!(
        written_text(&record, Conventions::default()),
        "\
openinference.span.kind = CHAIN
session.id = call-42
conversation.turn_number = 3
user.id = ann
input.value = What time is it?
output.value = It is noon.
conversation.turn_duration_seconds = 1.5
conversation.user_to_bot_latency = 0.75
conversation.latency_source = vad
conversation.latency.transcription = 0.25
conversation.latency.llm = 0.5
conversation.latency_owner.llm = OpenAILLMService
conversation.initiator = user
conversation.end_reason = interrupted
conversation.was_interrupted = true
gen_ai.operation.name = invoke_agent
gen_ai.conversation.id = call-42
"
    );
}

#[test]
fn stt_span() {
    assert_eq!(
        written_text(&record(SpanDetails::Stt(stt())), Conventions::default()),
        "\
openinference.span.kind = LLM
session.id = call-42
conversation.turn_number = 3
service.name = DeepgramSTTService
service.instance = DeepgramSTTService#0
service.type = stt
llm.model_name = nova-2
llm.provider = deepgram
service.provider = deepgram
input.value = What time is it?
output.value = What time is it?
audio.transcript = What time is it?
stt.is_final = true
stt.language = en
audio.sample_rate = 16000
stt.audio_seconds = 1.25
stt.time_to_last_transcription_seconds = 0.125
service.ttfb_seconds = 0.25
service.ttfb_source = reported
service.processing_time_seconds = 0.5
gen_ai.operation.name = speech_to_text
gen_ai.conversation.id = call-42
gen_ai.provider.name = deepgram
gen_ai.request.model = nova-2
gen_ai.output.type = text
"
    );
}

#[test]
fn llm_span() {
    assert_eq!(
        written_text(&record(SpanDetails::Llm(Box::new(llm()))), Conventions::default()),
        "\
openinference.span.kind = LLM
session.id = call-42
conversation.turn_number = 3
service.name = OpenAILLMService
service.instance = OpenAILLMService#0
service.type = llm
llm.model_name = gpt-4o-2024-08-06
llm.provider = openai
service.provider = openai
input.value = What time is it?
output.value = It is noon.
llm.output_messages.0.message.role = assistant
llm.output_messages.0.message.content = It is noon.
llm.token_count.prompt = 120
llm.token_count.completion = 20
llm.token_count.total = 140
llm.token_count.prompt_details.cache_read = 64
llm.ttfat_seconds = 0.375
llm.messages_count = 2
service.ttfb_seconds = 0.25
service.ttfb_source = reported
service.processing_time_seconds = 0.5
llm.invocation_parameters = {\"temperature\":0.7,\"max_tokens\":256,\"stop\":[\"END\"]}
gen_ai.operation.name = chat
gen_ai.conversation.id = call-42
gen_ai.provider.name = openai
gen_ai.request.model = gpt-4o-2024-08-06
gen_ai.output.type = text
gen_ai.response.time_to_first_chunk = 0.25
gen_ai.response.model = gpt-4o-2024-08-06
gen_ai.usage.input_tokens = 120
gen_ai.usage.output_tokens = 20
gen_ai.usage.cache_read.input_tokens = 64
gen_ai.request.temperature = 0.7
gen_ai.request.max_tokens = 256
gen_ai.request.stop_sequences = [\"END\"]
llm.tools.0.tool.json_schema = {\"name\":\"clock\"}
llm.input_messages.0.message.role = system
llm.input_messages.0.message.content = Be brief.
llm.input_messages.1.message.role = user
llm.input_messages.1.message.content = What time is it?
"
    );
}

#[test]
fn llm_span_with_tool_calls_only() {
    let mut llm = llm();
    llm.text = None;
    llm.tool_calls = vec![clock_call()];
    let text = written_text(&record(SpanDetails::Llm(Box::new(llm))), Conventions::OPENINFERENCE);
    let output: Vec<&str> = text.lines().filter(|line| line.contains("output")).collect();
    assert_eq!(
        output,
        [
            r#"output.value = [{"id":"call_1","name":"clock","arguments":{"zone":"UTC"}}]"#,
            "output.mime_type = application/json",
            "llm.output_messages.0.message.role = assistant",
            "llm.output_messages.0.message.tool_calls.0.tool_call.id = call_1",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name = clock",
            r#"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments = {"zone":"UTC"}"#,
        ]
    );
}

#[test]
fn tts_span() {
    assert_eq!(
        written_text(&record(SpanDetails::Tts(tts())), Conventions::default()),
        "\
openinference.span.kind = LLM
session.id = call-42
conversation.turn_number = 3
service.name = CartesiaTTSService
service.type = tts
llm.model_name = sonic-2
llm.provider = cartesia
service.provider = cartesia
input.value = It is noon.
output.value = It is
audio.voice_id = british-lady
audio.voice = british-lady
audio.sample_rate = 24000
tts.character_count = 11
tts.ttfa_seconds = 0.09375
tts.audio_seconds = 1.5
tts.played_seconds = 0.5
tts.interrupted = true
service.ttfb_seconds = 0.0625
service.ttfb_source = measured
gen_ai.operation.name = text_to_speech
gen_ai.conversation.id = call-42
gen_ai.provider.name = cartesia
gen_ai.request.model = sonic-2
gen_ai.output.type = speech
gen_ai.response.time_to_first_chunk = 0.0625
"
    );
}

#[test]
fn tool_span() {
    assert_eq!(
        written_text(&record(SpanDetails::Tool(tool())), Conventions::default()),
        "\
openinference.span.kind = TOOL
session.id = call-42
conversation.turn_number = 3
tool.name = clock
tool_call.id = call_1
input.value = {\"zone\":\"UTC\"}
input.mime_type = application/json
tool.parameters = {\"zone\":\"UTC\"}
output.value = \"12:00\"
output.mime_type = application/json
tool.result = \"12:00\"
gen_ai.operation.name = execute_tool
gen_ai.conversation.id = call-42
gen_ai.tool.name = clock
gen_ai.tool.call.id = call_1
gen_ai.tool.call.arguments = {\"zone\":\"UTC\"}
gen_ai.tool.call.result = \"12:00\"
"
    );
}

#[test]
fn error_type_is_written_with_openinference_alone() {
    let status = Status::Error { message: "503 overloaded".into(), error_type: "RuntimeError".into() };
    let failed = SpanRecord { status, ..record(SpanDetails::Tool(tool())) };
    assert!(written_text(&failed, Conventions::OPENINFERENCE).ends_with("error.type = RuntimeError\n"));
}

#[test]
fn no_gen_ai_keys_without_that_convention() {
    for details in [
        SpanDetails::Turn(turn()),
        SpanDetails::Stt(stt()),
        SpanDetails::Llm(Box::new(llm())),
        SpanDetails::Tool(tool()),
    ] {
        assert!(!written_text(&record(details), Conventions::OPENINFERENCE).contains("gen_ai."));
    }
}

#[test]
fn additional_attributes_keep_types_and_replace_no_key_of_the_span() {
    let session = Session::new("call-42")
        .attribute(KeyValue::new("tenant.seats", 12))
        .attribute(KeyValue::new("tenant.trial", true))
        .attribute(KeyValue::new("session.id", "forged"))
        .attribute(KeyValue::new("input", "would blank input.value"))
        .attribute(KeyValue::new("output.value.more", "would be blanked"));
    let written = written(&record(SpanDetails::Turn(turn())), &session, &EmitSettings::default());
    let last: Vec<_> = written.iter().rev().take(2).map(|a| (a.key.as_str(), &a.value)).collect();
    assert_eq!(last, [("tenant.trial", &Value::Bool(true)), ("tenant.seats", &Value::I64(12))]);
    assert_eq!(value(&written, keys::SESSION_ID), Some("call-42".to_owned()));
}

#[test]
fn an_additional_attribute_with_a_message_key_is_written_once() {
    let taken = "llm.input_messages.0.message.content";
    let session = Session::new("call-42").attribute(KeyValue::new(taken, "mine"));
    let written = written(&record(SpanDetails::Llm(Box::new(llm()))), &session, &EmitSettings::default());
    assert_eq!(written.iter().filter(|attribute| attribute.key.as_str() == taken).count(), 1);
}

fn value(written: &[KeyValue], key: &str) -> Option<String> {
    written
        .iter()
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| attribute.value.to_string())
}

fn every_convention() -> Conventions {
    Conventions::GEN_AI | Conventions::PIPECAT | Conventions::LANGFUSE | Conventions::OPENOBSERVE
}

/// Returns the first repeated key or prefix among the keys of `written`.
fn conflict(written: &[KeyValue]) -> Option<String> {
    let mut keys: Vec<&str> = written.iter().map(|attribute| attribute.key.as_str()).collect();
    keys.sort_unstable();
    for (index, key) in keys.iter().enumerate() {
        for other in &keys[index + 1..] {
            if key == other {
                return Some(format!("{key} is written twice"));
            }
            if other.starts_with(&format!("{key}.")) {
                return Some(format!("{key} is a prefix of {other}"));
            }
        }
    }
    None
}

proptest! {
    #[test]
    fn keys_are_unique_without_prefixes_and_within_the_limit(
        record in arbitrary::record(),
        session in arbitrary::session(),
        settings in arbitrary::settings(),
    ) {
        let of_the_record = written(&record, &session, &settings);
        let scope = SpanScope { session: &session, settings: &settings, turn: None };
        for written in [of_the_record, all_of_conversation(&Status::Ok, None, false, &scope)] {
            prop_assert!(written.len() <= settings.attribute_limit);
            prop_assert_eq!(conflict(&written), None);
        }
    }

    #[test]
    fn every_written_key_is_in_the_table(record in arbitrary::record(), settings in arbitrary::settings()) {
        let target = key_table::target(&record.details);
        for attribute in written(&record, &Session::new("call-42"), &settings) {
            prop_assert_eq!(key_table::mistake(&attribute, target, settings.conventions), None);
        }
    }
}
