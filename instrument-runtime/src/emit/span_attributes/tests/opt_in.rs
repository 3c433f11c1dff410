//! Attributes that each opt-in convention adds, with expected values written by hand.

use opentelemetry::KeyValue;

use super::written_text;
use crate::emit::span_attributes::{all_of_conversation, all_of_record};
use crate::emit::span_scope::SpanScope;
use crate::emit::test_records::{llm, record, stt, text, tool, tts, turn};
use crate::emit::{Conventions, EmitSettings, Preset, Session, SpanNaming, TraceLayout};
use crate::engine::frame::{Processor, Role, Setting};
use crate::engine::record::{EndReason, LlmRecord, SpanDetails, Status, SttRecord, TtsRecord, TurnRecord};

/// Returns the lines that `convention` adds or changes.
fn added(details: SpanDetails, convention: Conventions) -> String {
    let record = record(details);
    let without = written_text(&record, Conventions::OPENINFERENCE);
    let with = written_text(&record, convention);
    let before: Vec<&str> = without.split_inclusive('\n').collect();
    with.split_inclusive('\n').filter(|line| !before.contains(line)).collect()
}

#[test]
fn pipecat_turn() {
    assert_eq!(
        added(SpanDetails::Turn(turn()), Conventions::PIPECAT),
        "\
conversation.id = call-42
turn.number = 3
turn.type = conversation
turn.duration_seconds = 1.5
turn.was_interrupted = true
turn.user_bot_latency_seconds = 0.75
"
    );
}

