//! Conversations on rustvani, held against what was said in them.
//!
//! They are held in real time, all at once, with the pipeline of the example `rustvani_agent`. A token of the model on
//! loopback is a word: 29 in the system prompt, 6 in its greeting.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../examples/rustvani_agent/call/mod.rs"]
mod call;
#[path = "rustvani/ear.rs"]
mod ear;
#[path = "rustvani/held.rs"]
mod held;
#[path = "support/spans.rs"]
mod spans;
#[path = "../examples/telephone/mod.rs"]
mod telephone;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ear::Ear;
use held::{HELD, Traced};
use rustvani::{Frame, FrameDirection};
use tokio::time::timeout;

#[test]
fn a_bot_greets_whoever_calls() {
    let [greeting, _, _] = HELD.cut.turns()[..] else { panic!("{:?}", HELD.cut) };
    greeting.has("input.value", None).has("output.value", Some("Harbor Dental, how can I help?"));
    greeting.has("conversation.end_reason", Some("completed")).has("conversation.user_to_bot_latency", None);
    // 250 ms to a first token, 20 ms for each of 6 words, 180 ms of synthesis, and 30 characters, 15 a second.
    greeting.lasts(2.5..6.0);
    assert_eq!(HELD.cut.under(greeting), ["pipecat.llm", "pipecat.tts"]);

    let asked = HELD.cut.child(greeting, "pipecat.llm");
    asked.has("llm.messages_count", Some("1")).has("llm.input_messages.0.message.role", Some("system"));
    asked.has("llm.token_count.prompt", Some("29")).has("llm.token_count.completion", Some("6"));
    asked.has("service.provider", Some("loopback")).has("llm.model_name", Some("prepared-answers"));
    asked.within("service.ttfb_seconds", 0.24..2.0).has("service.ttfb_source", Some("measured"));

    let said = HELD.cut.child(greeting, "pipecat.tts");
    said.has("input.value", Some("Harbor Dental, how can I help?"));
    said.has("output.value", Some("Harbor Dental, how can I help?")).has("tts.interrupted", None);
    said.has("tts.character_count", Some("30")).within("tts.audio_seconds", 1.9..2.1);
}

