//! Calls on rustvani in real time: the spans must contain the words of caller and bot.
//!
//! A token of the language model server is a word: 29 in the system prompt, 6 in the greeting.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../../../common/span_assert.rs"]
mod span_assert;
mod speech_observer;
mod traced_calls;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustvani::{Frame, FrameDirection};
use speech_observer::SpeechObserver;
use tokio::time::timeout;
use traced_calls::{CALLS, Tracing};

#[test]
fn bot_greets_the_caller() {
    let [greeting, _, _] = CALLS.interrupted.turns()[..] else { panic!("{:?}", CALLS.interrupted) };
    greeting
        .assert_attr("input.value", None)
        .assert_attr("output.value", Some("Harbor Dental, how can I help?"));
    greeting
        .assert_attr("conversation.end_reason", Some("completed"))
        .assert_attr("conversation.user_to_bot_latency", None);
    // 250 ms to the first token, 20 ms for each of 6 words, 180 ms of synthesis, and 30 characters at 15 a second.
    greeting.assert_duration(2.5..6.0);
    assert_eq!(CALLS.interrupted.child_names(greeting), ["pipecat.llm", "pipecat.tts"]);

    let llm = CALLS.interrupted.child(greeting, "pipecat.llm");
    llm.assert_attr("llm.messages_count", Some("1"))
        .assert_attr("llm.input_messages.0.message.role", Some("system"));
    llm.assert_attr("llm.token_count.prompt", Some("29"))
        .assert_attr("llm.token_count.completion", Some("6"));
    llm.assert_attr("service.provider", Some("loopback"))
        .assert_attr("llm.model_name", Some("prepared-answers"));
    llm.assert_number("service.ttfb_seconds", 0.24..2.0).assert_attr("service.ttfb_source", Some("measured"));

    let tts = CALLS.interrupted.child(greeting, "pipecat.tts");
    tts.assert_attr("input.value", Some("Harbor Dental, how can I help?"));
    tts.assert_attr("output.value", Some("Harbor Dental, how can I help?"))
        .assert_attr("tts.interrupted", None);
    tts.assert_attr("tts.character_count", Some("30")).assert_number("tts.audio_seconds", 1.9..2.1);
}

