//! Calls on flowcat in real time: the spans must contain the words of caller and bot.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../../common/span_assert.rs"]
mod span_assert;

use std::time::Duration;

use example_common::caller::{Cue, Utterance};
use example_common::model_server::ModelServer;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::PipecatInstrumentor;
use span_assert::Spans;

/// Runs a call and returns its spans.
async fn run(script: &'static [Utterance]) -> Spans {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let scope = PipecatInstrumentor::builder().scoped(provider.clone()).unwrap();

    let server = ModelServer::start().await.unwrap();
    voice_agent::run_call("call-42", script, &server.model()).await.unwrap();

    drop(scope);
    Spans::new(exporter.get_finished_spans().unwrap())
}

#[tokio::test]
async fn bot_greets_and_answers_and_caller_interrupts() {
    const SCRIPT: &[Utterance] = &[
        Utterance { cue: Cue::AfterReply, text: "How much is whitening?" },
        Utterance { cue: Cue::IntoReply(Duration::from_secs(1)), text: "When are you open?" },
    ];
    let spans = run(SCRIPT).await;

    let [greeting, interrupted, answer] = spans.turns()[..] else { panic!("{spans:?}") };

    greeting
        .assert_attr("input.value", None)
        .assert_attr("output.value", Some("Harbor Dental, how can I help?"));
    greeting
        .assert_attr("conversation.end_reason", Some("completed"))
        .assert_attr("conversation.user_to_bot_latency", None);
    assert_eq!(spans.child_names(greeting), ["pipecat.llm", "pipecat.tts"]);

    interrupted
        .assert_attr("input.value", Some("How much is whitening?"))
        .assert_attr("conversation.end_reason", Some("interrupted"));
    assert_eq!(spans.child_names(interrupted), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
    let reply = spans.child(interrupted, "pipecat.tts");
    assert!(reply.text("input.value").starts_with("Two hundred and forty. That includes"));
    // 124 characters at 15 a second. The caller heard one second, and the time of the voice detection.
    reply.assert_number("tts.audio_seconds", 8.2..8.4).assert_number("tts.played_seconds", 1.0..1.6);
    reply.assert_attr("tts.interrupted", Some("true")).assert_attr("output.value", None);
    // The stub takes 180 ms to its first audio.
    reply
        .assert_number("service.ttfb_seconds", 0.17..0.4)
        .assert_attr("service.ttfb_source", Some("measured"));
    // 320 ms of silence, 250 ms to the first token, 20 ms for each of 26 words, and the synthesis.
    interrupted
        .assert_number("conversation.user_to_bot_latency", 1.1..2.0)
        .assert_attr("conversation.latency_source", Some("vad"));

    answer.assert_attr("input.value", Some("When are you open?"));
    answer.assert_attr("output.value", Some("From eight to six, Monday to Friday."));
    answer.assert_attr("conversation.end_reason", Some("completed"));
    assert_eq!(spans.child_names(answer), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
    // From the end of the interrupted turn to the last of 36 characters.
    answer.assert_duration(4.0..5.5);
}

#[tokio::test]
async fn tool_span_lies_between_its_two_llm_calls() {
    const SCRIPT: &[Utterance] = &[Utterance { cue: Cue::AfterReply, text: "Wait, is Tuesday free?" }];
    let spans = run(SCRIPT).await;

    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.assert_attr("input.value", Some("Wait, is Tuesday free?"));
    turn.assert_attr("output.value", Some("Half past nine is free. Shall I book it?"));
    assert_eq!(spans.child_names(turn), ["pipecat.stt", "pipecat.llm", "pipecat.llm", "pipecat.tts"]);

    let [first, second] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    let call = "llm.output_messages.0.message.tool_calls.0.tool_call";
    first.assert_attr(&format!("{call}.function.name"), Some("check_calendar"));
    first
        .assert_attr("service.provider", Some("loopback"))
        .assert_attr("llm.model_name", Some("prepared-answers"));
    first.assert_number("service.ttfb_seconds", 0.24..0.5);
    second.assert_attr("output.value", Some("Half past nine is free. Shall I book it?"));

    assert_eq!(spans.child_names(first), ["pipecat.tool.check_calendar"]);
    let tool = spans.child(first, "pipecat.tool.check_calendar");
    tool.assert_attr("tool_call.id", Some("call_tuesday"))
        .assert_attr("tool.parameters", Some(r#"{"day":"Tuesday"}"#));
    tool.assert_attr("tool.result", Some(r#"{"day":"Tuesday","free":["09:30","14:00"]}"#));
    tool.assert_duration(0.6..0.9);
    assert!(first.start() <= tool.start() && tool.end() <= second.start());
}

#[tokio::test]
async fn failed_llm_call_is_an_error_but_its_turn_is_ok() {
    const SCRIPT: &[Utterance] = &[
        Utterance { cue: Cue::AfterReply, text: "Yes please." },
        Utterance { cue: Cue::AfterSilence(Duration::from_millis(1_400)), text: "Hello, are you there?" },
    ];
    let spans = run(SCRIPT).await;

    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.assert_attr("input.value", Some("Yes please. Hello, are you there?")).assert_ok();
    turn.assert_attr("output.value", Some("Sorry about that. You are booked."));
    let both = ["pipecat.stt", "pipecat.llm"];
    assert_eq!(spans.child_names(turn), [&both[..], &both[..], &["pipecat.tts"]].concat());

    let [failed, answered] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    assert!(failed.error_message().contains("503 Service Unavailable"), "{failed:?}");
    failed
        .assert_attr("error.type", Some("network"))
        .assert_attr("output.value", None)
        .assert_attr("llm.interrupted", None);
    failed.assert_duration(0.1..0.4);
    answered.assert_attr("output.value", Some("Sorry about that. You are booked.")).assert_ok();
}
