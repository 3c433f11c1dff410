//! Traces of rustvani's pipeline, with its aggregators and output transport, and scripted services.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod agents;
mod call;
mod harness;
#[path = "../support/mod.rs"]
mod support;
mod trace;

use call::{Call, ObservedBy};
use harness::PROMPT;
use harness::Round::{Call as CallFunction, CallAndHang, Fail, Say, SayAndHang};
use rustvani::{BillingCollector, Frame};
use support::llm_usage;

#[tokio::test]
async fn turn_has_transcript_response_and_reply() {
    let call =
        Call::start(ObservedBy::Observer, &["When are you open?"], &[&[Say(&["From eight", " to six."])]])
            .await;
    call.user_speaks().await;
    call.wait_for_replies(1, 1).await;
    let trace = call.hang_up().await;

    assert_eq!(
        trace.tree(),
        "\
turn in: When are you open?; out: From eight to six.; ends: completed
  stt in: When are you open?; out: When are you open?
  llm in: When are you open?; out: From eight to six.
  tts in: From eight to six.; out: From eight to six.
"
    );
    let says = |name, key| trace.attribute(name, 0, key);
    assert_eq!(says("pipecat.stt", "stt.language").as_deref(), Some("en"));
    assert_eq!(says("pipecat.stt", "service.provider").as_deref(), Some("deepgram"));
    assert_eq!(says("pipecat.conversation.turn", "user.id").as_deref(), Some("caller"));
    assert_eq!(says("pipecat.conversation.turn", "session.id").as_deref(), Some("call-42"));
    assert_eq!(says("pipecat.conversation.turn", "conversation.latency_source").as_deref(), Some("vad"));
    assert_eq!(says("pipecat.llm", "service.ttfb_source").as_deref(), Some("measured"));
    assert_eq!(says("pipecat.llm", "llm.model_name").as_deref(), Some("gpt-4.1"));
    assert_eq!(says("pipecat.tts", "tts.audio_seconds").as_deref(), Some("0.04"));
}

