use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use crate::engine::frame::{Frame, FunctionCall, Json, TextChunk, Transcript};
use crate::engine::record::{
    EndReason, Initiator, SpanDetails, SpanEvent, SpanEventKind, SpanKey, SpanRecord, Status, ToolRecord,
    TurnNumber, TurnRecord,
};
use crate::engine::time::Time;
use crate::json::RawJson;
use crate::privacy::{ContentKind, Privacy, TraceConfig};

fn record(details: SpanDetails) -> SpanRecord {
    SpanRecord {
        key: SpanKey(1),
        start: Time::default(),
        end: Time::default(),
        status: Status::Ok,
        events: Vec::new(),
        user_id: None,
        details,
    }
}

fn turn() -> SpanRecord {
    record(SpanDetails::Turn(TurnRecord {
        number: TurnNumber(1),
        input: Some("My card is 4111 1111".into()),
        output: Some("Thank you.".into()),
        end_reason: EndReason::Completed,
        initiator: Initiator::User,
        repeats: None,
        latency: None,
        start_missed: false,
    }))
}

fn tool() -> SpanRecord {
    record(SpanDetails::Tool(ToolRecord {
        name: "pay".into(),
        tool_call_id: "call_1".into(),
        arguments: Some(r#"{"card":"4111 1111"}"#.into()),
        result: Some(r#""paid""#.into()),
        error: None,
        cancelled: false,
        unfinished: false,
    }))
}

fn input_and_output(record: SpanRecord) -> (Option<String>, Option<String>) {
    match record.details {
        SpanDetails::Turn(turn) => (turn.input, turn.output),
        SpanDetails::Tool(tool) => (tool.arguments, tool.result),
        other => panic!("{other:?}"),
    }
}

fn without_digits(_: ContentKind, text: &str) -> Cow<'_, str> {
    Cow::Owned(text.replace(|c: char| c.is_ascii_digit(), "*"))
}

#[test]
fn a_hook_gets_each_text_that_is_not_hidden() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&calls);
    let privacy = Privacy::new(TraceConfig::default().hide_outputs(true).redact_with(move |kind, text| {
        recorded.lock().unwrap().push((kind, text.to_owned()));
        without_digits(kind, text)
    }));
    let (input, output) = input_and_output(privacy.redact_record(turn()));
    assert_eq!(input.as_deref(), Some("My card is **** ****"));
    assert_eq!(output.as_deref(), Some("__REDACTED__"));
    assert_eq!(*calls.lock().unwrap(), [(ContentKind::UserText, "My card is 4111 1111".to_owned())]);
}

#[test]
fn redacted_json_stays_json() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(without_digits));
    assert_eq!(input_and_output(privacy.redact_record(tool())).0.as_deref(), Some(r#"{"card":"**** ****"}"#));

    let privacy = Privacy::new(TraceConfig::default().redact_with(|_, text| text[..4].into()));
    assert_eq!(input_and_output(privacy.redact_record(tool())).0.as_deref(), Some(r#""{\"ca""#));
}

#[test]
fn a_panic_of_the_hook_redacts_that_text_only() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(|kind, text| {
        assert!(kind != ContentKind::UserText, "cannot read this");
        text.into()
    }));
    let (input, output) = input_and_output(privacy.redact_record(turn()));
    assert_eq!(input.as_deref(), Some("__REDACTED__"));
    assert_eq!(output.as_deref(), Some("Thank you."));
    let transcription = Frame::Transcription(Transcript::from("My card is 4111 1111"));
    privacy.with_redacted_frame(&transcription, |frame| {
        assert!(matches!(frame, Frame::Transcription(Transcript { text: "__REDACTED__", .. })));
    });
}

#[test]
fn a_hook_gets_error_types_only_if_they_are_several_words() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(|kind, _| format!("{kind:?}").into()));
    let failed = |error_type: &str| {
        let (message, error_type) = ("no card 4111".to_owned(), error_type.to_owned());
        let kind = SpanEventKind::Exception { message: message.clone(), error_type: error_type.clone() };
        SpanRecord {
            status: Status::Error { message, error_type },
            events: vec![SpanEvent { at: Time::default(), kind }],
            ..turn()
        }
    };
    for (error_type, redacted_type) in [("CardError", "CardError"), ("no card 4111", "Error")] {
        let redacted = privacy.redact_record(failed(error_type));
        let (message, error_type) = ("Error".to_owned(), redacted_type.to_owned());
        assert_eq!(
            redacted.events[0].kind,
            SpanEventKind::Exception { message: message.clone(), error_type: error_type.clone() }
        );
        assert_eq!(redacted.status, Status::Error { message, error_type });
    }
}

#[test]
fn chunks_of_streams_are_redacted_in_the_log_if_there_is_a_hook() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(|_, text| text.into()));
    for piece in [
        Frame::LlmText(TextChunk::new("41")),
        Frame::TtsText(TextChunk::new("41")),
        Frame::InterimTranscription(Transcript::from("41")),
    ] {
        privacy.with_redacted_frame(&piece, |frame| match frame {
            Frame::LlmText(chunk) | Frame::TtsText(chunk) => assert_eq!(chunk.text, "__REDACTED__"),
            Frame::InterimTranscription(transcript) => assert_eq!(transcript.text, "__REDACTED__"),
            other => panic!("{other:?}"),
        });
    }
    privacy.with_redacted_frame(&Frame::Transcription(Transcript::from("41")), |frame| {
        assert!(matches!(frame, Frame::Transcription(Transcript { text: "41", .. })));
    });
}

#[test]
fn json_in_the_log_is_truncated_to_a_json_string() {
    let privacy = Privacy::new(TraceConfig::default().max_value_length(16));
    let arguments = RawJson(r#"{"card":"4111 1111 1111 1111"}"#);
    let call = FunctionCall { name: "pay", tool_call_id: "call_1", arguments: Some(&arguments) };
    privacy.with_redacted_frame(&Frame::FunctionCallInProgress(call), |frame| {
        let Frame::FunctionCallInProgress(call) = frame else { panic!("{frame:?}") };
        assert_eq!(call.arguments.map(Json::to_text).as_deref(), Some(r#""{\"car… [25 more]""#));
    });
}
