//! Panics in the application's hooks and frames: the call goes on, and everything else is still traced.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pipecat_instrument::frame::{Frame, FrameKind, FunctionCall, Json, ObservedFrame, Processor, Role};
use pipecat_instrument::{ContentKind, ObserveOptions, PipecatInstrumentor, TraceConfig};
use pipecat_instrument_runtime::frame_log::FrameLogReader;

use crate::support::test_directory::TestDirectory;
use crate::support::{Traced, attribute, push};
use crate::{assert_complete, turn_frames};

const CALL: &str = "call-1";

/// Runs a call with a frame log, and `in_the_middle` after the user has spoken.
fn run_call(config: TraceConfig, log: &Path, in_the_middle: impl Fn(&dyn Fn(&dyn ObservedFrame))) -> Traced {
    let traced = Traced::with(PipecatInstrumentor::builder().trace_config(config).debug_log(log));
    let observer = PipecatInstrumentor::observe(ObserveOptions::new().conversation_id(CALL)).unwrap();
    let llm = Processor::new("Llm", "Llm", Role::Llm);
    for (id, (source, frame)) in (1..).zip(turn_frames()) {
        push(&observer, &source, id, &frame);
        if matches!(frame, Frame::Transcription(_)) {
            in_the_middle(&|frame| push(&observer, &llm, 100, frame));
        }
    }
    drop(observer);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60)).unwrap();
    traced
}

/// Returns the classes of the logged frames. Every line and the footer must be readable.
fn classes(log: PathBuf) -> Vec<String> {
    let mut reader = FrameLogReader::open(log).unwrap();
    let classes = reader.by_ref().map(|event| event.unwrap().class().to_owned()).collect();
    assert!(reader.footer().is_some());
    classes
}

#[test]
fn a_panicking_redaction_hook_redacts_the_text() {
    let directory = TestDirectory::new();
    let hook = TraceConfig::default().redact_with(|kind, text| {
        assert!(kind != ContentKind::UserText, "the hook panics");
        text.into()
    });
    let traced = run_call(hook, &directory.0.join("{conversation_id}.jsonl"), |_| {});
    let spans = traced.spans();
    assert_eq!(spans.len(), 4, "turn, STT, LLM, TTS");
    assert_complete(&spans);
    let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert_eq!(attribute(turn, "input.value").as_deref(), Some("__REDACTED__"));
    assert_eq!(attribute(turn, "output.value").as_deref(), Some("It is sunny."));
    let log = directory.0.join("call-1.jsonl");
    assert!(!std::fs::read_to_string(&log).unwrap().contains("weather"));
    assert_eq!(classes(log).len(), turn_frames().len());
}

/// A frame whose view panics.
struct PanickingView;

impl ObservedFrame for PanickingView {
    fn kind(&self) -> FrameKind {
        FrameKind::LlmText
    }

    fn view(&self) -> Frame<'_> {
        panic!("the view panics")
    }
}

/// JSON that panics while a log line is written.
struct PanickingJson;

impl Json for PanickingJson {
    fn to_text(&self) -> String {
        panic!("the text panics")
    }

    fn error_text(&self) -> Option<String> {
        None
    }
}

#[test]
fn a_panicking_frame_ends_the_tracing_of_its_call_only() {
    let call = FunctionCall { name: "look", tool_call_id: "c1", arguments: Some(&PanickingJson) };
    let broken: [&dyn ObservedFrame; 2] = [&PanickingView, &Frame::FunctionCallInProgress(call)];
    for (number, frame) in broken.into_iter().enumerate() {
        let directory = TestDirectory::new();
        let log = directory.0.join("{conversation_id}.jsonl");
        let traced = run_call(TraceConfig::default(), &log, |pushes| pushes(frame));
        let spans = traced.spans();
        assert_eq!(assert_complete(&spans).as_deref(), Some("cancelled"), "{number}");
        assert_eq!(spans.len(), 2, "open at that time: turn, STT");
        let classes = classes(directory.0.join("call-1.jsonl"));
        assert!(classes.contains(&"TranscriptionFrame".to_owned()), "{number}: {classes:?}");
    }
}
