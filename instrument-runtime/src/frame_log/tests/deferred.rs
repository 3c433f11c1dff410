//! Contents that the writer thread redacts and encodes, and their limits.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::thread;

use super::round_trip::events_of;
use super::{Directory, flush, hop};
use crate::engine::content::MAX_CONTEXT_LENGTH;
use crate::engine::conversation::{CloseReason, Conversation, ConversationConfig};
use crate::engine::frame::{
    ChatContext, ErrorReport, Frame, FramePushed, FunctionCall, FunctionCallResult, Message, MessageContent,
    Processor, Role, TextChunk,
};
use crate::engine::record::SpanBuffer;
use crate::engine::time::Time;
use crate::engine::truncate::MAX_TEXT_LENGTH;
use crate::frame_log::file_writer::FILE_SYSTEM;
use crate::frame_log::line_buffer::LogLimits;
use crate::frame_log::log_path::PathTemplate;
use crate::frame_log::{FrameLogReader, FrameLogWriter, HeaderInfo, replay};
use crate::json::RawJson;
use crate::privacy::{ContentKind, Privacy, TraceConfig};

#[test]
fn a_hook_runs_in_the_writer_thread_once_per_text() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let called = Arc::clone(&calls);
    let privacy = Privacy::new(TraceConfig::default().redact_with(move |kind, text| {
        let thread = thread::current().name().unwrap_or_default().to_owned();
        called.lock().unwrap().push((thread, kind, text.to_owned()));
        "hidden".into()
    }));
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("log.jsonl")).unwrap();
    let log = logs.conversation(&HeaderInfo::new("x", Time::default())).privacy(privacy);
    let mut llm = Processor::new("Llm", "Llm", Role::Llm);
    llm.system_instruction = Some("Be brief.".into());
    let messages = vec![Message::text("user", "A question")];
    let frames = [
        Frame::Transcription("A transcript".into()),
        Frame::LlmContext(Some(&messages)),
        Frame::LlmText(TextChunk::new("A chunk")),
        Frame::AggregatedText(TextChunk::new("A sentence")),
        Frame::FunctionCallInProgress(FunctionCall {
            name: "look_up",
            tool_call_id: "c1",
            arguments: Some(&RawJson("1")),
        }),
        Frame::FunctionCallResult(FunctionCallResult {
            name: "look_up",
            tool_call_id: "c1",
            result: Some(&RawJson("2")),
            error: None,
            is_final: true,
        }),
        Frame::Error(ErrorReport { message: "An error", ..ErrorReport::default() }),
    ];
    for _hop in 0..2 {
        for (id, frame) in (0..).zip(&frames) {
            log.record(Time::default(), &FramePushed { source: (&llm).into(), ..hop(frame, id) });
        }
    }
    flush(&logs);
    let mut called = calls.lock().unwrap().clone();
    assert!(called.iter().all(|(thread, ..)| thread == "pipecat-frame-log"), "{called:?}");
    called.dedup();
    let of_second_hop: Vec<_> = called.split_off(7).into_iter().map(|(_, kind, text)| (kind, text)).collect();
    let texts: Vec<_> = called.iter().map(|(_, kind, text)| (*kind, &**text)).collect();
    let expected = [
        (ContentKind::Instruction, "Be brief."),
        (ContentKind::UserText, "A transcript"),
        (ContentKind::UserText, "A question"),
        (ContentKind::BotText, "A sentence"),
        (ContentKind::ToolArguments, "1"),
        (ContentKind::ToolResult, "2"),
        (ContentKind::Error, "An error"),
    ];
    assert_eq!(texts, expected, "a chunk of a stream is redacted without the hook");
    assert_eq!(
        of_second_hop.len(),
        5,
        "every hop has its texts, but not the messages of its context: {of_second_hop:?}"
    );
    let log = std::fs::read_to_string(directory.path("log-x.jsonl")).unwrap();
    assert_eq!(log.matches("hidden").count(), 12);
    for (_, text) in expected.iter().filter(|(_, text)| text.len() > 1) {
        assert!(!log.contains(text), "{text}");
    }
}

fn long_history() -> Vec<Message> {
    let text = |letter: char| letter.to_string().repeat(MAX_CONTEXT_LENGTH / 8);
    let messages = "abcdefghijkl".chars().map(|letter| Message::text("user", text(letter)));
    [Message::text("system", "Be brief.")].into_iter().chain(messages).collect()
}

#[test]
fn a_context_beyond_the_limit_replays_as_it_was_live() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("log.jsonl")).unwrap();
    let log = logs.conversation(&HeaderInfo::new("x", Time::default()));
    let mut live = SpanBuffer::default();
    let mut conversation = Conversation::new(ConversationConfig::default());
    let (llm, context) = (Processor::new("Llm", "Llm", Role::Llm), long_history());
    let frames = [Frame::LlmContext(Some(&context)), Frame::LlmResponseStart, Frame::LlmResponseEnd];
    for (id, frame) in (0..).zip(&frames) {
        let (at, hop) = (Time::from_unix_nanos(id), hop(frame, id));
        let hop = FramePushed { source: (&llm).into(), destination: (&llm).into(), ..hop };
        log.record(at, &hop);
        conversation.handle_input(at, &hop, &mut live);
    }
    conversation.close(Time::from_unix_nanos(2), CloseReason::Dropped, &mut live);
    log.finish();
    flush(&logs);

    let mut replayed = SpanBuffer::default();
    let mut reader = FrameLogReader::open(directory.path("log-x.jsonl")).unwrap();
    replay(&mut reader, ConversationConfig::default(), &mut replayed);
    assert_eq!(live.ended.len(), 2);
    assert!(live.ended == replayed.ended, "the texts differ");
}

