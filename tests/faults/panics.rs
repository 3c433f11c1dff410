//! Code of the program that panics where it is asked about a frame: the call goes on, and so does what can be told of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pipecat_instrument::frame::{Frame, FrameKind, FunctionCall, Json, ObservedFrame, Processor, Role};
use pipecat_instrument::{ContentKind, ObserveOptions, PipecatInstrumentor, TraceConfig};
use pipecat_instrument_runtime::frame_log::FrameLogReader;

use crate::support::{Traced, attribute, push};
use crate::{Scratch, a_turn, assert_whole};

const CALL: &str = "call-1";

/// A whole call with its frame log, in which `in_the_middle` happens after the user has spoken.
fn call(config: TraceConfig, log: &Path, in_the_middle: impl Fn(&dyn Fn(&dyn ObservedFrame))) -> Traced {
    let traced = Traced::with(PipecatInstrumentor::builder().trace_config(config).debug_log(log));
    let observer = PipecatInstrumentor::observe(ObserveOptions::new().conversation_id(CALL)).unwrap();
    let llm = Processor::new("Llm", "Llm", Role::Llm);
    for (id, (source, frame)) in (1..).zip(a_turn()) {
        push(&observer, &source, id, &frame);
        if matches!(frame, Frame::Transcription(_)) {
            in_the_middle(&|frame| push(&observer, &llm, 100, frame));
        }
    }
    drop(observer);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60)).unwrap();
    traced
}

/// The classes of the frames that the log holds, every line of which is whole, and its last one there.
fn classes(log: PathBuf) -> Vec<String> {
    let mut reader = FrameLogReader::open(log).unwrap();
    let classes = reader.by_ref().map(|event| event.unwrap().class().to_owned()).collect();
    assert!(reader.footer().is_some());
    classes
}

#[test]
fn a_redaction_hook_that_panics_costs_the_texts_that_it_panics_at() {
    let directory = Scratch::new("panicking-hook");
    let hook = TraceConfig::default().redact_with(|kind, text| {
        assert!(kind != ContentKind::UserText, "this hook cannot read");
        text.into()
    });
    let traced = call(hook, &directory.0.join("{conversation_id}.jsonl"), |_| {});
    let spans = traced.spans();
    assert_eq!(spans.len(), 4, "turn, STT, LLM, TTS");
    assert_whole(&spans);
    let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert_eq!(attribute(turn, "input.value").as_deref(), Some("__REDACTED__"));
    assert_eq!(attribute(turn, "output.value").as_deref(), Some("It is sunny."));
    let log = directory.0.join("call-1.jsonl");
    assert!(!std::fs::read_to_string(&log).unwrap().contains("weather"));
    assert_eq!(classes(log).len(), a_turn().len());
}

/// A frame that says one thing and shows another.
struct Unseen;

impl ObservedFrame for Unseen {
    fn kind(&self) -> FrameKind {
        FrameKind::LlmText
    }

    fn view(&self) -> Frame<'_> {
        panic!("no view today")
    }
}

/// JSON that fails in the middle of the line that it is written into.
struct Unwritten;

impl Json for Unwritten {
    fn to_text(&self) -> String {
        panic!("no text today")
    }

    fn error_text(&self) -> Option<String> {
        None
    }
}

#[test]
fn a_frame_that_panics_when_it_is_looked_at_ends_the_tracing_of_its_call_alone() {
    let calls_a_tool = FunctionCall { name: "look", tool_call_id: "c1", arguments: Some(&Unwritten) };
    let broken: [&dyn ObservedFrame; 2] = [&Unseen, &Frame::FunctionCallInProgress(calls_a_tool)];
    for (number, frame) in broken.into_iter().enumerate() {
        let directory = Scratch::new(&format!("panicking-frame-{number}"));
        let log = directory.0.join("{conversation_id}.jsonl");
        let traced = call(TraceConfig::default(), &log, |pushes| pushes(frame));
        let spans = traced.spans();
        assert_eq!(assert_whole(&spans).as_deref(), Some("cancelled"), "{number}");
        assert_eq!(spans.len(), 2, "what was open then: turn, STT");
        let classes = classes(directory.0.join("call-1.jsonl"));
        assert!(classes.contains(&"TranscriptionFrame".to_owned()), "{number}: {classes:?}");
    }
}
