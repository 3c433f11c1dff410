//! Good, bad and unknown lines.

use std::io::Write;

use super::{FrameLogReadError, FrameLogReader, LoggedEvent};
use crate::engine::conversation::Support;
use crate::engine::frame::{ChatContext, Frame, FrameKind, Role};

const HEADER: &str = r#"{"frame_log":1,"writer":"test","wall":1}"#;

fn log(lines: &[&str]) -> String {
    let mut log = HEADER.to_owned() + "\n";
    for line in lines {
        log += line;
        log.push('\n');
    }
    log
}

fn event(frame: &str, id: &str, payload: &str) -> String {
    format!(
        r#"{{"n":0,"wall":5,"dir":"down","src":"1","dst":"2","frame":"{frame}","id":{id},"payload":{payload}}}"#
    )
}

/// Returns the events of a log and the messages of its bad lines.
fn read(log: &[u8]) -> (Vec<LoggedEvent>, Vec<String>) {
    let (mut events, mut bad) = (Vec::new(), Vec::new());
    for item in FrameLogReader::new(log).unwrap() {
        match item {
            Ok(event) => events.push(event),
            Err(line) => bad.push(line.to_string()),
        }
    }
    (events, bad)
}

fn error(log: &str) -> FrameLogReadError {
    FrameLogReader::new(log.as_bytes()).err().expect("it is not a frame log")
}