#[test]
fn a_context_beyond_the_limit_keeps_the_role_of_each_message() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("log.jsonl")).unwrap();
    let log = logs.conversation(&HeaderInfo::new("x", Time::default()));
    let context = long_history();
    log.record(Time::default(), &hop(&Frame::LlmContext(Some(&context)), 1));
    log.finish();
    flush(&logs);
    let events = events_of(&directory.path("log-x.jsonl"));
    let Frame::LlmContext(Some(read)) = events[0].frame() else { panic!("no context") };
    let lengths = (0..read.message_count()).map(|index| {
        let message = read.message(index);
        (read.role(index).to_owned(), message.content.as_text().unwrap_or_default().len())
    });
    let lengths: Vec<_> = lengths.collect();
    let whole = MAX_CONTEXT_LENGTH / 8;
    assert_eq!(lengths.len(), 13);
    assert_eq!(lengths[0], ("system".to_owned(), "Be brief.".len()));
    assert!(lengths[1..].iter().all(|(role, _)| role == "user"));
    assert!(lengths[6..].iter().all(|(_, length)| *length == whole), "the newest seven: {lengths:?}");
    assert_eq!(read.message(4).content, MessageContent::Text("… [more]".into()));
}

#[test]
fn a_long_text_is_truncated_in_the_log() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("log.jsonl")).unwrap();
    let log = logs.conversation(&HeaderInfo::new("x", Time::default()));
    let text = "a".repeat(3 * MAX_TEXT_LENGTH);
    let json = format!("[\"{text}\"]");
    let arguments = RawJson(&json);
    let call = FunctionCall { name: "f", tool_call_id: "c1", arguments: Some(&arguments) };
    let report = ErrorReport { message: &text, exception: Some(&text), ..ErrorReport::default() };
    let frames = [
        (Frame::LlmText(TextChunk::new(&text)), 1),
        (Frame::Transcription((&*text).into()), 1),
        (Frame::TtsSpeak(Some(&text)), 1),
        (Frame::FunctionCallInProgress(call), 1),
        (Frame::Error(report), 2),
    ];
    for (frame, _) in &frames {
        log.record(Time::default(), &hop(frame, 1));
    }
    log.finish();
    flush(&logs);
    let log = std::fs::read_to_string(directory.path("log-x.jsonl")).unwrap();
    for ((frame, texts), line) in frames.iter().zip(log.lines().skip(1)) {
        assert!(line.len() < texts * MAX_TEXT_LENGTH + 1_000, "{frame:?}: {}", line.len());
        assert_eq!(line.matches(" more]").count(), *texts, "{frame:?}");
    }
}

/// A context that counts how often it is read.
#[derive(Default)]
struct Counted(Cell<u32>);

impl ChatContext for Counted {
    fn message_count(&self) -> usize {
        self.0.set(self.0.get() + 1);
        1
    }

    fn role(&self, _: usize) -> &'static str {
        "user"
    }

    fn message(&self, _: usize) -> Message {
        Message::text("user", "Hi.")
    }

    fn tool_count(&self) -> usize {
        0
    }

    fn tool(&self, _: usize) -> String {
        String::new()
    }
}

#[test]
fn an_event_that_is_lost_is_not_read() {
    let directory = Directory::new();
    let template = PathTemplate::parse(&directory.path("log.jsonl")).unwrap();
    let limits = LogLimits { queued_bytes: 0, ..LogLimits::default() };
    let logs = FrameLogWriter::with(template, None, limits, FILE_SYSTEM);
    let log = logs.conversation(&HeaderInfo::new("x", Time::default()));
    let context = Counted::default();
    log.record(Time::default(), &hop(&Frame::LlmContext(Some(&context)), 1));
    log.finish();
    flush(&logs);
    assert_eq!(context.0.get(), 0);
    let mut reader = FrameLogReader::open(directory.path("log-x.jsonl")).unwrap();
    assert_eq!(reader.by_ref().count(), 0);
    assert_eq!(reader.footer().map(|footer| footer.dropped), Some(1));
}

#[test]
fn the_copy_of_a_context_counts_against_the_queue() {
    let directory = Directory::new();
    let template = PathTemplate::parse(&directory.path("log.jsonl.gz")).unwrap();
    let limits = LogLimits { queued_bytes: 2 << 20, ..LogLimits::default() };
    let logs = FrameLogWriter::with(template, None, limits, FILE_SYSTEM);
    let log = logs.conversation(&HeaderInfo::new("x", Time::default()));
    let context = vec![Message::text("user", "a".repeat(1 << 20))];
    // A compressed log is written once a second, or if half of the queue is used.
    let lost = crate::frame_log::lost_events();
    for id in 0..100 {
        log.record(Time::default(), &hop(&Frame::LlmContext(Some(&context)), id));
    }
    assert!(crate::frame_log::lost_events() > lost, "100 MB do not fit into 2 MiB");
    flush(&logs);
    log.record(Time::default(), &hop(&Frame::Start, 100));
    log.finish();
    flush(&logs);
    let events = events_of(&directory.path("log-x.jsonl.gz"));
    assert_eq!(events.last().map(|event| event.class().to_owned()).as_deref(), Some("StartFrame"));
}
