//! Switching instrumentation on and off, and the life of a conversation, through the facade.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk};
use pipecat_instrument::{
    InstrumentError, ObserveOptions, ObservedTask, Observer, PipecatInstrumentor, instrument_task,
};
use support::{Traced, attribute, provider, push};

struct Task {
    observer: Option<Observer>,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }
}

#[instrument_task]
impl Task {
    fn new() -> Self {
        Self { observer: None }
    }
}

impl Task {
    /// Pushes a greeting of the bot.
    fn greet(&self) {
        let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
        let output = Processor::new("Output", "Output", Role::OutputTransport);
        let Some(observer) = &self.observer else { return };
        push(observer, &output, 1, &Frame::Start);
        push(observer, &llm, 2, &Frame::LlmResponseStart);
        push(observer, &llm, 3, &Frame::LlmText(TextChunk::new("Hello")));
        push(observer, &llm, 4, &Frame::LlmResponseEnd);
        push(observer, &output, 5, &Frame::BotStartedSpeaking);
        push(observer, &output, 6, &Frame::BotStoppedSpeaking);
    }
}

/// Serializes the tests that switch instrumentation for the process.
fn lock_process() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    PipecatInstrumentor::uninstrument();
    guard
}

/// Returns a provider and its exporter, which loses its spans when the provider is dropped.
fn exporting() -> (SdkTracerProvider, InMemorySpanExporter) {
    let spans = InMemorySpanExporter::default();
    (provider(&spans), spans)
}

fn turns(spans: &InMemorySpanExporter) -> Vec<SpanData> {
    let spans = spans.get_finished_spans().unwrap();
    spans.into_iter().filter(|span| span.name == "pipecat.conversation.turn").collect()
}

#[test]
fn only_tasks_built_after_instrument_are_observed() {
    let _lock = lock_process();
    let (provider, spans) = exporting();
    let before = Task::new();
    assert!(before.observer.is_none() && !PipecatInstrumentor::is_instrumented());

    PipecatInstrumentor::instrument(provider.clone()).unwrap();
    assert!(PipecatInstrumentor::is_instrumented());
    let after = Task::new();
    after.greet();
    before.greet();
    drop((before, after));
    assert_eq!(turns(&spans).len(), 1);
    PipecatInstrumentor::uninstrument();
}

#[test]
fn after_uninstrument_only_running_tasks_are_observed() {
    let _lock = lock_process();
    let (provider, spans) = exporting();
    PipecatInstrumentor::instrument(provider.clone()).unwrap();
    let running = Task::new();
    PipecatInstrumentor::uninstrument();
    PipecatInstrumentor::uninstrument();

    assert!(Task::new().observer.is_none());
    assert!(PipecatInstrumentor::observe(ObserveOptions::new()).is_none());
    running.greet();
    drop(running);
    assert_eq!(turns(&spans).len(), 1);
}

#[test]
fn a_second_instrument_is_an_error_and_changes_nothing() {
    let _lock = lock_process();
    let ((first_provider, first), (second_provider, second)) = (exporting(), exporting());
    PipecatInstrumentor::instrument(first_provider.clone()).unwrap();

    let refused = PipecatInstrumentor::builder()
        .debug_log(std::env::temp_dir().join("never-made").join("frames.jsonl"))
        .instrument(second_provider.clone())
        .unwrap_err();
    assert!(matches!(refused, InstrumentError::AlreadyInstrumented));
    assert!(refused.to_string().contains("uninstrument"), "no remedy in: {refused}");
    assert!(!std::env::temp_dir().join("never-made").exists());

    Task::new().greet();
    assert_eq!((turns(&first).len(), turns(&second).len()), (1, 0));

    PipecatInstrumentor::uninstrument();
    PipecatInstrumentor::instrument(second_provider.clone()).unwrap();
    Task::new().greet();
    assert_eq!((turns(&first).len(), turns(&second).len()), (1, 1));
    PipecatInstrumentor::uninstrument();
}

