use crate::emit::attributes::Attributes;
use crate::emit::openinference;
use crate::emit::test_records::{llm, record, stt, text, tool, turn};
use crate::engine::record::{EndReason, SpanDetails, SttRecord, ToolRecord, TurnRecord};

/// Returns the attributes of `details` that begin with `prefix`, as text.
fn written(details: SpanDetails, prefix: &str) -> Vec<String> {
    let mut out = Attributes::with_limit(128);
    openinference::put_record(&record(details), &mut out);
    text(&out.into_vec()).lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
}

#[test]
fn was_interrupted_is_true_for_end_reason_interrupted_alone() {
    for (end_reason, name, interrupted) in [
        (EndReason::Completed, "completed", false),
        (EndReason::Interrupted, "interrupted", true),
        (EndReason::Ended, "ended", false),
        (EndReason::Cancelled, "cancelled", false),
    ] {
        let details = SpanDetails::Turn(TurnRecord { end_reason, latency: None, ..turn() });
        assert_eq!(
            written(details, "conversation.")[2..],
            [
                format!("conversation.end_reason = {name}"),
                format!("conversation.was_interrupted = {interrupted}")
            ]
        );
    }
}

#[test]
fn stt_without_transcript_is_not_final_and_has_no_text() {
    let mut silent = SttRecord { transcript: None, is_final: false, ..stt() };
    assert_eq!(written(SpanDetails::Stt(silent.clone()), "stt.is_final"), ["stt.is_final = false"]);
    silent.language = None;
    for key in ["input", "output", "audio.transcript", "stt.language"] {
        assert!(written(SpanDetails::Stt(silent.clone()), key).is_empty(), "{key}");
    }
}

#[test]
fn model_is_the_reported_one_else_the_described_one() {
    let mut utterance = stt();
    utterance.reported_model = Some("nova-2-phonecall".into());
    assert_eq!(
        written(SpanDetails::Stt(utterance.clone()), "llm.model_name"),
        ["llm.model_name = nova-2-phonecall"]
    );
    utterance.reported_model = None;
    assert_eq!(written(SpanDetails::Stt(utterance), "llm.model_name"), ["llm.model_name = nova-2"]);
}

#[test]
fn llm_input_is_the_transcript_of_speech_to_speech() {
    let mut llm = llm();
    llm.user_transcript = Some("Good morning.".into());
    assert_eq!(written(SpanDetails::Llm(Box::new(llm)), "input.value"), ["input.value = Good morning."]);
}

#[test]
fn llm_without_text_has_no_output() {
    let mut silent = llm();
    silent.text = None;
    silent.interrupted = true;
    assert!(written(SpanDetails::Llm(Box::new(silent.clone())), "output").is_empty());
    assert!(written(SpanDetails::Llm(Box::new(silent.clone())), "llm.output").is_empty());
    assert_eq!(written(SpanDetails::Llm(Box::new(silent)), "llm.interrupted"), ["llm.interrupted = true"]);
}

#[test]
fn cancelled_tool_call_has_no_result() {
    let cancelled = ToolRecord { result: None, cancelled: true, ..tool() };
    assert_eq!(written(SpanDetails::Tool(cancelled.clone()), "tool.cancelled"), ["tool.cancelled = true"]);
    assert!(written(SpanDetails::Tool(cancelled), "output").is_empty());
}
