//! Breaches of the rules for every conversation.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, Status, TraceId};

use super::{
    LLM, Outcome, RECORDING, STT, Subject, TTS, TURN, Trace, with_span_id, with_trace_id, wrong_after,
};

#[test]
fn an_unreadable_line_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.replayed.problem = Some("line 2: not JSON".to_owned()))?;
    assert_eq!(wrong, ["file: is readable"]);
    Ok(())
}

#[test]
fn a_repeated_key_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| {
        let again = trace.span(LLM).attributes[0].clone();
        trace.span(LLM).attributes.push(again);
    })?;
    assert_eq!(wrong, ["file: no duplicate keys"]);
    Ok(())
}

#[test]
fn a_key_prefix_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(LLM, "input", "What is the weather in Paris?"))?;
    assert_eq!(wrong, ["file: no key is a prefix of another"]);

    let wrong = wrong_after(|trace| trace.span(LLM).attributes.push(KeyValue::new("input.val", "x")))?;
    assert!(wrong.is_empty(), "prefixes end at a dot: {wrong:?}");
    Ok(())
}

#[test]
fn a_span_without_session_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.unset(TTS, "session.id"))?;
    assert_eq!(wrong, ["file: session.id on every span"]);
    Ok(())
}

#[test]
fn spans_of_another_conversation_are_ignored() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    let other = Trace::replay("a_simple")?;
    trace.replayed.spans.extend(other.replayed.spans);
    assert_eq!(trace.wrong(), [""; 0]);
    Ok(())
}

#[test]
fn an_unset_status_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.span(STT).status = Status::Unset)?;
    assert_eq!(wrong, ["file: status is never unset", "turn 1 stt 1: status"]);
    Ok(())
}

#[test]
fn a_wrong_span_kind_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.set(STT, "openinference.span.kind", "CHAIN"))?;
    assert_eq!(wrong, ["file: openinference.span.kind on every span"]);
    Ok(())
}

#[test]
fn a_span_with_an_unknown_name_is_reported() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    let mut stranger = trace.span(TTS).clone();
    stranger.name = "pipecat.vad".into();
    stranger.span_context = with_span_id(&stranger.span_context, SpanId::from(7));
    trace.replayed.spans.push(super::Span(stranger));
    assert_eq!(trace.wrong(), ["file: openinference.span.kind on every span", "turn 1: no other spans"]);
    Ok(())
}

#[test]
fn a_span_without_end_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.span(STT).end_time = UNIX_EPOCH)?;
    assert_eq!(
        wrong,
        ["file: every span is ended", "file: no span ends before its start", "turn 1 stt 1: duration in ms"]
    );
    Ok(())
}

#[test]
fn a_span_that_ends_before_its_start_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| {
        let stt = trace.span(STT);
        stt.end_time = stt.start_time - Duration::from_millis(1);
    })?;
    assert_eq!(wrong, ["file: no span ends before its start", "turn 1 stt 1: duration in ms"]);
    Ok(())
}

#[test]
fn a_span_that_starts_before_its_turn_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| {
        let turn = trace.span(TURN).start_time;
        trace.span(STT).start_time = turn - Duration::from_millis(100);
    })?;
    assert_eq!(wrong, ["file: children lie inside their turn", "turn 1 stt 1: duration in ms"]);
    Ok(())
}

#[test]
fn a_turn_with_a_parent_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| trace.span(TURN).parent_span_id = SpanId::from(7))?;
    assert_eq!(wrong, ["file: turns are roots of their own trace", "file: children share the trace"]);
    Ok(())
}

#[test]
fn two_turns_in_one_trace_are_reported() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    let shared = trace.span(TURN).span_context.trace_id();
    for span in &mut trace.replayed.spans {
        span.0.span_context = with_trace_id(&span.0.span_context, shared);
    }
    assert_eq!(trace.wrong(), ["file: turns are roots of their own trace"]);
    Ok(())
}

#[test]
fn a_child_in_another_trace_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| {
        let stt = trace.span(STT);
        stt.span_context = with_trace_id(&stt.span_context, TraceId::from(7));
    })?;
    assert_eq!(wrong, ["file: children share the trace"]);
    Ok(())
}

#[test]
fn a_repeated_span_id_is_reported() -> Outcome<()> {
    let wrong = wrong_after(|trace| {
        let taken = trace.span(STT).span_context.span_id();
        let tts = trace.span(TTS);
        tts.span_context = with_span_id(&tts.span_context, taken);
    })?;
    assert_eq!(wrong, ["file: unique span ids"]);
    Ok(())
}

#[test]
fn a_missing_turn_is_reported() -> Outcome<()> {
    let mut trace = Trace::replay(RECORDING)?;
    trace.remove(Subject::Turn(2));
    let of_the_file =
        ["file: children lie inside their turn", "file: children share the trace", "file: number of turns"];
    let wrong = [of_the_file.map(str::to_owned).to_vec(), trace.names_in_turn(2)].concat();
    assert_eq!(trace.wrong(), wrong);
    Ok(())
}