#[test]
fn pipecat_stt() {
    let settings = [
        ("punctuate", Setting::Bool(true)),
        ("endpointing", Setting::Int(300)),
        ("tier", Setting::Text("nova".into())),
        ("keywords", Setting::Json(r#"["dental"]"#.into())),
        ("system_instruction", Setting::Text("Listen well.".into())),
    ];
    let settings = settings.map(|(name, setting)| (name.to_owned(), setting)).to_vec();
    let service = Processor { settings, ..(*stt().service).clone() };
    assert_eq!(
        added(SpanDetails::Stt(SttRecord { service: service.into(), ..stt() }), Conventions::PIPECAT),
        "\
transcript = What time is it?
is_final = true
language = en
metrics.audio_seconds = 1.25
metrics.ttfb = 0.25
metrics.ttfb_ms = 250
settings.punctuate = true
settings.endpointing = 300
settings.tier = nova
"
    );
}

#[test]
fn pipecat_llm() {
    assert_eq!(
        added(SpanDetails::Llm(Box::new(llm())), Conventions::PIPECAT),
        "\
stream = true
tools.count = 1
metrics.ttfb = 0.25
metrics.ttfb_ms = 250
"
    );
    let all_at_once = Processor::new("Llm", "Llm", Role::Llm).setting("stream", Setting::Bool(false));
    let mut plain = LlmRecord { service: all_at_once.into(), ..llm() };
    plain.request.tools.clear();
    let text = added(SpanDetails::Llm(Box::new(plain)), Conventions::PIPECAT);
    assert!(text.contains("stream = false\n") && !text.contains("tools.count"), "{text}");
}

#[test]
fn pipecat_tts() {
    assert_eq!(
        added(SpanDetails::Tts(tts()), Conventions::PIPECAT),
        "\
voice_id = british-lady
text = It is noon.
metrics.character_count = 11
metrics.ttfb = 0.0625
metrics.ttfb_ms = 62.5
"
    );
}

#[test]
fn pipecat_adds_nothing_to_tool_spans() {
    assert_eq!(added(SpanDetails::Tool(tool()), Conventions::PIPECAT), "");
}

#[test]
fn langfuse_gets_session_and_trace_name_on_spans_and_tags_on_roots() {
    assert_eq!(
        added(SpanDetails::Turn(turn()), Conventions::LANGFUSE),
        r#"langfuse.session.id = call-42
langfuse.trace.name = pipecat.conversation.turn
langfuse.trace.tags = ["pipecat","interrupted"]
"#
    );
    assert_eq!(
        added(SpanDetails::Stt(stt()), Conventions::LANGFUSE),
        "\
langfuse.session.id = call-42
langfuse.trace.name = pipecat.conversation.turn
"
    );
}

#[test]
fn langfuse_input_is_a_chat_with_time_to_first_chunk() {
    assert_eq!(
        added(SpanDetails::Llm(Box::new(llm())), Conventions::LANGFUSE),
        r#"input.value = [{"role":"system","content":"Be brief."},{"role":"user","content":"What time is it?"}]
langfuse.session.id = call-42
langfuse.trace.name = pipecat.conversation.turn
input.mime_type = application/json
ai.response.msToFirstChunk = 250
"#
    );
}

#[test]
fn langfuse_chat_ends_with_the_transcript_of_speech_to_speech() {
    let heard = LlmRecord { user_transcript: Some("And now?".into()), ..llm() };
    let text = added(SpanDetails::Llm(Box::new(heard)), Conventions::LANGFUSE);
    assert!(
        text.contains(r#","content":"What time is it?"},{"role":"user","content":"And now?"}]"#),
        "{text}"
    );
}

#[test]
fn langfuse_input_stays_text_if_there_are_no_messages() {
    let mut llm = llm();
    llm.request.system = None;
    llm.request.newest.clear();
    let text = written_text(&record(SpanDetails::Llm(Box::new(llm))), Conventions::LANGFUSE);
    assert!(text.contains("input.value = What time is it?\n") && !text.contains("input.mime_type"), "{text}");
}

#[test]
fn langfuse_gets_time_to_first_chunk_for_tts_but_not_stt() {
    assert!(
        added(SpanDetails::Tts(tts()), Conventions::LANGFUSE)
            .ends_with("ai.response.msToFirstChunk = 62.5\n")
    );
    assert!(!added(SpanDetails::Stt(stt()), Conventions::LANGFUSE).contains("msToFirstChunk"));
}

#[test]
fn langfuse_trace_name_is_the_name_of_the_root() {
    for (layout, names, root) in [
        (TraceLayout::PerTurn, SpanNaming::OpenInference, "pipecat.conversation.turn"),
        (TraceLayout::PerTurn, SpanNaming::Pipecat, "turn-3"),
        (TraceLayout::PerConversation, SpanNaming::OpenInference, "pipecat.conversation"),
        (TraceLayout::PerConversation, SpanNaming::Pipecat, "conversation-call-42"),
    ] {
        let settings =
            EmitSettings::default().conventions(Conventions::LANGFUSE).layout(layout).span_names(names);
        let written = super::written(&record(SpanDetails::Stt(stt())), &Session::new("call-42"), &settings);
        assert!(text(&written).contains(&format!("langfuse.trace.name = {root}\n")));
    }
}

#[test]
fn langfuse_keys_set_by_the_application_stay() {
    let session = Session::new("call-42")
        .attribute(KeyValue::new("langfuse.session.id", "customer-7"))
        .attribute(KeyValue::new("langfuse.trace.name", "support call"));
    let settings = EmitSettings::default().preset(Preset::langfuse());
    let text = text(&super::written(&record(SpanDetails::Turn(turn())), &session, &settings));
    assert!(
        text.contains("langfuse.session.id = customer-7\nlangfuse.trace.name = support call\n"),
        "{text}"
    );
    assert!(text.contains("session.id = call-42\n"), "{text}");
}

#[test]
fn openobserve_llm() {
    assert_eq!(
        added(SpanDetails::Llm(Box::new(llm())), Conventions::OPENOBSERVE),
        "\
pipecat.service = OpenAILLMService
pipecat.model = gpt-4o
pipecat.user_message = What time is it?
pipecat.assistant_message = It is noon.
pipecat.prompt_tokens = 120
pipecat.completion_tokens = 20
"
    );
    for details in [
        SpanDetails::Turn(turn()),
        SpanDetails::Stt(stt()),
        SpanDetails::Tts(tts()),
        SpanDetails::Tool(tool()),
    ] {
        assert_eq!(added(details, Conventions::OPENOBSERVE), "");
    }
}

#[test]
fn openobserve_gets_an_empty_input_if_there_is_only_an_output() {
    let greeting = TurnRecord { input: None, latency: None, ..turn() };
    assert_eq!(added(SpanDetails::Turn(greeting.clone()), Conventions::OPENOBSERVE), "input.value = \n");
    let silence = TurnRecord { output: None, ..greeting };
    assert_eq!(added(SpanDetails::Turn(silence), Conventions::OPENOBSERVE), "");
    let without_input = TtsRecord { input: None, ..tts() };
    assert_eq!(added(SpanDetails::Tts(without_input), Conventions::OPENOBSERVE), "input.value = \n");
}

#[test]
fn conversation_span_with_every_convention() {
    let status = Status::Error { message: "503 overloaded".into(), error_type: "RuntimeError".into() };
    let session = Session::new("call-42").attribute(KeyValue::new("tenant", "acme"));
    let settings = EmitSettings::default().preset(Preset::jaeger()).conventions(
        Conventions::GEN_AI | Conventions::PIPECAT | Conventions::LANGFUSE | Conventions::OPENOBSERVE,
    );
    let scope = SpanScope { session: &session, settings: &settings, turn: None };
    assert_eq!(
        text(&all_of_conversation(&status, Some("ann".into()), false, &scope)),
        r#"openinference.span.kind = CHAIN
session.id = call-42
user.id = ann
error.type = RuntimeError
gen_ai.conversation.id = call-42
langfuse.session.id = call-42
langfuse.trace.name = conversation-call-42
langfuse.trace.tags = ["pipecat"]
conversation.id = call-42
conversation.type = voice
tenant = acme
"#
    );
    let turn = TurnRecord { end_reason: EndReason::Completed, ..turn() };
    let turn = all_of_record(record(SpanDetails::Turn(turn)), &scope);
    assert!(!text(&turn).contains("langfuse.trace.tags"), "the root has the tags");
}

#[test]
fn langfuse_completion_start_time_is_never_written() {
    for details in [SpanDetails::Llm(Box::new(llm())), SpanDetails::Tts(tts()), SpanDetails::Stt(stt())] {
        assert!(!added(details, Conventions::LANGFUSE).contains("completion_start_time"));
    }
}
