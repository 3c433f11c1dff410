//! Frames and processors of the program that use their own conversation while they are read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use opentelemetry_sdk::trace::SpanData;

use super::{Traced, attribute, llm, push};
use crate::engine::frame::{
    ChatContext, Direction, Frame, FrameId, FramePushed, FunctionCall, FunctionCallList, FunctionCallResult,
    Json, Measurement, Message, Metric, MetricList, ObservedService, Processor, ProcessorRef, Role,
    ServiceView,
};
use crate::frame_log::{FrameLogReader, FrameLogWriter};
use crate::observer::Observer;

/// A part of a frame, and a processor, that notes each reading of itself in its conversation, and pushes a frame.
#[derive(Default)]
struct Reentrant(OnceLock<Observer>);

impl Reentrant {
    fn reenter(&self) {
        if let Some(observer) = self.0.get() {
            observer.tracing_context().note("read", 1);
            push(
                observer,
                &Processor::new("Input", "Input", Role::InputTransport),
                7,
                &Frame::UserStartedSpeaking,
            );
        }
    }
}

impl ChatContext for Reentrant {
    fn message_count(&self) -> usize {
        self.reenter();
        1
    }

    fn role(&self, _: usize) -> &'static str {
        self.reenter();
        "user"
    }

    fn message(&self, _: usize) -> Message {
        self.reenter();
        Message::text("user", "Hi.")
    }

    fn tool_count(&self) -> usize {
        self.reenter();
        1
    }

    fn tool(&self, _: usize) -> String {
        self.reenter();
        "{}".to_owned()
    }
}

impl Json for Reentrant {
    fn to_text(&self) -> String {
        self.reenter();
        r#"{"city":"Paris"}"#.to_owned()
    }

    fn error_text(&self) -> Option<String> {
        self.reenter();
        None
    }
}

impl FunctionCallList for Reentrant {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.reenter();
        visit(FunctionCall { name: "look_up", tool_call_id: "c1", arguments: Some(self) });
    }
}

impl MetricList for Reentrant {
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>)) {
        self.reenter();
        visit(Metric { processor: "Llm", model: None, value: Measurement::TimeToFirstByte(0.25) });
    }
}

impl ObservedService for Reentrant {
    fn view(&self) -> ServiceView<'_> {
        self.reenter();
        ServiceView { model: Some("gpt-4o"), ..ServiceView::new("Llm", "OpenAILLMService", Role::Llm) }
    }
}

/// Pushes `frame` from and to `service`.
fn push_between(observer: &Observer, service: &Reentrant, id: u64, frame: &Frame<'_>) {
    observer.on_push_frame(&FramePushed {
        source: ProcessorRef::from(service),
        destination: ProcessorRef::from(service),
        direction: Direction::Downstream,
        id: Some(FrameId(id)),
        sibling: None,
        frame,
    });
}

/// Runs `call` in a thread, and returns its spans. Fails if the pipeline hangs.
fn spans_of(call: impl FnOnce(&Traced) + Send + 'static, traced: Traced) -> Vec<SpanData> {
    let (done, is_done) = channel();
    thread::spawn(move || {
        call(&traced);
        let _ = done.send(traced.finished());
    });
    is_done.recv_timeout(Duration::from_secs(20)).expect("the pipeline hangs")
}

/// Pushes a frame with each part of a frame that may be code of the program.
fn push_reentrant_frames(traced: &Traced) {
    let observer = traced.observe();
    let part = Reentrant::default();
    let _ = part.0.set(observer.clone());
    let call = FunctionCall { name: "look_up", tool_call_id: "c1", arguments: Some(&part) };
    let result = FunctionCallResult {
        name: "look_up",
        tool_call_id: "c1",
        result: Some(&part),
        error: None,
        is_final: true,
    };
    let frames = [
        Frame::Start,
        Frame::LlmContext(Some(&part)),
        Frame::LlmResponseStart,
        Frame::FunctionCallsStarted(&part),
        Frame::FunctionCallInProgress(call),
        Frame::FunctionCallResult(result),
        Frame::Metrics(&part),
        Frame::LlmResponseEnd,
    ];
    for (id, frame) in (10..).zip(&frames) {
        push_between(&observer, &part, id, frame);
    }
    observer.close();
}

fn assert_spans_of_reentrant_frames(spans: &[SpanData]) {
    let llm = spans.iter().find(|span| span.name == "pipecat.llm").unwrap();
    assert_eq!(attribute(llm, "input.value").as_deref(), Some("Hi."));
    assert_eq!(attribute(llm, "llm.model_name").as_deref(), Some("gpt-4o"));
    assert_eq!(attribute(llm, "service.ttfb_seconds").as_deref(), Some("0.25"));
    let tool = spans.iter().find(|span| span.name == "pipecat.tool.look_up").unwrap();
    assert_eq!(attribute(tool, "output.value").as_deref(), Some(r#"{"city":"Paris"}"#));
}

#[test]
fn code_of_the_program_may_use_its_own_conversation() {
    assert_spans_of_reentrant_frames(&spans_of(push_reentrant_frames, Traced::new()));
}

#[test]
fn code_of_the_program_may_use_its_own_conversation_with_a_log() {
    let directory = std::env::temp_dir().join(format!("pipecat-reentrant-log-{}", std::process::id()));
    let logs = FrameLogWriter::new(directory.join("frames.jsonl")).unwrap();
    let Traced { observers, spans } = Traced::new();
    let traced = Traced { observers: observers.frame_log(logs.clone()), spans };
    assert_spans_of_reentrant_frames(&spans_of(push_reentrant_frames, traced));
    logs.flush(Duration::from_secs(20)).unwrap();
    let log = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
    let mut reader = FrameLogReader::open(log).unwrap();
    let classes: Vec<String> = reader.by_ref().map(|event| event.unwrap().class().to_owned()).collect();
    assert!(classes.iter().any(|class| class == "FunctionCallResultFrame"), "{classes:?}");
    assert!(reader.footer().is_some());
    std::fs::remove_dir_all(directory).unwrap();
}

/// A context that counts how often it is read.
#[derive(Default)]
struct Counted(AtomicUsize);

impl ChatContext for Counted {
    fn message_count(&self) -> usize {
        200
    }

    fn role(&self, index: usize) -> &'static str {
        if index == 199 { "user" } else { "assistant" }
    }

    fn message(&self, _: usize) -> Message {
        self.0.fetch_add(1, Ordering::Relaxed);
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
fn later_hops_of_a_context_do_not_copy_it() {
    let traced = Traced::new();
    let observer = traced.observe();
    let (llm, context) = (llm(), Counted::default());
    let hop = |destination| {
        observer.on_push_frame(&FramePushed {
            source: ProcessorRef::named("Aggregator"),
            destination,
            direction: Direction::Downstream,
            id: Some(FrameId(1)),
            sibling: None,
            frame: &Frame::LlmContext(Some(&context)),
        });
        context.0.load(Ordering::Relaxed)
    };
    assert_eq!(hop(ProcessorRef::named("Filter")), 0, "on its way");
    let copied = hop((&llm).into());
    assert!((1..200).contains(&copied), "{copied} of 200 messages");
    assert_eq!(hop((&llm).into()), copied);
}
