//! Conversations on flowcat, held against what was said in them.
//!
//! They are held in real time, each on a thread of its own, with the pipeline of the example `voice_agent`.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../examples/voice_agent/call/mod.rs"]
mod call;
#[path = "support/spans.rs"]
mod spans;
#[path = "../examples/telephone/mod.rs"]
mod telephone;

use std::time::Duration;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::PipecatInstrumentor;
use spans::Spans;
use telephone::caller::{Cue, Say};
use telephone::model::Model;
use telephone::model_server::ModelServer;

/// The spans of one conversation.
async fn spans_of(script: &'static [Say]) -> Spans {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let switched_on = PipecatInstrumentor::builder().scoped(provider.clone()).unwrap();

    let server = ModelServer::start().await.unwrap();
    let model = Model::on_loopback(server.base_url());
    call::hold("call-42", script, &model).await.unwrap();

    drop(switched_on);
    Spans::new(exporter.get_finished_spans().unwrap())
}

#[tokio::test]
async fn a_bot_greets_answers_and_is_cut_where_the_caller_cuts_in() {
    const SCRIPT: &[Say] = &[
        Say { when: Cue::AfterReply, text: "How much is whitening?" },
        Say { when: Cue::IntoReply(Duration::from_secs(1)), text: "When are you open?" },
    ];
    let spans = spans_of(SCRIPT).await;

    let [greeting, cut, answer] = spans.turns()[..] else { panic!("{spans:?}") };

    greeting.has("input.value", None).has("output.value", Some("Harbor Dental, how can I help?"));
    greeting.has("conversation.end_reason", Some("completed")).has("conversation.user_to_bot_latency", None);
    assert_eq!(spans.under(greeting), ["pipecat.llm", "pipecat.tts"]);

    cut.has("input.value", Some("How much is whitening?"))
        .has("conversation.end_reason", Some("interrupted"));
    assert_eq!(spans.under(cut), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
    let reply = spans.child(cut, "pipecat.tts");
    assert!(reply.text("input.value").starts_with("Two hundred and forty. That includes"));
    // 124 characters, 15 a second, of which a second was heard and what it takes to detect a voice.
    reply.within("tts.audio_seconds", 8.2..8.4).within("tts.played_seconds", 1.0..1.6);
    reply.has("tts.interrupted", Some("true")).has("output.value", None);
    // The synthesis takes 180 ms to its first audio.
    reply.within("service.ttfb_seconds", 0.17..0.4).has("service.ttfb_source", Some("measured"));
    // 320 ms of silence, 250 ms to a first token and 20 ms for each of 26 words, and the synthesis.
    cut.within("conversation.user_to_bot_latency", 1.1..2.0).has("conversation.latency_source", Some("vad"));

    answer.has("input.value", Some("When are you open?"));
    answer.has("output.value", Some("From eight to six, Monday to Friday."));
    answer.has("conversation.end_reason", Some("completed"));
    assert_eq!(spans.under(answer), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
    // From the end of the cut turn to the last of 36 characters.
    answer.lasts(4.0..5.5);
}

#[tokio::test]
async fn a_tool_call_lies_between_the_two_invocations_that_it_belongs_to() {
    const SCRIPT: &[Say] = &[Say { when: Cue::AfterReply, text: "Wait, is Tuesday free?" }];
    let spans = spans_of(SCRIPT).await;

    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.has("input.value", Some("Wait, is Tuesday free?"));
    turn.has("output.value", Some("Half past nine is free. Shall I book it?"));
    assert_eq!(spans.under(turn), ["pipecat.stt", "pipecat.llm", "pipecat.llm", "pipecat.tts"]);

    let [asking, answering] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    let call = "llm.output_messages.0.message.tool_calls.0.tool_call";
    asking.has(&format!("{call}.function.name"), Some("check_calendar"));
    asking.has("service.provider", Some("loopback")).has("llm.model_name", Some("prepared-answers"));
    asking.within("service.ttfb_seconds", 0.24..0.5);
    answering.has("output.value", Some("Half past nine is free. Shall I book it?"));

    assert_eq!(spans.under(asking), ["pipecat.tool.check_calendar"]);
    let tool = spans.child(asking, "pipecat.tool.check_calendar");
    tool.has("tool_call.id", Some("call_tuesday")).has("tool.parameters", Some(r#"{"day":"Tuesday"}"#));
    tool.has("tool.result", Some(r#"{"day":"Tuesday","free":["09:30","14:00"]}"#));
    tool.lasts(0.6..0.9);
    assert!(asking.started() <= tool.started() && tool.ended() <= answering.started());
}

#[tokio::test]
async fn a_failed_invocation_is_an_error_that_its_turn_recovers_from() {
    const SCRIPT: &[Say] = &[
        Say { when: Cue::AfterReply, text: "Yes please." },
        Say { when: Cue::AfterSilence(Duration::from_millis(1_400)), text: "Hello, are you there?" },
    ];
    let spans = spans_of(SCRIPT).await;

    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.has("input.value", Some("Yes please. Hello, are you there?")).succeeded();
    turn.has("output.value", Some("Sorry about that. You are booked."));
    let both = ["pipecat.stt", "pipecat.llm"];
    assert_eq!(spans.under(turn), [&both[..], &both[..], &["pipecat.tts"]].concat());

    let [failed, answered] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    assert!(failed.failure().contains("503 Service Unavailable"), "{failed:?}");
    failed.has("error.type", Some("network")).has("output.value", None).has("llm.interrupted", None);
    failed.lasts(0.1..0.4);
    answered.has("output.value", Some("Sorry about that. You are booked.")).succeeded();
}