#[tokio::test]
async fn each_round_of_tool_calls_is_an_llm_call() {
    let rounds = [
        CallFunction { id: "call_1", arguments: r#"{"day": "Tuesday"}"#, result: r#"{"free": ["09:30"]}"# },
        CallFunction { id: "call_2", arguments: "", result: "booked" },
        Say(&["Half past nine it is."]),
    ];
    let call = Call::start(ObservedBy::Observer, &["Is Tuesday free?"], &[&rounds]).await;
    call.user_speaks().await;
    call.wait_for_replies(1, 1).await;
    let trace = call.hang_up().await;

    assert_eq!(
        trace.tree(),
        r#"turn in: Is Tuesday free?; out: Half past nine it is.; ends: completed
  stt in: Is Tuesday free?; out: Is Tuesday free?
  llm in: Is Tuesday free?; out: [{"id":"call_1","name":"check_calendar","arguments":{"day":"Tuesday"}}]
    tool.check_calendar in: {"day":"Tuesday"}; out: {"free":["09:30"]}
  llm in: Is Tuesday free?; out: [{"id":"call_2","name":"check_calendar","arguments":""}]
    tool.check_calendar out: "booked"
  llm in: Is Tuesday free?; out: Half past nine it is.
  tts in: Half past nine it is.; out: Half past nine it is.
"#
    );
    for nth in 0..3 {
        assert_eq!(
            trace.attribute("pipecat.llm", nth, "llm.token_count.prompt").as_deref(),
            Some("100"),
            "{nth}"
        );
        assert_eq!(
            trace.attribute("pipecat.llm", nth, "llm.token_count.completion").as_deref(),
            Some("7"),
            "{nth}"
        );
    }
    let said = |role: &str, text: &str| (role.to_owned(), text.to_owned());
    assert_eq!(
        trace.messages(2),
        [
            said("system", PROMPT),
            said("user", "Is Tuesday free?"),
            said("assistant", ""),
            said("tool", r#"{"free": ["09:30"]}"#),
            said("assistant", ""),
            said("tool", "booked"),
        ]
    );
    let answered = "llm.input_messages.3.message.tool_call_id";
    assert_eq!(trace.attribute("pipecat.llm", 2, answered).as_deref(), Some("call_1"));
    let key = "llm.input_messages.4.message.tool_calls.0.tool_call.id";
    assert_eq!(trace.attribute("pipecat.llm", 2, key).as_deref(), Some("call_2"));
    let tool =
        r#"{"type":"function","function":{"name":"check_calendar","description":"The times that are free"}}"#;
    assert_eq!(trace.attribute("pipecat.llm", 0, "llm.tools.0.tool.json_schema").as_deref(), Some(tool));
}

#[tokio::test]
async fn interrupted_llm_call_keeps_its_text() {
    let words = ["How much is it?", "Never mind."];
    let call =
        Call::start(ObservedBy::Observer, &words, &[&[SayAndHang("Two hundred")], &[Say(&["Bye."])]]).await;
    call.user_speaks().await;
    call.counter.wait_for("LLMTextFrame", 1).await;
    call.user_speaks().await;
    call.wait_for_replies(1, 1).await;
    let trace = call.hang_up().await;

    // Nothing had been said aloud, so it is one turn.
    assert_eq!(
        trace.tree(),
        "\
turn in: How much is it? Never mind.; out: Bye.; ends: completed
  stt in: How much is it?; out: How much is it?
  llm in: How much is it?; out: Two hundred; llm cut: yes
  stt in: Never mind.; out: Never mind.
  llm in: Never mind.; out: Bye.
  tts in: Bye.; out: Bye.
"
    );
}

#[tokio::test]
async fn interrupted_reply_is_marked() {
    let words = ["How much is it?", "Stop."];
    let call =
        Call::start(ObservedBy::Observer, &words, &[&[Say(&["Two hundred."])], &[Say(&["Sorry."])]]).await;
    call.user_speaks().await;
    call.counter.wait_for("OutputAudioRawFrame", 1).await;
    call.user_speaks().await;
    call.wait_for_replies(2, 2).await;
    let trace = call.hang_up().await;

    assert_eq!(
        trace.tree(),
        "\
turn in: How much is it?; ends: interrupted
  stt in: How much is it?; out: How much is it?
  llm in: How much is it?; out: Two hundred.
  tts in: Two hundred.; tts cut: yes
turn in: Stop.; out: Sorry.; ends: completed
  stt in: Stop.; out: Stop.
  llm in: Stop.; out: Sorry.
  tts in: Sorry.; out: Sorry.
"
    );
}

#[tokio::test]
async fn running_tool_is_cancelled_by_an_interruption() {
    let words = ["Is Tuesday free?", "Hello?"];
    let call =
        Call::start(ObservedBy::Observer, &words, &[&[CallAndHang { id: "call_1" }], &[Say(&["Yes."])]])
            .await;
    call.user_speaks().await;
    call.counter.wait_for("FunctionCallInProgressFrame", 1).await;
    call.user_speaks().await;
    call.wait_for_replies(1, 1).await;
    let trace = call.hang_up().await;

    assert_eq!(
        trace.tree(),
        r#"turn in: Is Tuesday free? Hello?; out: Yes.; ends: completed
  stt in: Is Tuesday free?; out: Is Tuesday free?
  llm in: Is Tuesday free?; out: [{"id":"call_1","name":"check_calendar","arguments":{}}]
    tool.check_calendar in: {}; cancelled: yes
  stt in: Hello?; out: Hello?
  llm in: Hello?; out: Yes.
  tts in: Yes.; out: Yes.
"#
    );
}

#[tokio::test]
async fn failed_llm_call_has_an_error_and_the_turn_goes_on() {
    let words = ["Hello?", "Hello?"];
    let error = "Pipeline error: OpenAILLM: HTTP 429 Too Many Requests";
    let call = Call::start(ObservedBy::Observer, &words, &[&[Fail(error)], &[Say(&["Here I am."])]]).await;
    call.user_speaks().await;
    call.counter.wait_for("LLMFullResponseEndFrame", 1).await;
    call.user_speaks().await;
    call.wait_for_replies(2, 1).await;
    let trace = call.hang_up().await;

    assert_eq!(
        trace.tree(),
        "\
turn in: Hello? Hello?; out: Here I am.; ends: completed
  stt in: Hello?; out: Hello?
  llm in: Hello?; error: rate_limited; FAILED: Pipeline error: OpenAILLM: HTTP 429 Too Many Requests
  stt in: Hello?; out: Hello?
  llm in: Hello?; out: Here I am.
  tts in: Here I am.; out: Here I am.
"
    );
}

#[tokio::test]
async fn cancel_and_dropped_run_interrupt_open_spans() {
    const CUT: &str = "\
turn in: Hello?; ends: cancelled
  stt in: Hello?; out: Hello?
  llm in: Hello?; out: Two; llm cut: yes
";
    for cancelled in [true, false] {
        let call = Call::start(ObservedBy::Observer, &["Hello?"], &[&[SayAndHang("Two")]]).await;
        call.user_speaks().await;
        call.counter.wait_for("LLMTextFrame", 1).await;
        let trace = if cancelled { call.end_with(Frame::cancel()).await } else { call.drop_run().await };
        assert_eq!(trace.tree(), CUT, "cancelled: {cancelled}");
    }
}

#[tokio::test]
async fn hooks_trace_the_same_as_an_observer() {
    let words = ["Is Tuesday free?", "Hello?", "Bye."];
    let answers: [&[_]; 3] = [
        &[CallFunction { id: "call_1", arguments: "{}", result: "{}" }, Say(&["Yes", ", it is."])],
        &[Fail("OpenAILLM: request failed: operation timed out")],
        &[Say(&["Bye."])],
    ];
    let mut trees = Vec::new();
    for observed_by in [ObservedBy::Observer, ObservedBy::Hooks] {
        let call = Call::start(observed_by, &words, &answers).await;
        call.user_speaks().await;
        call.wait_for_replies(1, 1).await;
        call.user_speaks().await;
        call.wait_for_replies(2, 1).await;
        call.user_speaks().await;
        call.wait_for_replies(3, 2).await;
        trees.push(call.hang_up().await.tree());
    }
    assert!(trees[0].contains("error: timeout; FAILED"), "{}", trees[0]);
    assert!(trees[0].contains("tool.check_calendar"), "{}", trees[0]);
    assert_eq!(trees[0], trees[1]);
}

#[tokio::test]
async fn estimated_tokens_are_not_in_the_trace() {
    let call = Call::start(ObservedBy::Observer, &["Hello?"], &[&[SayAndHang("Two")]]).await;
    call.user_speaks().await;
    call.counter.wait_for("LLMTextFrame", 1).await;
    call.billing.record(llm_usage(&*call.billing, 12, 1, true));
    let estimated = call.end_with(Frame::cancel()).await;
    assert_eq!(estimated.attribute("pipecat.llm", 0, "llm.token_count.prompt"), None);
}
