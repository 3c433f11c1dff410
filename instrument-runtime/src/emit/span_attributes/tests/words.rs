//! What each opt-in convention adds to a span, written down by hand.

use opentelemetry::KeyValue;

use super::told;
use crate::emit::conversation_span::ConversationFacts;
use crate::emit::span_attributes::{attributes, conversation_attributes};
use crate::emit::span_scope::SpanScope;
use crate::emit::test_records::{llm, record, stt, text, tool, tts, turn};
use crate::emit::{Conventions, EmitSettings, Preset, Session, SpanNaming, TraceLayout};
use crate::engine::frame::{Processor, Role, Setting};
use crate::engine::record::{EndReason, LlmRecord, SpanDetails, Status, SttRecord, TtsRecord, TurnRecord};

/// The lines that `convention` adds, or says otherwise, about `details`.
fn added(details: SpanDetails, convention: Conventions) -> String {
    let record = record(details);
    let without = told(&record, Conventions::OPENINFERENCE);
    let with = told(&record, convention);
    let known: Vec<&str> = without.split_inclusive('\n').collect();
    with.split_inclusive('\n').filter(|line| !known.contains(line)).collect()
}

#[test]
fn pipecat_says_of_a_turn() {
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
fn pipecat_says_of_an_utterance() {
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
fn pipecat_says_of_an_invocation() {
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
    let said = added(SpanDetails::Llm(Box::new(plain)), Conventions::PIPECAT);
    assert!(said.contains("stream = false\n") && !said.contains("tools.count"), "{said}");
}

#[test]
fn pipecat_says_of_a_reply() {
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
fn pipecat_has_no_words_for_a_function_call() {
    assert_eq!(added(SpanDetails::Tool(tool()), Conventions::PIPECAT), "");
}

#[test]
fn langfuse_is_told_the_session_and_the_name_and_tags_of_the_trace() {
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
fn langfuse_shows_a_chat_and_when_its_answer_began() {
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
fn langfuse_shows_what_a_model_heard_by_itself_as_the_last_message() {
    let heard = LlmRecord { user_transcript: Some("And now?".into()), ..llm() };
    let said = added(SpanDetails::Llm(Box::new(heard)), Conventions::LANGFUSE);
    assert!(
        said.contains(r#","content":"What time is it?"},{"role":"user","content":"And now?"}]"#),
        "{said}"
    );
}

#[test]
fn langfuse_is_told_of_a_model_without_messages_what_others_are() {
    let mut asked = llm();
    asked.request.system = None;
    asked.request.newest.clear();
    let said = told(&record(SpanDetails::Llm(Box::new(asked))), Conventions::LANGFUSE);
    assert!(said.contains("input.value = What time is it?\n") && !said.contains("input.mime_type"), "{said}");
}

#[test]
fn langfuse_is_told_the_moment_of_the_first_audio_and_of_no_transcript() {
    assert!(
        added(SpanDetails::Tts(tts()), Conventions::LANGFUSE)
            .ends_with("ai.response.msToFirstChunk = 62.5\n")
    );
    assert!(!added(SpanDetails::Stt(stt()), Conventions::LANGFUSE).contains("msToFirstChunk"));
}

#[test]
fn a_trace_is_called_as_its_root_whatever_that_is() {
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
fn what_the_application_tells_langfuse_by_itself_stays() {
    let session = Session::new("call-42")
        .attribute(KeyValue::new("langfuse.session.id", "customer-7"))
        .attribute(KeyValue::new("langfuse.trace.name", "support call"));
    let settings = EmitSettings::default().preset(Preset::langfuse());
    let said = text(&super::written(&record(SpanDetails::Turn(turn())), &session, &settings));
    assert!(
        said.contains("langfuse.session.id = customer-7\nlangfuse.trace.name = support call\n"),
        "{said}"
    );
    assert!(said.contains("session.id = call-42\n"), "{said}");
}

#[test]
fn openobserve_says_of_an_invocation() {
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
fn openobserve_is_given_an_input_wherever_there_is_an_output() {
    let greeting = TurnRecord { input: None, latency: None, ..turn() };
    assert_eq!(added(SpanDetails::Turn(greeting.clone()), Conventions::OPENOBSERVE), "input.value = \n");
    let silence = TurnRecord { output: None, ..greeting };
    assert_eq!(added(SpanDetails::Turn(silence), Conventions::OPENOBSERVE), "");
    let told_only_what_was_spoken = TtsRecord { input: None, ..tts() };
    assert_eq!(
        added(SpanDetails::Tts(told_only_what_was_spoken), Conventions::OPENOBSERVE),
        "input.value = \n"
    );
}

#[test]
fn a_conversation() {
    let facts = ConversationFacts {
        status: Status::Error { message: "503 overloaded".into(), error_type: "RuntimeError".into() },
        user_id: Some("ann".into()),
    };
    let session = Session::new("call-42").attribute(KeyValue::new("tenant", "acme"));
    let settings = EmitSettings::default().preset(Preset::jaeger()).conventions(
        Conventions::GEN_AI | Conventions::PIPECAT | Conventions::LANGFUSE | Conventions::OPENOBSERVE,
    );
    let scope = SpanScope { session: &session, settings: &settings, turn: None };
    assert_eq!(
        text(&conversation_attributes(&facts, &scope)),
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
    let turn = attributes(record(SpanDetails::Turn(turn)), &scope);
    assert!(!text(&turn).contains("langfuse.trace.tags"), "the root has the tags");
}

#[test]
fn langfuses_own_key_for_the_first_token_is_never_written() {
    for details in [SpanDetails::Llm(Box::new(llm())), SpanDetails::Tts(tts()), SpanDetails::Stt(stt())] {
        assert!(!added(details, Conventions::LANGFUSE).contains("completion_start_time"));
    }
}
