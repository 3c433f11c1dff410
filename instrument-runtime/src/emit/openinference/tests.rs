use crate::emit::attributes::Attributes;
use crate::emit::test_records::{llm, record, stt, text, tool, turn};
use crate::emit::{Session, openinference};
use crate::engine::record::{EndReason, SpanDetails, SttRecord, ToolRecord, TurnRecord};

/// The lines about `details` that begin with `prefix`.
fn told(details: SpanDetails, prefix: &str) -> Vec<String> {
    let mut out = Attributes::with_limit(128);
    openinference::essentials(&record(details), &Session::new("call-42"), &mut out);
    text(&out.into_vec()).lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
}

#[test]
fn only_an_interrupted_turn_was_interrupted() {
    for (end_reason, written, interrupted) in [
        (EndReason::Completed, "completed", false),
        (EndReason::Interrupted, "interrupted", true),
        (EndReason::Ended, "ended", false),
        (EndReason::Cancelled, "cancelled", false),
    ] {
        let details = SpanDetails::Turn(TurnRecord { end_reason, latency: None, ..turn() });
        assert_eq!(
            told(details, "conversation.")[2..],
            [
                format!("conversation.end_reason = {written}"),
                format!("conversation.was_interrupted = {interrupted}")
            ]
        );
    }
}

#[test]
fn an_utterance_without_a_transcript_is_not_final_and_has_no_text() {
    let mut silent = SttRecord { transcript: None, is_final: false, ..stt() };
    assert_eq!(told(SpanDetails::Stt(silent.clone()), "stt.is_final"), ["stt.is_final = false"]);
    silent.language = None;
    for key in ["input", "output", "audio.transcript", "stt.language"] {
        assert!(told(SpanDetails::Stt(silent.clone()), key).is_empty(), "{key}");
    }
}

#[test]
fn a_model_is_the_configured_one_and_else_the_measured_one() {
    let mut utterance = stt();
    utterance.reported_model = Some("nova-2-phonecall".into());
    assert_eq!(told(SpanDetails::Stt(utterance.clone()), "llm.model_name"), ["llm.model_name = nova-2"]);
    std::sync::Arc::make_mut(&mut utterance.service).model = None;
    assert_eq!(told(SpanDetails::Stt(utterance), "llm.model_name"), ["llm.model_name = nova-2-phonecall"]);
}

#[test]
fn what_a_speech_model_heard_is_its_input() {
    let mut heard = llm();
    heard.user_transcript = Some("Good morning.".into());
    assert_eq!(told(SpanDetails::Llm(Box::new(heard)), "input.value"), ["input.value = Good morning."]);
}

#[test]
fn a_silent_model_has_no_output() {
    let mut silent = llm();
    silent.text = None;
    silent.interrupted = true;
    assert!(told(SpanDetails::Llm(Box::new(silent.clone())), "output").is_empty());
    assert!(told(SpanDetails::Llm(Box::new(silent.clone())), "llm.output").is_empty());
    assert_eq!(told(SpanDetails::Llm(Box::new(silent)), "llm.interrupted"), ["llm.interrupted = true"]);
}

#[test]
fn a_function_call_that_was_called_off_has_no_result() {
    let cancelled = ToolRecord { result: None, cancelled: true, ..tool() };
    assert_eq!(told(SpanDetails::Tool(cancelled.clone()), "tool.cancelled"), ["tool.cancelled = true"]);
    assert!(told(SpanDetails::Tool(cancelled), "output").is_empty());
}