#[test]
fn a_file_that_is_not_a_frame_log_is_refused_with_a_reason() {
    assert!(matches!(error(""), FrameLogReadError::Empty));
    assert!(matches!(error(r#"{"frame_log":2,"writer":"x","wall":1}"#), FrameLogReadError::Version(2)));
    for log in ["hello", "{}", r#"{"frame_log":1}"#, "[1]", r#"{"end":true,"events":0}"#] {
        let error = error(log);
        assert!(matches!(error, FrameLogReadError::NoHeader { .. }), "{log}: {error}");
        assert!(error.to_string().starts_with("not a frame log: "), "{error}");
    }
}

#[test]
fn bad_lines_are_reported_and_skipped() {
    let good = event("EndFrame", "7", "{}");
    let lines = [
        "oops",
        &good,
        r#"{"n":0,"wall":5}"#,
        "[1]",
        r#"{"processor":{"id":"1"}}"#,
        &event("TranscriptionFrame", "7", r#"{"text":5}"#),
        "",
        HEADER,
        r#"{"n":1,"#,
    ];
    let (events, bad) = read(log(&lines).as_bytes());
    assert_eq!(events.len(), 1);
    let expected = [
        "line 2: not JSON: expected value at column 1",
        "line 4: missing field `dir` at column 16",
        "line 5: ",
        "line 6: missing field `class` at column 23",
        "line 7: payload of TranscriptionFrame: invalid type: integer `5`, expected a string at column 9",
        "line 9: a second header: a file holds one conversation",
        "line 10: not JSON: EOF while parsing a value at column 7",
    ];
    assert_eq!(bad.len(), expected.len(), "{bad:#?}");
    for (bad, expected) in bad.iter().zip(expected) {
        assert!(bad.starts_with(expected), "{bad:?} is not {expected:?}");
    }
}

#[test]
fn invalid_utf8_is_a_bad_line() {
    let mut log = log(&[]).into_bytes();
    log.extend_from_slice(b"{\"n\":\"\xff\"}\n");
    assert_eq!(read(&log).1.len(), 1);
}

#[test]
fn unknown_lines_and_frames_are_skipped() {
    let unknown_frame = event("BotSpeakingFrame", "7", r#"{"x":[1]}"#);
    let (events, bad) = read(log(&[r#"{"note":"hi","id":"x"}"#, &unknown_frame]).as_bytes());
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(events.iter().map(LoggedEvent::class).collect::<Vec<_>>(), ["BotSpeakingFrame"]);
}

#[test]
fn nothing_is_read_after_the_footer() {
    let event = event("EndFrame", "7", "{}");
    let log = log(&[r#"{"end":true,"events":0,"dropped":2}"#, &event, &event]);
    let mut reader = FrameLogReader::new(log.as_bytes()).unwrap();
    let all: Vec<_> = reader.by_ref().collect();
    assert!(matches!(all[..], [Err(_)]));
    assert_eq!(reader.footer().map(|footer| footer.dropped), Some(2));
}

#[test]
fn a_processor_without_a_line_is_named_by_its_id() {
    let (events, _) = read(log(&[&event("EndFrame", "7", "{}")]).as_bytes());
    let frame = events[0].frame();
    let hop = events[0].hop(&frame);
    assert_eq!((hop.source.name(), hop.source.role()), ("1", Role::Unknown));
}

#[test]
fn the_sink_is_derived_from_the_first_source() {
    let processor = |id: &str, name: &str| {
        format!(r#"{{"processor":{{"id":"{id}","class":"C","name":"{name}","role":"other"}}}}"#)
    };
    let end = |destination: &str| event("EndFrame", "8", "{}").replace(r#""2""#, &format!("{destination:?}"));
    let lines = [
        processor("1", "Worker#0::Source"),
        processor("2", "Worker#0::Sink"),
        event("StartFrame", "7", "{}"),
        processor("3", "Inner#0::Sink"),
        end("2"),
        end("3"),
    ];
    let lines = lines.each_ref().map(String::as_str);
    let (events, bad) = read(log(&lines).as_bytes());
    assert!(bad.is_empty(), "{bad:?}");
    let roles: Vec<Role> = events
        .iter()
        .map(|event| {
            let frame = event.frame();
            event.hop(&frame).destination.role()
        })
        .collect();
    assert_eq!(roles, [Role::Sink, Role::Sink, Role::Other]);
}

#[test]
fn each_hop_of_a_context_shows_its_messages() {
    let first =
        event("LLMContextFrame", "7", r#"{"messages_count":1,"messages":[{"role":"user","content":"Hi"}]}"#);
    let later = event("LLMContextFrame", "7", r#"{"messages_count":1}"#);
    let another = event("LLMContextFrame", "8", r#"{"messages_count":1}"#);
    let (events, _) = read(log(&[&first, &later, &another]).as_bytes());
    let counts: Vec<Option<usize>> = events
        .iter()
        .map(|event| match event.frame() {
            Frame::LlmContext(context) => context.map(ChatContext::message_count),
            other => panic!("{other:?} is not a context"),
        })
        .collect();
    assert_eq!(counts, [Some(1), Some(1), None]);
}

#[test]
fn an_error_may_be_fatal_by_its_class() {
    let (events, _) = read(log(&[&event("FatalErrorFrame", "7", r#"{"error":"x"}"#)]).as_bytes());
    assert!(matches!(events[0].frame(), Frame::Error(report) if report.fatal && report.message == "x"));
}

#[test]
fn the_header_may_contain_the_frame_support() {
    let log = r#"{"frame_log":1,"writer":"w","wall":1,"signals":{"bot_speech":"unreliable","x":"y"}}"#;
    let frame_support = FrameLogReader::new(log.as_bytes()).unwrap().header().frame_support;
    assert_eq!((frame_support.bot_speech, frame_support.user_speech), (Support::Unreliable, Support::Native));
}

#[test]
fn a_compressed_log_is_read_even_if_it_breaks_off() {
    let event = event("EndFrame", "7", "{}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(log(&[&event, &event]).as_bytes()).unwrap();
    gzip.flush().unwrap();
    let broken_off = gzip.get_ref().clone();
    let whole = gzip.finish().unwrap();
    for log in [whole, broken_off] {
        let (events, bad) = read(&log);
        assert_eq!((events.len(), bad.len()), (2, 0), "{bad:?}");
    }
}

#[test]
fn a_frame_of_an_own_class_is_read_as_its_base() {
    let event = |frame: &str, base: &str| {
        let log = format!(
            "{{\"frame_log\":1,\"writer\":\"me\",\"wall\":0}}\n\
             {{\"n\":0,\"wall\":5,\"dir\":\"down\",\"src\":\"1\",\"dst\":\"2\",\"frame\":\"{frame}\",{base}\"id\":9,\
             \"payload\":{{\"text\":\"Hello.\",\"error\":\"dead\"}}}}\n"
        );
        let mut reader = FrameLogReader::new(std::io::Cursor::new(log)).unwrap();
        let event = reader.next().unwrap().unwrap();
        (event.class().to_owned(), event.frame().kind())
    };
    let own = |kind| ("MyFrame".to_owned(), kind);
    assert_eq!(event("MyFrame", "\"base\":\"TranscriptionFrame\","), own(FrameKind::Transcription));
    assert_eq!(event("MyFrame", "\"base\":\"VisionTextFrame\","), own(FrameKind::LlmText));
    assert_eq!(event("MyFrame", "\"base\":\"FatalErrorFrame\","), own(FrameKind::Error));
    assert_eq!(event("MyFrame", "\"base\":\"DataFrame\","), own(FrameKind::Other));
    assert_eq!(event("MyFrame", ""), own(FrameKind::Other));
    let backchannel = ("BotBackchannelFrame".to_owned(), FrameKind::TtsSpeak);
    assert_eq!(event("BotBackchannelFrame", ""), backchannel);
}