#[test]
fn an_unwritable_frame_log_is_an_error_at_once() {
    let a_file = std::env::temp_dir().join(format!("lifecycle-{}", std::process::id()));
    std::fs::write(&a_file, "").unwrap();
    let refused = PipecatInstrumentor::builder()
        .debug_log(a_file.join("frames.jsonl"))
        .scoped(exporting().0)
        .unwrap_err();
    assert!(matches!(refused, InstrumentError::FrameLogWriter(_)), "{refused}");
    std::fs::remove_file(a_file).unwrap();
}

#[test]
fn a_scope_overrides_the_process_on_its_own_thread() {
    let _lock = lock_process();
    let (provider, process) = exporting();
    PipecatInstrumentor::instrument(provider.clone()).unwrap();

    let outer = Traced::new();
    let inner = Traced::new();
    Task::new().greet();
    std::thread::spawn(|| Task::new().greet()).join().unwrap();
    assert_eq!((inner.spans().len(), outer.spans().len(), turns(&process).len()), (2, 0, 1));

    // Scopes may be dropped in any order.
    drop(outer);
    Task::new().greet();
    assert_eq!((inner.spans().len(), turns(&process).len()), (4, 1));
    drop(inner);
    Task::new().greet();
    assert_eq!(turns(&process).len(), 2);
    PipecatInstrumentor::uninstrument();
}

#[test]
fn a_dropped_task_closes_its_conversation() {
    let traced = Traced::new();
    let task = Task::new();
    task.greet();
    assert!(!traced.spans().iter().any(|span| span.name == "pipecat.conversation.turn"));
    drop(task);
    let turn = traced.spans().into_iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert_eq!(attribute(&turn, "output.value").as_deref(), Some("Hello"));
}

#[test]
fn a_task_that_panics_leaves_no_span_open() {
    let traced = Traced::new();
    let panicked = std::panic::catch_unwind(|| {
        let task = Task::new();
        task.greet();
        panic!("the task fails");
    });
    assert!(panicked.is_err());
    assert_eq!(traced.spans().len(), 2);
}

#[test]
fn settings_and_attributes_reach_the_spans() {
    let traced = Traced::with(
        PipecatInstrumentor::builder()
            .turn_end_timeout(Duration::from_millis(10))
            .attributes([KeyValue::new("ring", "canary"), KeyValue::new("shard", 7)]),
    );
    let options =
        ObserveOptions::new().conversation_id("call-1").attributes(&KeyValue::new("tenant", "acme"));
    let task = Task { observer: PipecatInstrumentor::observe(options) };
    task.greet();
    drop(task);

    let spans = traced.spans();
    assert_eq!(spans.len(), 2);
    for span in &spans {
        for (key, value) in [("session.id", "call-1"), ("ring", "canary"), ("shard", "7"), ("tenant", "acme")]
        {
            assert_eq!(attribute(span, key).as_deref(), Some(value), "{key} of {}", span.name);
        }
    }
}

#[test]
fn conversations_without_an_id_get_a_uuid_each() {
    let _traced = Traced::new();
    let (one, other) = (Task::new(), Task::new());
    let id = |task: &Task| task.observer.as_ref().unwrap().conversation_id().to_owned();
    assert_ne!(id(&one), id(&other));
    assert_eq!(id(&one).len(), 36, "a UUID");
}

#[test]
fn each_conversation_has_a_frame_log_of_its_own() {
    let directory = std::env::temp_dir().join(format!("lifecycle-logs-{}", std::process::id()));
    let traced = Traced::with(
        PipecatInstrumentor::builder().debug_log(directory.join("frames-{conversation_id}.jsonl")),
    );
    for call in ["call-1", "call-2"] {
        let options = ObserveOptions::new().conversation_id(call);
        Task { observer: PipecatInstrumentor::observe(options) }.greet();
    }
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(10)).unwrap();
    drop(traced);

    for call in ["call-1", "call-2"] {
        let log = std::fs::read_to_string(directory.join(format!("frames-{call}.jsonl"))).unwrap();
        // The header, two processors, six hops, the footer.
        assert_eq!(log.lines().count(), 10, "{log}");
    }
    std::fs::remove_dir_all(directory).unwrap();
}
