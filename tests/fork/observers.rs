//! Conversations of a parent and its child.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk};
use pipecat_instrument::{ObserveOptions, Observer, ObserverProvider};
use pipecat_instrument_runtime::emit::Tracers;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, FrameLogWriter};

use super::child::{Directory, SetOnDrop, in_child};
use crate::support::{attribute, provider, push};

const TURN_END_TIMEOUT: Duration = Duration::from_millis(50);

struct Traced {
    observers: ObserverProvider,
    spans: InMemorySpanExporter,
    _provider: SdkTracerProvider,
}

impl Traced {
    fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = provider(&spans);
        let observers = ObserverProvider::new(Tracers::new(&provider)).turn_end_timeout(TURN_END_TIMEOUT);
        Self { observers, spans, _provider: provider }
    }

    fn observe(&self) -> Observer {
        self.observers.observe(ObserveOptions::new().conversation_id("call"))
    }

    fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap()
    }

    /// Waits for spans that a timeout ends, with no more frames.
    fn wait_for_spans(&self, count: usize) -> Vec<SpanData> {
        let given_up = Instant::now() + Duration::from_secs(10);
        while self.spans().len() < count && Instant::now() < given_up {
            sleep(Duration::from_millis(5));
        }
        let spans = self.spans();
        assert_eq!(spans.len(), count, "{spans:?}");
        spans
    }
}

fn llm() -> Processor {
    Processor::new("Llm", "OpenAILLMService", Role::Llm)
}

fn output() -> Processor {
    Processor::new("Output", "OutputTransport", Role::OutputTransport)
}

/// Pushes a reply, whose turn then waits for its timeout. The frames have ids from `id` on.
fn reply(observer: &Observer, id: u64) {
    push(observer, &llm(), id, &Frame::LlmResponseStart);
    push(observer, &llm(), id + 1, &Frame::LlmText(TextChunk::new("Hello")));
    push(observer, &llm(), id + 2, &Frame::LlmResponseEnd);
    push(observer, &output(), id + 3, &Frame::BotStartedSpeaking);
    push(observer, &output(), id + 4, &Frame::BotStoppedSpeaking);
}

#[test]
fn timeout_ends_a_turn_in_a_child() {
    let (directory, traced) = (Directory::new("timer"), Traced::new());
    let before = traced.observe();
    push(&before, &output(), 1, &Frame::Start);
    reply(&before, 2);
    traced.wait_for_spans(2);

    in_child(&directory, || {
        let observer = traced.observe();
        push(&observer, &output(), 1, &Frame::Start);
        reply(&observer, 2);
        traced.wait_for_spans(4);
    });
}

#[test]
fn observer_without_frames_begins_in_the_child() {
    let (directory, traced) = (Directory::new("unused"), Traced::new());
    let observer = traced.observe();
    in_child(&directory, || {
        push(&observer, &output(), 1, &Frame::Start);
        reply(&observer, 2);
        let spans = traced.wait_for_spans(2);
        assert_eq!(attribute(&spans[1], "conversation.start_missed"), None);
    });
    push(&observer, &output(), 1, &Frame::Start);
    reply(&observer, 2);
    traced.wait_for_spans(2);
}

#[test]
fn child_continues_a_conversation_as_a_late_observer() {
    let (directory, traced) = (Directory::new("open"), Traced::new());
    let observer = traced.observe();
    push(&observer, &output(), 1, &Frame::Start);
    push(&observer, &llm(), 2, &Frame::LlmResponseStart);
    let turn = observer.tracing_context().traceparent();
    in_child(&directory, || {
        reply(&observer, 10);
        let spans = traced.wait_for_spans(2);
        let turn_span = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
        assert_eq!(attribute(turn_span, "session.id").as_deref(), Some("call"));
        assert_eq!(attribute(turn_span, "conversation.start_missed").as_deref(), Some("true"));
        assert_eq!(attribute(turn_span, "output.value").as_deref(), Some("Hello"));
        assert_ne!(observer.tracing_context().traceparent(), turn);
        push(&observer, &llm(), 20, &Frame::LlmResponseStart);
        drop(observer.clone());
        observer.close();
        assert_eq!(traced.wait_for_spans(4).len(), 4);
    });
    // The parent's conversation goes on as if nothing had happened.
    push(&observer, &llm(), 3, &Frame::LlmText(TextChunk::new("Hi")));
    observer.close();
    let spans = traced.wait_for_spans(2);
    assert_eq!(attribute(&spans[0], "output.value").as_deref(), Some("Hi"));
}

#[test]
fn child_that_pushes_nothing_emits_nothing() {
    let (directory, traced) = (Directory::new("idle"), Traced::new());
    let mut observer = Some(traced.observe());
    push(observer.as_ref().unwrap(), &output(), 1, &Frame::Start);
    push(observer.as_ref().unwrap(), &llm(), 2, &Frame::LlmResponseStart);
    in_child(&directory, || {
        observer.as_ref().unwrap().close();
        drop(observer.take());
        assert_eq!(traced.spans().len(), 0, "{:?}", traced.spans());
    });
    in_child(&directory, || {
        drop(observer.take());
        assert_eq!(traced.spans().len(), 0, "{:?}", traced.spans());
    });
    drop(observer);
    assert_eq!(traced.wait_for_spans(2).len(), 2);
}

/// The parent's provider has no locks: those of an exporter are not ours, and a child must not use them.
#[test]
fn child_of_a_busy_conversation_does_not_wait_for_its_lock() {
    let directory = Directory::new("busy-call");
    let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
    let observer = observers.observe(ObserveOptions::new());
    push(&observer, &output(), 1, &Frame::Start);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _done = SetOnDrop(&is_done);
        for thread in 1..3 {
            let (observer, is_done) = (&observer, &is_done);
            scope.spawn(move || {
                let mut id = 1_000_000 * thread;
                while !is_done.load(Ordering::Relaxed) {
                    id += 10;
                    reply(observer, id);
                }
            });
        }
        for _ in 0..20 {
            in_child(&directory, || {
                reply(&observer, 10);
                observer.close();
                let traced = Traced::new();
                let own = traced.observe();
                reply(&own, 10);
                own.close();
                assert_eq!(traced.spans().len(), 2);
            });
        }
    });
}

#[test]
fn each_process_logs_what_it_observed() {
    let (directory, traced) = (Directory::new("call-log"), Traced::new());
    let logs = FrameLogWriter::new(directory.0.join("{conversation_id}.jsonl")).unwrap();
    let Traced { observers, .. } = traced;
    let observers = observers.frame_log(logs.clone());
    let observer = observers.observe(ObserveOptions::new().conversation_id("call"));
    push(&observer, &output(), 1, &Frame::Start);
    logs.flush(Duration::from_secs(10)).unwrap();
    in_child(&directory, || {
        reply(&observer, 10);
        observer.close();
        logs.flush(Duration::from_secs(10)).unwrap();
    });
    reply(&observer, 20);
    observer.close();
    logs.flush(Duration::from_secs(10)).unwrap();
    let ids = |name: &str| -> (Vec<u64>, bool) {
        let mut log = FrameLogReader::open(directory.0.join(name)).unwrap();
        let ids = log.by_ref().filter_map(|event| event.ok().and_then(|event| event.hop(&event.frame()).id));
        (ids.map(|id| id.0).collect(), log.footer().is_some())
    };
    assert_eq!(ids("call.jsonl"), (vec![1, 20, 21, 22, 23, 24], true));
    assert_eq!(ids("call-2.jsonl"), (vec![10, 11, 12, 13, 14], true));
}
