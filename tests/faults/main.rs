//! Aborted calls, killed processes, deleted logs: spans and logs stay complete.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod limits;
mod panics;
#[path = "../support/mod.rs"]
mod support;

use std::collections::HashSet;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk};
use pipecat_instrument::{ObserveOptions, ObservedTask, Observer, PipecatInstrumentor, instrument_task};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::record::{EndReason, SpanBuffer, SpanDetails};
use pipecat_instrument_runtime::frame_log::{FrameLogReader, replay};
use support::test_directory::TestDirectory;
use support::{Traced, attribute, provider, push, yield_once};

#[derive(Default)]
struct Task(Option<Observer>);

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.0 = Some(observer);
    }
}

#[instrument_task]
impl Task {
    fn new() -> Self {
        Self::default()
    }
}

/// Returns the frames of a turn with a question and an answer, and the processors that push them.
fn turn_frames() -> Vec<(Processor, Frame<'static>)> {
    let processor = |name: &str, role| Processor::new(name, name, role);
    let input = processor("Input", Role::InputTransport);
    let (stt, llm, tts) =
        (processor("Stt", Role::Stt), processor("Llm", Role::Llm), processor("Tts", Role::Tts));
    let output = processor("Output", Role::OutputTransport);
    let mut frames = vec![
        (input.clone(), Frame::Start),
        (input.clone(), Frame::VadUserStartedSpeaking),
        (input.clone(), Frame::UserStartedSpeaking),
        (input.clone(), Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None }),
        (input, Frame::UserStoppedSpeaking),
        (stt, Frame::Transcription("What is the weather?".into())),
        (llm.clone(), Frame::LlmResponseStart),
    ];
    frames.extend(["It", " is", " sunny."].map(|piece| (llm.clone(), Frame::LlmText(TextChunk::new(piece)))));
    frames.extend([
        (llm, Frame::LlmResponseEnd),
        (tts.clone(), Frame::TtsStarted { context_id: None }),
        (tts.clone(), Frame::TtsText(TextChunk::new("It is sunny."))),
        (tts, Frame::TtsStopped { context_id: None }),
        (output.clone(), Frame::BotStartedSpeaking),
        (output, Frame::BotStoppedSpeaking),
    ]);
    frames
}

async fn call() {
    let task = Task::new();
    for (id, (source, frame)) in (1..).zip(turn_frames()) {
        push(task.0.as_ref().unwrap(), &source, id, &frame);
        yield_once().await;
    }
}

/// Asserts that every span is complete and exported once. Returns the end reason of the turn, if there is one.
fn assert_complete(spans: &[SpanData]) -> Option<String> {
    let ids: HashSet<_> = spans.iter().map(|span| span.span_context.span_id()).collect();
    assert_eq!(ids.len(), spans.len(), "each is exported once");
    for span in spans {
        assert_ne!(span.status, Status::Unset, "{}", span.name);
        assert!(span.end_time >= span.start_time, "{}", span.name);
    }
    let mut turns = spans.iter().filter(|span| span.name == "pipecat.conversation.turn");
    let reason = turns.next().map(|turn| attribute(turn, "conversation.end_reason").unwrap());
    assert!(turns.next().is_none(), "one turn");
    assert!(spans.is_empty() || reason.is_some(), "no span without its turn");
    reason
}

