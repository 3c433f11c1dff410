use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use crate::engine::frame::{Frame, FunctionCall, Json, TextChunk, Transcript};
use crate::engine::record::{
    EndReason, SpanDetails, SpanEvent, SpanEventKind, SpanKey, SpanRecord, Status, ToolRecord, TurnNumber,
    TurnRecord,
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
        latency: None,
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
    }))
}

fn said(record: SpanRecord) -> (Option<String>, Option<String>) {
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
fn a_hook_is_asked_of_each_text_that_is_shown() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let privacy = Privacy::new(TraceConfig::default().hide_outputs(true).redact_with(move |kind, text| {
        seen.lock().unwrap().push((kind, text.to_owned()));
        without_digits(kind, text)
    }));
    let (input, output) = said(privacy.redact_record(turn()));
    assert_eq!(input.as_deref(), Some("My card is **** ****"));
    assert_eq!(output.as_deref(), Some("__REDACTED__"));
    assert_eq!(*asked.lock().unwrap(), [(ContentKind::UserText, "My card is 4111 1111".to_owned())]);
}

#[test]
fn json_stays_json() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(without_digits));
    assert_eq!(said(privacy.redact_record(tool())).0.as_deref(), Some(r#"{"card":"**** ****"}"#));

    let privacy = Privacy::new(TraceConfig::default().redact_with(|_, text| text[..4].into()));
    assert_eq!(said(privacy.redact_record(tool())).0.as_deref(), Some(r#""{\"ca""#));
}

#[test]
fn a_panic_of_the_hook_redacts_the_text_and_nothing_else() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(|kind, text| {
        assert!(kind != ContentKind::UserText, "cannot read this");
        text.into()
    }));
    let (input, output) = said(privacy.redact_record(turn()));
    assert_eq!(input.as_deref(), Some("__REDACTED__"));
    assert_eq!(output.as_deref(), Some("Thank you."));
    let heard = Frame::Transcription(Transcript::from("My card is 4111 1111"));
    privacy.with_redacted_frame(&heard, |frame| {
        assert!(matches!(frame, Frame::Transcription(Transcript { text: "__REDACTED__", .. })));
    });
}

#[test]
fn an_error_is_shown_to_the_hook_and_its_type_only_if_it_is_no_word() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(|kind, _| format!("{kind:?}").into()));
    let failed = |error_type: &str| {
        let (message, error_type) = ("no card 4111".to_owned(), error_type.to_owned());
        let what = SpanEventKind::Exception { message: message.clone(), error_type: error_type.clone() };
        SpanRecord {
            status: Status::Error { message, error_type },
            events: vec![SpanEvent { at: Time::default(), kind: what }],
            ..turn()
        }
    };
    for (error_type, left) in [("CardError", "CardError"), ("no card 4111", "Error")] {
        let released = privacy.redact_record(failed(error_type));
        let (message, error_type) = ("Error".to_owned(), left.to_owned());
        assert_eq!(
            released.events[0].kind,
            SpanEventKind::Exception { message: message.clone(), error_type: error_type.clone() }
        );
        assert_eq!(released.status, Status::Error { message, error_type });
    }
}

#[test]
fn pieces_of_a_stream_are_not_logged_where_a_hook_could_not_see_the_whole() {
    let privacy = Privacy::new(TraceConfig::default().redact_with(|_, text| text.into()));
    for piece in [
        Frame::LlmText(TextChunk::new("41")),
        Frame::TtsText(TextChunk::new("41")),
        Frame::InterimTranscription(Transcript::from("41")),
    ] {
        privacy.with_redacted_frame(&piece, |frame| match frame {
            Frame::LlmText(chunk) | Frame::TtsText(chunk) => assert_eq!(chunk.text, "__REDACTED__"),
            Frame::InterimTranscription(heard) => assert_eq!(heard.text, "__REDACTED__"),
            other => panic!("{other:?}"),
        });
    }
    privacy.with_redacted_frame(&Frame::Transcription(Transcript::from("41")), |frame| {
        assert!(matches!(frame, Frame::Transcription(Transcript { text: "41", .. })));
    });
}

#[test]
fn what_is_logged_is_cut_and_stays_json() {
    let privacy = Privacy::new(TraceConfig::default().max_value_length(16));
    let arguments = RawJson(r#"{"card":"4111 1111 1111 1111"}"#);
    let call = FunctionCall { name: "pay", tool_call_id: "call_1", arguments: Some(&arguments) };
    privacy.with_redacted_frame(&Frame::FunctionCallInProgress(call), |frame| {
        let Frame::FunctionCallInProgress(call) = frame else { panic!("{frame:?}") };
        assert_eq!(call.arguments.map(Json::to_text).as_deref(), Some(r#""{\"car… [25 more]""#));
    });
}
