//! Constructors on several threads. One that calls another on a thread of its own makes two conversations, so only the outer
//! one is to be annotated. These tests need an instrumented process, and share one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Barrier, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk};
use pipecat_instrument::{ObservedTask, Observer, PipecatInstrumentor, instrument_task};
use support::{attribute, block_on, provider, push, yield_once};

fn spans() -> &'static InMemorySpanExporter {
    static SPANS: OnceLock<(InMemorySpanExporter, SdkTracerProvider)> = OnceLock::new();
    let (spans, _) = SPANS.get_or_init(|| {
        let spans = InMemorySpanExporter::default();
        let provider = provider(&spans);
        PipecatInstrumentor::instrument(provider.clone()).unwrap();
        (spans, provider)
    });
    spans
}

/// A task that holds one observer, as most do.
#[derive(Default)]
struct Task {
    observer: Option<Observer>,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }
}

#[instrument_task(conversation_id = line)]
impl Task {
    fn new(line: &str) -> Self {
        let _ = line;
        Self::default()
    }

    fn nameless() -> Self {
        Self::default()
    }

    async fn connect(address: (&str, u8)) -> Arc<Self> {
        yield_once().await;
        let made = Self::new(address.0);
        yield_once().await;
        Arc::new(made)
    }

    /// As with `spawn_blocking`.
    fn on_another_thread(line: &str, inner_line: &'static str) -> Self {
        assert!(!line.is_empty());
        thread::spawn(move || Self::new(inner_line)).join().unwrap()
    }

    async fn deep(line: &'static str, inner_line: &'static str) -> Arc<Self> {
        yield_once().await;
        thread::spawn(move || Arc::new(Self::on_another_thread(line, inner_line))).join().unwrap()
    }

    fn named_outside(line: &str) -> Self {
        assert!(!line.is_empty());
        thread::spawn(Self::nameless).join().unwrap()
    }

    /// The pipeline runs before the outer constructor returns.
    fn started(line: &str, inner_line: &'static str) -> Self {
        assert!(!line.is_empty());
        let start = move || {
            let task = Self::new(inner_line);
            task.speak();
            task
        };
        thread::spawn(start).join().unwrap()
    }
}

impl Task {
    fn say(&self, id: u64, frame: &Frame<'_>) {
        let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
        push(self.observer.as_ref().expect("it is observed"), &llm, id, frame);
    }

    fn speak(&self) {
        self.say(1, &Frame::Start);
        self.say(2, &Frame::LlmResponseStart);
        self.say(3, &Frame::LlmText(TextChunk::new("Hi")));
        self.say(4, &Frame::LlmResponseEnd);
    }
}

fn spans_of(id: &str) -> Vec<SpanData> {
    let mut spans = spans().get_finished_spans().unwrap();
    spans.retain(|span| attribute(span, "session.id").as_deref() == Some(id));
    spans
}

/// Pushes a response, closes the conversation, and asserts that `id` has exactly its two spans.
fn assert_one_conversation(id: &str, task: &Task) {
    task.speak();
    task.observer.as_ref().unwrap().close();
    let spans = spans_of(id);
    assert_eq!(spans.len(), 2, "{spans:?}");
    assert!(spans.iter().all(|span| attribute(span, "output.value").as_deref() == Some("Hi")), "{spans:?}");
}

fn poll_once<T>(future: &mut Pin<Box<dyn Future<Output = T> + Send>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn constructor_moved_between_threads_makes_one_conversation() {
    spans();
    let mut connecting: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(Task::connect(("moved", 1)));
    assert!(poll_once(&mut connecting).is_pending());
    let moved = thread::spawn(move || block_on(connecting));
    assert_one_conversation("here", &Task::new("here"));
    assert_one_conversation("moved", &moved.join().unwrap());
}

/// The outer observer replaces the inner one, whose conversation has seen no frames and leaves no spans.
#[test]
fn outer_conversation_replaces_the_one_of_another_thread() {
    spans();
    assert_one_conversation("spawned", &Task::on_another_thread("spawned", "spawned-inner"));
    assert_one_conversation("deep", &block_on(Task::deep("deep", "deep-inner")));
    assert_one_conversation("outside", &Task::named_outside("outside"));
    assert_eq!([spans_of("spawned-inner"), spans_of("deep-inner")], [[], []]);
}

/// Frames before the outer constructor returns are of the inner conversation, later ones of the outer conversation.
#[test]
fn constructors_on_two_threads_make_two_conversations() {
    spans();
    let task = Task::started("outer", "inner");
    assert_eq!(spans_of("inner").len(), 2, "its observer was dropped, which ends it");
    assert_one_conversation("outer", &task);
}

#[test]
fn concurrent_constructors_make_one_conversation_each() {
    spans();
    let together = Barrier::new(8);
    thread::scope(|scope| {
        for call in 0..8 {
            let together = &together;
            scope.spawn(move || {
                let id = format!("call-{call}");
                together.wait();
                assert_one_conversation(&id, &block_on(Task::connect((&id, 1))));
            });
        }
    });
}
