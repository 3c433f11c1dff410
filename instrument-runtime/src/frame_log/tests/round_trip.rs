//! Logs that are written and read again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use opentelemetry::KeyValue;
use serde_json::json;

use super::{Directory, LONG, flush, hop};
use crate::engine::conversation::{ConversationConfig, FrameSupport, Support};
use crate::engine::frame::{
    Audio, ChatContext, Chunking, Delivery, Frame, FrameId, FramePushed, FunctionCallResult, Json, Message,
    Metric, Processor, ProcessorRef, Role, ServiceView, Spacing, TextChunk, Transcript,
};
use crate::engine::record::SpanBuffer;
use crate::engine::time::Time;
use crate::frame_log::{ConversationLog, FrameLogReader, FrameLogWriter, HeaderInfo, LoggedEvent, replay};
use crate::json::JsonContext;

pub(super) const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/frames");

pub(super) fn events_of(path: &Path) -> Vec<LoggedEvent> {
    FrameLogReader::open(path).unwrap().map(|event| event.unwrap_or_else(|bad| panic!("{bad}"))).collect()
}

fn spans_of(path: &Path) -> SpanBuffer {
    let mut reader = FrameLogReader::open(path).unwrap();
    let mut spans = SpanBuffer::default();
    replay(&mut reader, ConversationConfig::default(), &mut spans);
    spans
}

/// Formats everything that an event holds.
fn describe(event: &LoggedEvent) -> String {
    let frame = event.frame();
    let hop = event.hop(&frame);
    let described = |processor: ProcessorRef<'_>| {
        let description = processor.view().map(ServiceView::to_processor).map(|mut processor| {
            // The first `StartFrame` determines the sink where the log has no such role.
            if processor.role == Role::Sink {
                processor.role = Role::Other;
            }
            processor
        });
        format!("{} {description:?}", processor.id())
    };
    let FramePushed { source, destination, direction, id, sibling, .. } = hop;
    let (source, destination) = (described(source), described(destination));
    let (class, at, payload) = (event.class(), event.at(), describe_payload(&frame));
    format!("{class} {at:?} {direction:?} {id:?} {sibling:?} {source} {destination} {payload}")
}

fn describe_payload(frame: &Frame<'_>) -> String {
    let text = |json: Option<&dyn Json>| json.map(Json::to_text);
    match *frame {
        Frame::Error(report) => format!("{report:?}"),
        Frame::VadUserStoppedSpeaking { stop_secs, transcript } => format!("{stop_secs:?} {transcript:?}"),
        Frame::Transcription(transcript) | Frame::InterimTranscription(transcript) => {
            format!("{transcript:?}")
        }
        Frame::LlmContext(context) => format!("{:?}", context.map(messages_and_tools)),
        Frame::LlmText(chunk) | Frame::AggregatedText(chunk) | Frame::TtsText(chunk) => format!("{chunk:?}"),
        Frame::TtsSpeak(text) => format!("{text:?}"),
        Frame::TtsStarted { context_id } | Frame::TtsStopped { context_id } => format!("{context_id:?}"),
        Frame::TtsAudio(audio) | Frame::OutputAudio(audio) | Frame::InputAudio(audio) => format!("{audio:?}"),
        Frame::Metrics(metrics) => {
            let mut all = Vec::new();
            metrics.for_each(&mut |metric: Metric<'_>| all.push(format!("{metric:?}")));
            all.join(" ")
        }
        Frame::FunctionCallsStarted(calls) => {
            let mut all = Vec::new();
            calls.for_each(&mut |call| {
                all.push(format!("{} {} {:?}", call.name, call.tool_call_id, text(call.arguments)));
            });
            all.join(" ")
        }
        Frame::FunctionCallInProgress(call) => {
            format!("{} {} {:?}", call.name, call.tool_call_id, text(call.arguments))
        }
        Frame::FunctionCallResult(result) => {
            let FunctionCallResult { name, tool_call_id, result, error, is_final } = result;
            format!("{name} {tool_call_id} {:?} {error:?} {is_final}", text(result))
        }
        Frame::FunctionCallCancel { tool_call_id } => tool_call_id.to_owned(),
        _ => String::new(),
    }
}

fn messages_and_tools(context: &dyn ChatContext) -> (Vec<Message>, Vec<String>) {
    let messages = (0..context.message_count()).map(|index| context.message(index)).collect();
    let tools = (0..context.tool_count()).map(|index| context.tool(index)).collect();
    (messages, tools)
}

#[test]
fn every_recording_survives_writing_and_reading() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("{conversation_id}.jsonl.gz")).unwrap();
    let mut recordings = 0;
    for entry in fs::read_dir(CORPUS).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().and_then(|stem| stem.to_str()).unwrap().to_owned();
        let recorded = events_of(&path);
        let log = logs.conversation(&HeaderInfo::new(&id, Time::from_unix_nanos(1)));
        for chunk in recorded.chunks(1_000) {
            for event in chunk {
                log.record(event.at(), &event.hop(&event.frame()));
            }
            // Keep the queue from filling up.
            flush(&logs);
        }
        log.finish();
        flush(&logs);

        let written = events_of(&directory.path(&format!("{id}.jsonl.gz")));
        assert_eq!(written.len(), recorded.len(), "{id}");
        for (number, (written, recorded)) in written.iter().zip(&recorded).enumerate() {
            assert_eq!(describe(written), describe(recorded), "{id}, event {number}");
        }
        assert_eq!(
            spans_of(&directory.path(&format!("{id}.jsonl.gz"))),
            spans_of(&path),
            "{id} replays differently"
        );
        recordings += 1;
    }
    assert!(recordings > 30, "only {recordings} recordings");
}