#[test]
fn caller_interrupts_the_reply() {
    let spans = &CALLS.interrupted;
    let [_, interrupted, answer] = spans.turns()[..] else { panic!("{spans:?}") };

    interrupted.assert_attr("input.value", Some("How much is whitening?")).assert_attr("output.value", None);
    interrupted.assert_attr("conversation.end_reason", Some("interrupted"));
    assert_eq!(spans.child_names(interrupted), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
    // 300 ms of silence, 120 ms of recognition, 250 ms to the first token, 4 words of 20 ms, and the synthesis.
    interrupted
        .assert_number("conversation.user_to_bot_latency", 0.85..3.0)
        .assert_attr("conversation.latency_source", Some("vad"));

    let stt = spans.child(interrupted, "pipecat.stt");
    stt.assert_attr("audio.transcript", Some("How much is whitening?"))
        .assert_attr("stt.language", Some("en"));
    stt.assert_attr("service.provider", Some("tone")).assert_attr("stt.is_final", Some("true"));
    // 22 characters at 15 a second.
    stt.assert_number("stt.audio_seconds", 1.4..1.5).assert_number("service.ttfb_seconds", 0.4..2.0);

    let llm = spans.child(interrupted, "pipecat.llm");
    // The model had finished: 26 words of 20 ms. The prompt tokens are the system prompt, the greeting and 4 words of the
    // caller.
    llm.assert_attr("llm.interrupted", None).assert_attr("llm.token_count.prompt", Some("39"));
    llm.assert_attr("llm.token_count.completion", Some("26"))
        .assert_attr("llm.token_count.total", Some("65"));
    assert!(llm.text("output.value").ends_with("at night."), "{llm:?}");

    let reply = spans.child(interrupted, "pipecat.tts");
    assert!(reply.text("input.value").starts_with("Two hundred and forty. That includes"), "{reply:?}");
    reply.assert_attr("tts.interrupted", Some("true")).assert_attr("output.value", None);
    // The caller heard a second, and the 200 ms of voice detection. Part of the 8.3 s had not been sent by then.
    reply.assert_number("tts.played_seconds", 1.0..2.5).assert_number("tts.audio_seconds", 1.0..8.2);
    // The first sentence is complete after four words.
    reply
        .assert_number("service.ttfb_seconds", 0.22..2.0)
        .assert_attr("service.ttfb_source", Some("measured"));

    answer.assert_attr("input.value", Some("When are you open?"));
    answer.assert_attr("output.value", Some("From eight to six, Monday to Friday."));
    answer.assert_attr("conversation.end_reason", Some("completed"));
    assert_eq!(spans.child_names(answer), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
}

#[test]
fn caller_interrupts_the_llm_call() {
    let spans = &CALLS.interrupted_early;
    let [_greeting, interrupted, answer] = spans.turns()[..] else { panic!("{spans:?}") };
    interrupted
        .assert_attr("input.value", Some("What do you do?"))
        .assert_attr("conversation.end_reason", Some("interrupted"));
    assert_eq!(spans.child_names(interrupted), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);

    let llm = spans.child(interrupted, "pipecat.llm");
    let text = llm.text("output.value");
    assert!(text.starts_with("All of it. We look at your teeth") && !text.ends_with("smile a lot."));
    // The model reports its usage after the last word.
    llm.assert_attr("llm.interrupted", Some("true")).assert_attr("llm.token_count.total", None).assert_ok();
    assert!(llm.end() <= answer.start());

    let reply = spans.child(interrupted, "pipecat.tts");
    reply.assert_attr("tts.interrupted", Some("true")).assert_number("tts.played_seconds", 0.2..1.5);

    // rustvani leaves an unfinished response out of the context.
    answer.assert_attr("output.value", Some("From eight to six, Monday to Friday."));
    let next = spans.child(answer, "pipecat.llm");
    next.assert_attr("llm.messages_count", Some("4")).assert_attr("llm.interrupted", None);
    next.assert_attr("llm.input_messages.2.message.content", Some("What do you do?"));
    next.assert_attr("llm.input_messages.3.message.content", Some("When are you open?"));
}

#[test]
fn tool_span_lies_between_its_two_llm_calls() {
    let spans = &CALLS.tool;
    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.assert_attr("input.value", Some("Wait, is Tuesday free?"));
    turn.assert_attr("output.value", Some("Half past nine is free. Shall I book it?"));
    turn.assert_attr("conversation.end_reason", Some("completed"));
    assert_eq!(spans.child_names(turn), ["pipecat.stt", "pipecat.llm", "pipecat.llm", "pipecat.tts"]);

    let [first, second] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    let call = "llm.output_messages.0.message.tool_calls.0.tool_call";
    first.assert_attr(&format!("{call}.function.name"), Some("check_calendar"));
    first.assert_attr(&format!("{call}.function.arguments"), Some(r#"{"day":"Tuesday"}"#));
    first.assert_attr("llm.messages_count", Some("3")).assert_attr("llm.token_count.prompt", Some("39"));
    first.assert_attr("llm.token_count.completion", Some("1"));
    first.assert_number("service.ttfb_seconds", 0.24..2.0);
    assert!(first.text("llm.tools.0.tool.json_schema").contains(r#""name":"check_calendar""#));

    // The prompt, the greeting and the question, and then the tool call and its result.
    second.assert_attr("llm.messages_count", Some("5")).assert_attr("llm.token_count.prompt", Some("40"));
    second.assert_attr("llm.input_messages.3.message.role", Some("assistant"));
    let call_message = "llm.input_messages.3.message.tool_calls.0.tool_call";
    second.assert_attr(&format!("{call_message}.id"), Some("call_tuesday"));
    second.assert_attr(&format!("{call_message}.function.name"), Some("check_calendar"));
    second.assert_attr("llm.input_messages.4.message.role", Some("tool"));
    second.assert_attr("llm.input_messages.4.message.tool_call_id", Some("call_tuesday"));
    let result = r#"{"day":"Tuesday","free":["09:30","14:00"]}"#;
    second.assert_attr("llm.input_messages.4.message.content", Some(result));
    second.assert_attr("output.value", Some("Half past nine is free. Shall I book it?"));
    second
        .assert_attr("llm.token_count.completion", Some("9"))
        .assert_number("service.ttfb_seconds", 0.24..2.0);

    assert_eq!(spans.child_names(first), ["pipecat.tool.check_calendar"]);
    let tool = spans.child(first, "pipecat.tool.check_calendar");
    tool.assert_attr("tool_call.id", Some("call_tuesday"))
        .assert_attr("tool.parameters", Some(r#"{"day":"Tuesday"}"#));
    tool.assert_attr("tool.result", Some(result)).assert_attr("tool.cancelled", None);
    tool.assert_duration(0.6..2.0);
    assert!(first.start() <= tool.start() && tool.end() <= second.start());
}

#[test]
fn tool_is_cancelled_when_the_caller_speaks() {
    let spans = &CALLS.tool_cancelled;
    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.assert_attr("input.value", Some("Wait, is Tuesday free? When are you open?"));
    turn.assert_attr("output.value", Some("From eight to six, Monday to Friday."));
    turn.assert_attr("conversation.end_reason", Some("completed"));
    let both = ["pipecat.stt", "pipecat.llm"];
    assert_eq!(spans.child_names(turn), [&both[..], &both[..], &["pipecat.tts"]].concat());

    let [first, second] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    // The model had called the tool and reported its usage.
    first.assert_attr("llm.token_count.completion", Some("1")).assert_ok();
    let tool = spans.child(first, "pipecat.tool.check_calendar");
    tool.assert_attr("tool.cancelled", Some("true")).assert_attr("tool.result", None).assert_ok();
    tool.assert_duration(0.0..2.0);
    // rustvani removes a tool call without a result: two messages of the caller follow the greeting.
    second
        .assert_attr("llm.messages_count", Some("4"))
        .assert_attr("input.value", Some("When are you open?"));
}

#[test]
fn failed_llm_call_is_an_error_but_its_turn_is_ok() {
    let spans = &CALLS.failed;
    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.assert_attr("input.value", Some("Yes please. Hello, are you there?")).assert_ok();
    turn.assert_attr("output.value", Some("Sorry about that. You are booked."));
    let both = ["pipecat.stt", "pipecat.llm"];
    assert_eq!(spans.child_names(turn), [&both[..], &both[..], &["pipecat.tts"]].concat());

    let [failed, answered] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    assert!(failed.error_message().contains("HTTP 503 Service Unavailable"), "{failed:?}");
    failed
        .assert_attr("output.value", None)
        .assert_attr("llm.interrupted", None)
        .assert_attr("llm.token_count.total", None);
    failed.assert_attr("error.type", Some("503")).assert_duration(0.1..2.0);
    answered.assert_attr("output.value", Some("Sorry about that. You are booked.")).assert_ok();
}

#[tokio::test]
async fn cancelled_call_ends_at_the_cancel_frame() {
    let tracing = Tracing::start().await;
    let call = tracing.call(&[]);
    let frames = call.frames();
    let observer = Arc::new(SpeechObserver::default());
    let cancel = async {
        observer.bot_started.notified().await;
        frames.send((Frame::cancel(), FrameDirection::Downstream)).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(call.run(Some(observer.clone())), cancel);
    outcome.unwrap();

    let spans = tracing.spans();
    let [greeting] = spans.turns()[..] else { panic!("{spans:?}") };
    greeting.assert_attr("conversation.end_reason", Some("cancelled"));
    greeting.assert_attr("conversation.was_interrupted", Some("false"));
    assert_eq!(spans.child_names(greeting), ["pipecat.llm", "pipecat.tts"]);
    let reply = spans.child(greeting, "pipecat.tts");
    reply.assert_attr("tts.interrupted", Some("true")).assert_number("tts.played_seconds", 0.0..2.0);
}

#[tokio::test]
async fn call_that_ends_during_a_reply_is_not_completed() {
    let tracing = Tracing::start().await;
    let call = tracing.call(&[]);
    let frames = call.frames();
    let observer = Arc::new(SpeechObserver::default());
    let end = async {
        observer.bot_started.notified().await;
        frames.send((Frame::end(), FrameDirection::Downstream)).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(call.run(Some(observer.clone())), end);
    outcome.unwrap();

    // The transport reports at the very end that the bot has stopped.
    let spans = tracing.spans();
    let [greeting] = spans.turns()[..] else { panic!("{spans:?}") };
    greeting.assert_attr("conversation.end_reason", Some("ended")).assert_duration(0.5..4.0);
    spans.child(greeting, "pipecat.tts").assert_attr("tts.interrupted", None);
}

#[tokio::test]
async fn dropped_call_is_cancelled_while_its_processors_go_on() {
    let tracing = Tracing::start().await;
    let call = tracing.call(&[]);
    let observer = Arc::new(SpeechObserver::default());
    tokio::select! {
        _ = call.run(Some(observer.clone())) => panic!("the call ended by itself"),
        () = observer.bot_started.notified() => {}
    }
    let spans_at_drop = tracing.spans();

    // rustvani leaves its processors running, which go on with the greeting.
    let before = observer.audio_hops.load(Ordering::Relaxed);
    let more_audio = async {
        while observer.audio_hops.load(Ordering::Relaxed) < before + 5 {
            observer.audio_pushed.notified().await;
        }
    };
    timeout(Duration::from_secs(10), more_audio).await.unwrap();

    let spans = tracing.spans();
    let [greeting] = spans.turns()[..] else { panic!("{spans:?}") };
    greeting.assert_attr("conversation.end_reason", Some("cancelled"));
    assert_eq!(spans.child_names(greeting), ["pipecat.llm", "pipecat.tts"]);
    assert_eq!(format!("{spans:?}"), format!("{spans_at_drop:?}"));
}
