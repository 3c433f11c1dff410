//! Wrong facts about a turn or its spans.

use std::time::Duration;

use opentelemetry::trace::{SpanId, Status};

use super::{
    LLM, Outcome, RECORDING, STT, Subject, TOOL, TTS, TURN, Trace, with_span_id, wrong_after, wrong_after_in,
};
use crate::checker::span::Kind;

#[test]
fn another_text_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(TTS, "output.value", "It is 12 degrees in Paris."))?;
    assert_eq!(wrong, ["turn 1 tts 1: output.value"]);
    Ok(())
}

#[test]
fn other_white_space_is_wrong_and_reported_as_such() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    trace.set(TURN, "output.value", "It is 21 degrees  in Paris.");
    let report = trace.report().to_string();
    let wrong = r#"turn 1: output.value: expected "It is 21 degrees in Paris.", got "It is 21 degrees  in Paris." (whitespace only)"#;
    assert_eq!(report.lines().next(), Some(wrong));
    Ok(())
}

#[test]
fn another_number_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(LLM, "llm.token_count.prompt", 151))?;
    assert_eq!(wrong, ["turn 1 llm 1: llm.token_count.prompt"]);
    Ok(())
}

#[test]
fn a_missing_attribute_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.unset(STT, "service.provider"))?;
    assert_eq!(wrong, ["turn 1 stt 1: service.provider"]);
    Ok(())
}

#[test]
fn a_true_flag_is_wrong_if_false_or_absent_is_expected() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(TTS, "tts.interrupted", true))?;
    assert_eq!(wrong, ["turn 1 tts 1: tts.interrupted"]);
    Ok(())
}

#[test]
fn another_latency_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(TURN, "conversation.user_to_bot_latency", 3.0))?;
    assert_eq!(wrong, ["turn 1: conversation.user_to_bot_latency"]);
    Ok(())
}

/// One fact is its presence, one its value.
#[test]
fn a_missing_latency_makes_two_facts_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.unset(TURN, "conversation.user_to_bot_latency"))?;
    assert_eq!(wrong, ["turn 1: conversation.user_to_bot_latency"; 2]);
    Ok(())
}

#[test]
fn another_parent_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| {
        let turn = trace.span(TURN).span_context.span_id();
        trace.span(TOOL).parent_span_id = turn;
    })?;
    assert_eq!(wrong, ["turn 1 tool 1: parent"]);
    Ok(())
}

#[test]
fn a_longer_span_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.span(STT).end_time += Duration::from_millis(20))?;
    assert_eq!(wrong, ["turn 1 stt 1: duration in ms"]);
    Ok(())
}

#[test]
fn a_failed_span_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.span(LLM).status = Status::error("overloaded"))?;
    assert_eq!(wrong, ["turn 1 llm 1: status"]);
    Ok(())
}

#[test]
fn another_error_message_is_wrong() -> Outcome<()> {
    let failed = Subject::Span { turn: 2, kind: Kind::Llm, ordinal: 1 };
    let wrong = wrong_after_in("h_error", |trace| {
        let span = trace.span(failed);
        span.status = Status::error("something else");
        span.events.events.clear();
    })?;
    assert_eq!(wrong, ["turn 2 llm 1: error message"]);
    Ok(())
}

#[test]
fn another_message_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(LLM, "llm.input_messages.0.message.content", "Be rude."))?;
    assert_eq!(wrong, ["turn 1 llm 1: messages"]);
    Ok(())
}

#[test]
fn another_message_of_a_long_history_is_wrong() -> Outcome<()> {
    const FIRST: &str = "llm.input_messages.0.message.content";
    let wrong = wrong_after_in("i_long_prefilled", |trace| trace.set(LLM, FIRST, "Be rude."))?;
    assert_eq!(wrong, ["turn 1 llm 1: first message"]);

    let wrong = wrong_after_in("i_long_prefilled", |trace| {
        // The newest message is written first.
        let mut attributes = trace.span(LLM).attributes.iter_mut();
        let newest = attributes.find(|attribute| attribute.value.as_str() == "user");
        newest.expect("the history has a user message").value = "assistant".into();
    })?;
    assert_eq!(wrong, ["turn 1 llm 1: newest messages"]);
    Ok(())
}

#[test]
fn another_tool_call_is_wrong() -> Outcome<()> {
    const ARGUMENTS: &str = "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments";
    let spaced = wrong_after(|trace| trace.set(LLM, ARGUMENTS, r#"{ "city" : "Paris" }"#))?;
    assert!(spaced.is_empty(), "white space in JSON does not matter: {spaced:?}");

    let wrong = wrong_after(|trace| trace.set(LLM, ARGUMENTS, r#"{"city":"Rome"}"#))?;
    assert_eq!(wrong, ["turn 1 llm 1: tool calls"]);
    Ok(())
}

#[test]
fn another_response_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(LLM, "llm.output_messages.0.message.content", "Well…"))?;
    assert_eq!(wrong, ["turn 1 llm 1: output message"]);
    Ok(())
}

#[test]
fn facts_of_a_missing_span_are_wrong_and_no_others() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    trace.remove(TTS);
    assert_eq!(trace.wrong(), trace.names_about(TTS), "all of its facts, and no others");
    assert_eq!(trace.report().total(), Trace::replay(RECORDING)?.report().total());
    Ok(())
}

/// The second LLM call is not mistaken for the missing first one.
#[test]
fn a_missing_first_span_does_not_shift_the_second() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    let turn = trace.span(TURN).span_context.span_id();
    trace.span(TOOL).parent_span_id = turn; // keeps the tool in the turn
    trace.remove(LLM);
    let mut wrong = trace.names_about(LLM);
    wrong.push("turn 1 tool 1: parent".to_owned());
    assert_eq!(trace.wrong(), wrong);
    Ok(())
}

#[test]
fn an_additional_span_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|trace| {
        let mut again = trace.span(TTS).clone();
        again.span_context = with_span_id(&again.span_context, SpanId::from(7));
        trace.replayed.spans.push(super::Span(again));
    })?;
    assert_eq!(wrong, ["turn 1: no other spans"]);
    Ok(())
}

#[test]
fn facts_of_a_renumbered_turn_are_wrong_is_wrong() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    trace.set(Subject::Turn(2), "conversation.turn_number", 3);
    assert_eq!(trace.wrong(), trace.names_in_turn(2), "all facts of the turn, and no others");
    Ok(())
}