fn write_and_read(record: impl FnOnce(&ConversationLog)) -> Vec<String> {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("log.jsonl")).unwrap();
    let log = logs.conversation(&HeaderInfo::new("x", Time::from_unix_nanos(1)));
    record(&log);
    drop(log);
    logs.flush(LONG).unwrap();
    events_of(&directory.path("log-x.jsonl")).iter().map(describe).collect()
}

#[test]
fn extensions_survive_writing_and_reading() {
    let transcript = Transcript { text: "hé\n", user_id: Some("u"), language: None };
    let chunk = TextChunk {
        text: "\"quoted\"",
        spacing: Spacing::Between,
        chunking: Chunking::Overlapping,
        context_id: Some("reply"),
        delivery: Delivery::Silent,
    };
    let frames = [
        Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: Some(transcript) },
        Frame::LlmText(chunk),
        Frame::TtsStopped { context_id: Some("reply") },
        Frame::TtsSpeak(None),
        Frame::LlmContext(None),
        Frame::OutputAudio(Audio::pcm16(640, 16_000, 1)),
        Frame::Other { class: "MyFrame" },
    ];
    let read = write_and_read(|log| {
        for frame in &frames {
            log.record(Time::from_unix_nanos(9), &hop(frame, 7));
        }
    });
    for (read, frame) in read.iter().zip(&frames) {
        assert!(read.ends_with(&format!(" a None b None {}", describe_payload(frame))), "{read}");
    }
    assert_eq!(read.len(), frames.len());
}

#[test]
fn a_frame_without_an_id_gets_a_unique_one() {
    let read = write_and_read(|log| {
        for _ in 0..2 {
            log.record(Time::default(), &FramePushed { id: None, ..hop(&Frame::Start, 0) });
        }
    });
    assert_ne!(read[0], read[1]);
}

#[test]
fn a_processor_that_changes_is_described_again() {
    let read = write_and_read(|log| {
        for model in ["one", "one", "two"] {
            let llm = Processor::new("Llm#0", "Llm", Role::Llm).model(model);
            log.record(
                Time::default(),
                &FramePushed { source: (&llm).into(), ..hop(&Frame::LlmResponseStart, 1) },
            );
        }
    });
    assert_eq!(read.iter().map(|event| event.contains("\"two\"")).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn only_the_first_hop_of_a_context_holds_its_messages() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("log.jsonl")).unwrap();
    let log = logs.conversation(&HeaderInfo::new("x", Time::from_unix_nanos(1)));
    let messages = [json!({"role": "user", "content": "Hi there"})];
    let context = JsonContext { messages: &messages, tools: &[] };
    for _ in 0..3 {
        log.record(Time::default(), &hop(&Frame::LlmContext(Some(&context)), 5));
    }
    log.finish();
    flush(&logs);
    let path = directory.path("log-x.jsonl");
    assert_eq!(fs::read_to_string(&path).unwrap().matches("Hi there").count(), 1);
    assert!(events_of(&path).iter().all(|event| describe(event).contains("Hi there")));
}

#[test]
fn the_header_holds_the_settings_of_the_conversation() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("log.jsonl")).unwrap();
    let attributes = [KeyValue::new("seats", 12), KeyValue::new("tenant", "acme")];
    let frame_support = FrameSupport {
        user_speech: Support::Inferred,
        bot_speech: Support::Unreliable,
        spoken_text: Support::Inferred,
    };
    let log = logs.conversation(&HeaderInfo {
        attributes: &attributes,
        turn_end_timeout: Some(Duration::from_millis(400)),
        frame_support,
        ..HeaderInfo::new("a/b", Time::from_unix_nanos(77))
    });
    log.record(Time::default(), &hop(&Frame::Start, u64::MAX));
    log.finish();
    flush(&logs);

    let path = directory.0.join(&directory.names()[0]);
    let mut reader = FrameLogReader::open(path).unwrap();
    let header = reader.header().clone();
    assert_eq!(header.conversation_id.as_deref(), Some("a/b"));
    assert_eq!((header.begun, header.frame_support), (Time::from_unix_nanos(77), frame_support));
    assert_eq!(header.attributes, attributes);
    assert_eq!(header.turn_end_timeout, Some(Duration::from_millis(400)));
    let event = reader.next().unwrap().unwrap();
    assert_eq!(event.hop(&event.frame()).id, Some(FrameId(u64::MAX)));
    assert!(reader.next().is_none());
    assert_eq!(reader.footer().map(|footer| (footer.events, footer.dropped)), Some((1, 0)));
}
