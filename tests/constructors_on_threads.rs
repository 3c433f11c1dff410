//! Constructors on several threads: however they call each other, one observer for what the outermost returns. They need
//! a program that is instrumented as a whole, so they share one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Barrier, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
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

/// A task with one place for an observer, as most have.
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
    fn on_another_thread(address: (&'static str, u8)) -> Self {
        thread::spawn(move || Self::new(address.0)).join().unwrap()
    }

    async fn deep(address: (&'static str, u8)) -> Arc<Self> {
        yield_once().await;
        thread::spawn(move || Arc::new(Self::on_another_thread(address))).join().unwrap()
    }

    fn named_outside(line: &str) -> Self {
        assert!(!line.is_empty());
        thread::spawn(Self::nameless).join().unwrap()
    }

    /// The pipeline has begun before the outer constructor is done.
    fn started(address: (&'static str, u8)) -> Self {
        let begin = move || {
            let task = Self::new(address.0);
            task.say(1, &Frame::Start);
            task
        };
        thread::spawn(begin).join().unwrap()
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

/// Lets the task speak; its conversation, and no other, has its two spans under `id`.
fn speaks_once_as(id: &str, task: &Task) {
    task.speak();
    task.observer.as_ref().unwrap().close();
    let spans = spans().get_finished_spans().unwrap();
    let own: Vec<_> =
        spans.iter().filter(|span| attribute(span, "session.id").as_deref() == Some(id)).collect();
    assert_eq!(own.len(), 2, "{own:?}");
    assert!(own.iter().all(|span| attribute(span, "output.value").as_deref() == Some("Hi")), "{own:?}");
}

fn poll_once<T>(future: &mut Pin<Box<dyn Future<Output = T> + Send>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_constructor_that_is_moved_between_threads_while_it_is_polled() {
    spans();
    let mut connecting: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(Task::connect(("moved", 1)));
    assert!(poll_once(&mut connecting).is_pending());
    let elsewhere = thread::spawn(move || block_on(connecting));
    speaks_once_as("here", &Task::new("here"));
    speaks_once_as("moved", &elsewhere.join().unwrap());
}

/// What the constructor on the other thread knows is kept: the id of the call.
#[test]
fn a_constructor_that_calls_another_on_a_thread_of_its_own() {
    spans();
    speaks_once_as("spawned", &Task::on_another_thread(("spawned", 1)));
    speaks_once_as("deep", &block_on(Task::deep(("deep", 1))));
}

#[test]
fn what_the_outer_constructor_knows_counts_on_the_other_thread() {
    spans();
    speaks_once_as("outside", &Task::named_outside("outside"));
}

/// The observer that has seen frames stays: another one would not know of them.
#[test]
fn an_observer_that_has_seen_frames_is_not_replaced() {
    spans();
    speaks_once_as("started", &Task::started(("started", 1)));
}

#[test]
fn constructors_at_the_same_time_do_not_take_each_other_for_a_part_of_themselves() {
    spans();
    let together = Barrier::new(8);
    thread::scope(|scope| {
        for call in 0..8 {
            let together = &together;
            scope.spawn(move || {
                let id = format!("call-{call}");
                together.wait();
                speaks_once_as(&id, &block_on(Task::connect((&id, 1))));
            });
        }
    });
}