#[test]
fn a_reply_is_cut_where_the_caller_cuts_in() {
    let spans = &HELD.cut;
    let [_, cut, answer] = spans.turns()[..] else { panic!("{spans:?}") };

    cut.has("input.value", Some("How much is whitening?")).has("output.value", None);
    cut.has("conversation.end_reason", Some("interrupted"));
    assert_eq!(spans.under(cut), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
    // 300 ms of silence, 120 ms to a transcript, 250 ms to a first token, 4 words of 20 ms, and the synthesis.
    cut.within("conversation.user_to_bot_latency", 0.85..3.0).has("conversation.latency_source", Some("vad"));

    let heard = spans.child(cut, "pipecat.stt");
    heard.has("audio.transcript", Some("How much is whitening?")).has("stt.language", Some("en"));
    heard.has("service.provider", Some("tone")).has("stt.is_final", Some("true"));
    // 22 characters, 15 a second.
    heard.within("stt.audio_seconds", 1.4..1.5).within("service.ttfb_seconds", 0.4..2.0);

    let thought = spans.child(cut, "pipecat.llm");
    // The model was done by then: 20 ms for each of 26 words. The prompt, the greeting, and 4 words of the caller.
    thought.has("llm.interrupted", None).has("llm.token_count.prompt", Some("39"));
    thought.has("llm.token_count.completion", Some("26")).has("llm.token_count.total", Some("65"));
    assert!(thought.text("output.value").ends_with("at night."), "{thought:?}");

    let reply = spans.child(cut, "pipecat.tts");
    assert!(reply.text("input.value").starts_with("Two hundred and forty. That includes"), "{reply:?}");
    reply.has("tts.interrupted", Some("true")).has("output.value", None);
    // A second was heard, and what it takes to detect a voice: 200 ms. Not all of the 8.3 s had been sent by then.
    reply.within("tts.played_seconds", 1.0..2.5).within("tts.audio_seconds", 1.0..8.2);
    // Its first sentence is whole after four words.
    reply.within("service.ttfb_seconds", 0.22..2.0).has("service.ttfb_source", Some("measured"));

    answer.has("input.value", Some("When are you open?"));
    answer.has("output.value", Some("From eight to six, Monday to Friday."));
    answer.has("conversation.end_reason", Some("completed"));
    assert_eq!(spans.under(answer), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);
}

#[test]
fn an_answer_is_cut_while_the_model_is_at_it() {
    let spans = &HELD.cut_early;
    let [_greeting, cut, answer] = spans.turns()[..] else { panic!("{spans:?}") };
    cut.has("input.value", Some("What do you do?")).has("conversation.end_reason", Some("interrupted"));
    assert_eq!(spans.under(cut), ["pipecat.stt", "pipecat.llm", "pipecat.tts"]);

    let thought = spans.child(cut, "pipecat.llm");
    let so_far = thought.text("output.value");
    assert!(so_far.starts_with("All of it. We look at your teeth") && !so_far.ends_with("smile a lot."));
    // The model would have told what it took behind its last word.
    thought.has("llm.interrupted", Some("true")).has("llm.token_count.total", None).succeeded();
    assert!(thought.ended() <= answer.started());

    let reply = spans.child(cut, "pipecat.tts");
    reply.has("tts.interrupted", Some("true")).within("tts.played_seconds", 0.2..1.5);

    // rustvani leaves what it did not finish out of the conversation.
    answer.has("output.value", Some("From eight to six, Monday to Friday."));
    let next = spans.child(answer, "pipecat.llm");
    next.has("llm.messages_count", Some("4")).has("llm.interrupted", None);
    next.has("llm.input_messages.2.message.content", Some("What do you do?"));
    next.has("llm.input_messages.3.message.content", Some("When are you open?"));
}

#[test]
fn a_tool_call_lies_between_the_two_rounds_that_it_belongs_to() {
    let spans = &HELD.tool;
    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.has("input.value", Some("Wait, is Tuesday free?"));
    turn.has("output.value", Some("Half past nine is free. Shall I book it?"));
    turn.has("conversation.end_reason", Some("completed"));
    assert_eq!(spans.under(turn), ["pipecat.stt", "pipecat.llm", "pipecat.llm", "pipecat.tts"]);

    let [asking, answering] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    let call = "llm.output_messages.0.message.tool_calls.0.tool_call";
    asking.has(&format!("{call}.function.name"), Some("check_calendar"));
    asking.has(&format!("{call}.function.arguments"), Some(r#"{"day":"Tuesday"}"#));
    asking.has("llm.messages_count", Some("3")).has("llm.token_count.prompt", Some("39"));
    asking.has("llm.token_count.completion", Some("1"));
    asking.within("service.ttfb_seconds", 0.24..2.0);
    assert!(asking.text("llm.tools.0.tool.json_schema").contains(r#""name":"check_calendar""#));

    // The prompt, the greeting and the question; and now what it asked for, and was told.
    answering.has("llm.messages_count", Some("5")).has("llm.token_count.prompt", Some("40"));
    answering.has("llm.input_messages.3.message.role", Some("assistant"));
    let asked = "llm.input_messages.3.message.tool_calls.0.tool_call";
    answering.has(&format!("{asked}.id"), Some("call_tuesday"));
    answering.has(&format!("{asked}.function.name"), Some("check_calendar"));
    answering.has("llm.input_messages.4.message.role", Some("tool"));
    answering.has("llm.input_messages.4.message.tool_call_id", Some("call_tuesday"));
    let told = r#"{"day":"Tuesday","free":["09:30","14:00"]}"#;
    answering.has("llm.input_messages.4.message.content", Some(told));
    answering.has("output.value", Some("Half past nine is free. Shall I book it?"));
    answering.has("llm.token_count.completion", Some("9")).within("service.ttfb_seconds", 0.24..2.0);

    assert_eq!(spans.under(asking), ["pipecat.tool.check_calendar"]);
    let tool = spans.child(asking, "pipecat.tool.check_calendar");
    tool.has("tool_call.id", Some("call_tuesday")).has("tool.parameters", Some(r#"{"day":"Tuesday"}"#));
    tool.has("tool.result", Some(told)).has("tool.cancelled", None);
    tool.lasts(0.6..2.0);
    assert!(asking.started() <= tool.started() && tool.ended() <= answering.started());
}

#[test]
fn a_tool_that_the_caller_does_not_wait_for_is_cancelled() {
    let spans = &HELD.tool_dropped;
    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.has("input.value", Some("Wait, is Tuesday free? When are you open?"));
    turn.has("output.value", Some("From eight to six, Monday to Friday."));
    turn.has("conversation.end_reason", Some("completed"));
    let both = ["pipecat.stt", "pipecat.llm"];
    assert_eq!(spans.under(turn), [&both[..], &both[..], &["pipecat.tts"]].concat());

    let [asking, answering] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    // It had asked by then, and what it took was told.
    asking.has("llm.token_count.completion", Some("1")).succeeded();
    let tool = spans.child(asking, "pipecat.tool.check_calendar");
    tool.has("tool.cancelled", Some("true")).has("tool.result", None).succeeded();
    tool.lasts(0.0..2.0);
    // rustvani takes the call back, for the lack of a result: two messages of the caller follow the greeting.
    answering.has("llm.messages_count", Some("4")).has("input.value", Some("When are you open?"));
}

#[test]
fn a_failed_invocation_is_an_error_that_its_turn_recovers_from() {
    let spans = &HELD.failure;
    let [_greeting, turn] = spans.turns()[..] else { panic!("{spans:?}") };
    turn.has("input.value", Some("Yes please. Hello, are you there?")).succeeded();
    turn.has("output.value", Some("Sorry about that. You are booked."));
    let both = ["pipecat.stt", "pipecat.llm"];
    assert_eq!(spans.under(turn), [&both[..], &both[..], &["pipecat.tts"]].concat());

    let [failed, answered] = spans.children(turn, "pipecat.llm")[..] else { panic!("{spans:?}") };
    assert!(failed.failure().contains("HTTP 503 Service Unavailable"), "{failed:?}");
    failed.has("output.value", None).has("llm.interrupted", None).has("llm.token_count.total", None);
    failed.has("error.type", Some("503")).lasts(0.1..2.0);
    answered.has("output.value", Some("Sorry about that. You are booked.")).succeeded();
}

#[tokio::test]
async fn a_cancelled_call_ends_where_it_was_cancelled() {
    let traced = Traced::on_loopback().await;
    let call = traced.call(&[]);
    let frames = call.frames();
    let ear = Arc::new(Ear::default());
    let cancel = async {
        ear.bot_speaks.notified().await;
        frames.send((Frame::cancel(), FrameDirection::Downstream)).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(call.hold(Some(ear.clone())), cancel);
    outcome.unwrap();

    let spans = traced.spans();
    let [greeting] = spans.turns()[..] else { panic!("{spans:?}") };
    greeting.has("conversation.end_reason", Some("cancelled"));
    greeting.has("conversation.was_interrupted", Some("false"));
    assert_eq!(spans.under(greeting), ["pipecat.llm", "pipecat.tts"]);
    let reply = spans.child(greeting, "pipecat.tts");
    reply.has("tts.interrupted", Some("true")).within("tts.played_seconds", 0.0..2.0);
}

#[tokio::test]
async fn a_call_that_ends_in_the_middle_of_a_reply_is_not_completed() {
    let traced = Traced::on_loopback().await;
    let call = traced.call(&[]);
    let frames = call.frames();
    let ear = Arc::new(Ear::default());
    let end = async {
        ear.bot_speaks.notified().await;
        frames.send((Frame::end(), FrameDirection::Downstream)).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(call.hold(Some(ear.clone())), end);
    outcome.unwrap();

    // The transport says that the bot has stopped: it says so at the end of everything.
    let spans = traced.spans();
    let [greeting] = spans.turns()[..] else { panic!("{spans:?}") };
    greeting.has("conversation.end_reason", Some("ended")).lasts(0.5..4.0);
    spans.child(greeting, "pipecat.tts").has("tts.interrupted", None);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_whatever_its_processors_still_do() {
    let traced = Traced::on_loopback().await;
    let call = traced.call(&[]);
    let ear = Arc::new(Ear::default());
    tokio::select! {
        _ = call.hold(Some(ear.clone())) => panic!("nobody has ended it"),
        () = ear.bot_speaks.notified() => {}
    }
    let at_once = traced.spans();

    // rustvani leaves its processors running: they go on with the greeting.
    let before = ear.audio.load(Ordering::Relaxed);
    let more_audio = async {
        while ear.audio.load(Ordering::Relaxed) < before + 5 {
            ear.hears.notified().await;
        }
    };
    timeout(Duration::from_secs(10), more_audio).await.unwrap();

    let spans = traced.spans();
    let [greeting] = spans.turns()[..] else { panic!("{spans:?}") };
    greeting.has("conversation.end_reason", Some("cancelled"));
    assert_eq!(spans.under(greeting), ["pipecat.llm", "pipecat.tts"]);
    assert_eq!(format!("{spans:?}"), format!("{at_once:?}"));
}