#[test]
fn a_call_aborted_at_any_await_leaves_no_open_span() {
    let awaits = turn_frames().len();
    let mut reasons = Vec::new();
    for polls in 0..=awaits + 1 {
        let traced = Traced::new();
        let mut dropped = Box::pin(call());
        for _ in 0..polls {
            let _ = dropped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        drop(dropped);
        reasons.extend(assert_complete(&traced.spans()));
    }
    let polls_before_first_text = 6;
    assert_eq!(
        reasons,
        vec!["cancelled"; awaits + 2 - polls_before_first_text],
        "before, the turn had no content"
    );
}

#[test]
fn the_log_of_a_killed_process_replays() {
    const LOG: &str = "PIPECAT_INSTRUMENT_TEST_KILLED_LOG";

    if let Some(path) = std::env::var_os(LOG) {
        talk_until_killed(Path::new(&path));
    }
    for extension in ["jsonl", "jsonl.gz"] {
        let directory = TestDirectory::new();
        let log = directory.0.join(format!("call-1.{extension}"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_log_of_a_killed_process_replays"])
            .env(LOG, directory.0.join(format!("{{conversation_id}}.{extension}")))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let written = || FrameLogReader::open(&log).map_or(0, |reader| reader.filter_map(Result::ok).count());
        wait_until(|| written() > 100);
        child.kill().unwrap();
        child.wait().unwrap();

        let mut reader = FrameLogReader::open(&log).unwrap();
        let mut spans = SpanBuffer::default();
        let report = replay(&mut reader, ConversationConfig::default(), &mut spans);
        assert!(report.broken_off);
        assert!(report.bad_lines.len() <= 1, "{:?}", report.bad_lines);
        let turn = spans.ended.last().unwrap();
        let SpanDetails::Turn(turn) = &turn.details else { panic!("{turn:?}") };
        assert_eq!(turn.input.as_deref(), Some("What is the weather?"));
        assert_eq!(turn.end_reason, EndReason::Cancelled);
        assert!(turn.output.as_deref().unwrap().starts_with("It is sunny."), "{turn:?}");
    }
}

/// Pushes LLM text until the process is killed.
fn talk_until_killed(log: &Path) -> ! {
    let _traced = Traced::with(PipecatInstrumentor::builder().debug_log(log));
    let observer = &PipecatInstrumentor::observe(ObserveOptions::new().conversation_id("call-1")).unwrap();
    let frames = turn_frames();
    let llm = Processor::new("Llm", "Llm", Role::Llm);
    let before_response_end = frames.iter().take_while(|(_, frame)| !matches!(frame, Frame::LlmResponseEnd));
    for (id, (source, frame)) in (1..).zip(before_response_end) {
        push(observer, source, id, frame);
    }
    for id in 100.. {
        push(observer, &llm, id, &Frame::LlmText(TextChunk::new(" Really.")));
        thread::sleep(Duration::from_millis(1));
    }
    unreachable!("ids do not run out")
}

#[test]
fn deleting_a_log_during_a_call_leaves_the_spans_complete() {
    let directory = TestDirectory::new();
    let log = directory.0.join("frames.jsonl");
    let traced = Traced::with(PipecatInstrumentor::builder().debug_log(&log));
    let task = Task::new();
    for (id, (source, frame)) in (1..).zip(turn_frames()) {
        push(task.0.as_ref().unwrap(), &source, id, &frame);
        if id == 5 {
            PipecatInstrumentor::flush_frame_logs(Duration::from_secs(10)).unwrap();
            fs::remove_dir_all(&directory.0).unwrap();
        }
    }
    drop(task);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(10)).unwrap();
    assert_eq!(assert_complete(&traced.spans()).as_deref(), Some("cancelled"));
    assert_eq!(traced.spans().len(), 4);
}

/// Every observed task has one turn, and every turn has an observed task.
#[test]
fn switching_while_tasks_are_built_loses_no_turn() {
    const THREADS: usize = 4;
    const SWITCHES: usize = 200;

    let spans = InMemorySpanExporter::default();
    let provider = provider(&spans);
    let (observed, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let builds_tasks = || {
        while !over.load(Ordering::Relaxed) {
            let task = Task::new();
            if let Some(observer) = &task.0 {
                (1..)
                    .zip(turn_frames())
                    .for_each(|(id, (source, frame))| push(observer, &source, id, &frame));
                observed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        (0..THREADS).for_each(|_| drop(scope.spawn(builds_tasks)));
        let mut switched = 0;
        // At least one task must be built while instrumentation is on.
        while switched < SWITCHES || observed.load(Ordering::Relaxed) == 0 {
            PipecatInstrumentor::instrument(provider.clone()).unwrap();
            thread::yield_now();
            PipecatInstrumentor::uninstrument();
            switched += 1;
        }
        over.store(true, Ordering::Relaxed);
    });
    let observed = observed.into_inner();
    let spans = spans.get_finished_spans().unwrap();
    let turns = spans.iter().filter(|span| span.name == "pipecat.conversation.turn").count();
    assert_eq!(turns, observed);
    assert_eq!(spans.len(), observed * 4, "turn, STT, LLM, TTS");
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < limit, "timed out after 60 s");
        thread::sleep(Duration::from_millis(10));
    }
}
