//! Code that a program plugs into its tracer provider: it may use its own conversation, block, or panic.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample, Span, SpanData,
    SpanExporter, SpanProcessor, TracerProviderBuilder,
};

use super::{SHORT, attribute, greet, llm, output, push, wait_until};
use crate::emit::{EmitSettings, TraceLayout, Tracers, dropped_spans};
use crate::engine::frame::{Frame, TextChunk};
use crate::observer::{ObserveOptions, Observer, ObserverProvider, TracingContext, caught_panics};
use crate::privacy::TraceConfig;

/// Far longer than any of these tests takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `work` on another thread, and panics if it hangs.
fn within_patience<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, done) = channel();
    std::thread::spawn(move || sender.send(work()));
    done.recv_timeout(PATIENCE).expect("it hangs, or it panicked")
}

/// The conversation under test, once it is observed.
type Current = Arc<OnceLock<TracingContext>>;

/// Calls a function for every span that ends.
struct OnEnd<F>(F);

impl<F> std::fmt::Debug for OnEnd<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnEnd")
    }
}

impl<F: Fn(&SpanData) + Send + Sync> SpanProcessor for OnEnd<F> {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        (self.0)(&span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn on_end(on_end: impl Fn(&SpanData) + Send + Sync) -> impl SpanProcessor {
    OnEnd(on_end)
}

/// Observes a conversation, and keeps its spans in memory while the provider lives.
fn observe(
    current: &Current,
    plug_in: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
) -> (Observer, InMemorySpanExporter, SdkTracerProvider) {
    let spans = InMemorySpanExporter::default();
    let provider = plug_in(SdkTracerProvider::builder()).with_simple_exporter(spans.clone()).build();
    let observers = ObserverProvider::new(Tracers::new(&provider)).turn_end_timeout(SHORT);
    let observer = observers.observe(ObserveOptions::new().conversation_id("call-42"));
    let _ = current.set(observer.tracing_context());
    (observer, spans, provider)
}

fn turns(spans: &InMemorySpanExporter) -> Vec<SpanData> {
    let mut spans = spans.get_finished_spans().unwrap();
    spans.retain(|span| span.name == "pipecat.conversation.turn");
    spans
}

#[test]
fn span_processor_may_use_its_own_conversation() {
    let current = Current::default();
    let processor = on_end({
        let current = Arc::clone(&current);
        move |span| {
            let tracing = current.get().unwrap();
            tracing.set_attribute(KeyValue::new(format!("ended.{}", span.name), true));
            tracing.note("ended", span.name.to_string());
        }
    });
    let (observer, spans, _provider) = observe(&current, |provider| provider.with_span_processor(processor));
    greet(&observer);
    wait_until(|| !turns(&spans).is_empty());
    within_patience(move || {
        push(&observer, &output(), 20, &Frame::UserStartedSpeaking);
        push(&observer, &llm(), 21, &Frame::LlmResponseStart);
        observer.close();
    });
    let next = &turns(&spans)[1];
    assert_eq!(attribute(next, "ended.pipecat.llm").as_deref(), Some("true"));
    assert_eq!(attribute(next, "ended.pipecat.conversation.turn").as_deref(), Some("true"));
    assert_eq!(next.events.len(), 2, "a note on each span of the turn before");
}

#[test]
fn span_processor_may_end_its_own_conversation() {
    let current = Current::default();
    let observer: Arc<OnceLock<Mutex<Option<Observer>>>> = Arc::default();
    let processor = on_end({
        let observer = Arc::clone(&observer);
        move |_| {
            if let Some(observer) = observer.get().and_then(|observer| observer.lock().unwrap().take()) {
                observer.close();
            }
        }
    });
    let (own, spans, _provider) = observe(&current, |provider| provider.with_span_processor(processor));
    let _ = observer.set(Mutex::new(Some(own.clone())));
    within_patience(move || {
        greet(&own);
        own.close();
    });
    assert_eq!(spans.get_finished_spans().unwrap().len(), 2);
}

#[test]
fn exporter_may_annotate_its_own_conversation() {
    #[derive(Debug)]
    struct Annotates(Current);
    impl SpanExporter for Annotates {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            for span in batch {
                self.0.get().unwrap().note("exported", span.name.to_string());
            }
            Ok(())
        }
    }

    let current = Current::default();
    let exporter = Annotates(Arc::clone(&current));
    let (observer, spans, _provider) = observe(&current, |provider| provider.with_simple_exporter(exporter));
    within_patience(move || {
        greet(&observer);
        push(&observer, &output(), 20, &Frame::UserStartedSpeaking);
        push(&observer, &output(), 21, &Frame::End);
    });
    assert_eq!(spans.get_finished_spans().unwrap().len(), 2);
}

#[test]
fn redaction_hook_may_use_its_own_conversation() {
    let current = Current::default();
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let hook = {
        let current = Arc::clone(&current);
        move |_, text: &str| -> Cow<'_, str> {
            let turn = current.get().unwrap().traceparent();
            Cow::Owned(format!("{} {}", text.len(), turn.is_some()))
        }
    };
    let observers = ObserverProvider::new(Tracers::new(&provider)).trace_config(
        TraceConfig::default().redact_with(move |kind, text| Cow::Owned(hook(kind, text).into_owned())),
    );
    let observer = observers.observe(ObserveOptions::new());
    let _ = current.set(observer.tracing_context());
    within_patience(move || {
        greet(&observer);
        observer.close();
    });
    let llm =
        spans.get_finished_spans().unwrap().into_iter().find(|span| span.name == "pipecat.llm").unwrap();
    assert_eq!(attribute(&llm, "output.value").as_deref(), Some("5 false"), "the conversation has ended");
}

/// A span processor whose `on_end` blocks until the gate is opened.
fn gate() -> (impl SpanProcessor, Sender<()>, Receiver<String>) {
    let (open, opened) = channel();
    let (entered, entries) = channel();
    let (opened, entered) = (Mutex::new(opened), Mutex::new(entered));
    let processor = on_end(move |span| {
        let _ = entered.lock().unwrap().send(span.name.to_string());
        // An error means that the gate stays open.
        let _ = opened.lock().unwrap().recv();
    });
    (processor, open, entries)
}

/// Pushes a turn that the user interrupts, so that the next hop emits its end.
fn start_and_end_an_llm_call(observer: &Observer, id: u64) {
    push(observer, &llm(), id, &Frame::LlmResponseStart);
    push(observer, &llm(), id + 1, &Frame::LlmText(TextChunk::new("Hello")));
    push(observer, &llm(), id + 2, &Frame::LlmResponseEnd);
    push(observer, &output(), id + 3, &Frame::BotStartedSpeaking);
    push(observer, &output(), id + 4, &Frame::UserStartedSpeaking);
    push(observer, &output(), id + 5, &Frame::Interruption);
}

#[test]
fn blocked_exporter_delays_neither_timer_nor_traceparent() {
    let (processor, open, entered) = gate();
    let (blocked, blocked_spans, _provider) =
        observe(&Current::default(), |provider| provider.with_span_processor(processor));
    greet(&blocked);
    // The timeout of the turn ends it, and the emission thread blocks.
    assert_eq!(entered.recv_timeout(PATIENCE).as_deref(), Ok("pipecat.llm"));

    push(&blocked, &llm(), 30, &Frame::LlmResponseStart);
    push(&blocked, &llm(), 31, &Frame::LlmText(TextChunk::new("More")));
    let tracing = blocked.tracing_context();
    let traceparent = within_patience(move || tracing.traceparent());
    let traceparent = traceparent.expect("a start does not wait for an exporter");

    let (other, other_spans, _provider) = observe(&Current::default(), |provider| provider);
    greet(&other);
    let mut id = 40;
    wait_until(|| {
        // Each hop emits the spans that its timeouts have ended.
        push(&other, &output(), id, &Frame::UserStoppedSpeaking);
        id += 1;
        !other_spans.get_finished_spans().unwrap().is_empty()
    });

    drop(open);
    blocked.close();
    let spans = blocked_spans.get_finished_spans().unwrap();
    let second = spans.iter().rfind(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert!(traceparent.contains(&second.span_context.span_id().to_string()), "{traceparent}");
    assert_eq!(spans.len(), 4);
}

#[test]
fn close_waits_for_the_thread_that_emits() {
    let (processor, open, entered) = gate();
    let (observer, spans, _provider) =
        observe(&Current::default(), |provider| provider.with_span_processor(processor));
    greet(&observer);
    assert_eq!(entered.recv_timeout(PATIENCE).as_deref(), Ok("pipecat.llm"));
    let opener = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(open);
    });
    observer.close();
    assert_eq!(spans.get_finished_spans().unwrap().len(), 2);
    opener.join().unwrap();
}

#[test]
fn spans_beyond_the_outbox_are_dropped_and_counted() {
    const TURNS: u64 = 1_000;

    let (processor, open, entered) = gate();
    let (observer, spans, _provider) =
        observe(&Current::default(), |provider| provider.with_span_processor(processor));
    greet(&observer);
    assert_eq!(entered.recv_timeout(PATIENCE).as_deref(), Ok("pipecat.llm"));

    let dropped_before = dropped_spans();
    for number in 0..TURNS {
        start_and_end_an_llm_call(&observer, 100 + 10 * number);
    }
    let dropped = dropped_spans() - dropped_before;
    assert!(dropped > 0);
    drop(open);
    observer.close();
    let exported = spans.get_finished_spans().unwrap().len() as u64;
    // A turn that is dropped has no children, so they are not counted.
    assert!(exported > 1_000 && exported < 2 * TURNS, "{exported}");
    assert!(exported + dropped <= 2 * TURNS + 3, "{exported} exported, {dropped} dropped");
}

#[test]
fn panic_in_a_span_processor_loses_no_other_span() {
    let processor = on_end(|span| assert_ne!(span.name, "pipecat.llm", "on_end panics"));
    let (observer, spans, _provider) =
        observe(&Current::default(), |provider| provider.with_span_processor(processor));
    let before = caught_panics();
    greet(&observer);
    push(&observer, &output(), 20, &Frame::UserStartedSpeaking);
    push(&observer, &llm(), 21, &Frame::LlmResponseStart);
    observer.close();
    assert!(caught_panics() >= before + 2);
    let names: Vec<_> = spans.get_finished_spans().unwrap().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["pipecat.conversation.turn", "pipecat.conversation.turn"]);
}

/// Keeps the attributes that it is asked about, and samples everything.
#[derive(Debug, Clone, Default)]
struct Asked(Arc<Mutex<Vec<StartedSpan>>>);

/// The name and the attributes of a span at its start.
type StartedSpan = (String, Vec<KeyValue>);

impl ShouldSample for Asked {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        self.0.lock().unwrap().push((name.to_owned(), attributes.to_vec()));
        SamplingResult {
            decision: SamplingDecision::RecordAndSample,
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}

#[test]
fn sampler_sees_kind_session_and_turn_number() {
    let asked = Asked::default();
    let (observer, spans, _provider) =
        observe(&Current::default(), |provider| provider.with_sampler(asked.clone()));
    greet(&observer);
    observer.close();

    let attributes = |kind: &str| {
        vec![
            KeyValue::new("openinference.span.kind", kind.to_owned()),
            KeyValue::new("session.id", "call-42"),
            KeyValue::new("conversation.turn_number", 1),
        ]
    };
    let expected = [
        ("pipecat.conversation.turn".to_owned(), attributes("CHAIN")),
        ("pipecat.llm".to_owned(), attributes("LLM")),
    ];
    assert_eq!(*asked.0.lock().unwrap(), expected);
    let turn = &turns(&spans)[0];
    let kinds =
        turn.attributes.iter().filter(|attribute| attribute.key.as_str() == "openinference.span.kind");
    assert_eq!(kinds.count(), 1, "not written again at the end");
}

/// A lock of the whole host, which code on a thread that has it may take again, as in Python.
#[derive(Default)]
struct GlobalLock(Mutex<()>);

thread_local! {
    static HAS_GLOBAL_LOCK: Cell<bool> = const { Cell::new(false) };
}

impl GlobalLock {
    fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        if HAS_GLOBAL_LOCK.get() {
            return work();
        }
        let _guard = self.0.lock().unwrap();
        HAS_GLOBAL_LOCK.set(true);
        let result = work();
        HAS_GLOBAL_LOCK.set(false);
        result
    }
}

#[test]
fn host_with_a_global_lock_does_not_deadlock() {
    const TURNS: u64 = 500;

    let global = Arc::new(GlobalLock::default());
    let processor = on_end({
        let global = Arc::clone(&global);
        move |_| global.with(|| std::thread::sleep(Duration::from_micros(20)))
    });
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_simple_exporter(spans.clone())
        .build();
    // The timer and the emission thread are busy all the time.
    let observers =
        ObserverProvider::new(Tracers::new(&provider)).turn_end_timeout(Duration::from_micros(100));
    let observer = observers.observe(ObserveOptions::new());
    let tracing = observer.tracing_context();
    within_patience({
        let global = Arc::clone(&global);
        move || {
            let tool = std::thread::spawn({
                let global = Arc::clone(&global);
                move || {
                    while tracing.is_observed() {
                        global.with(|| tracing.traceparent());
                    }
                }
            });
            for number in 0..TURNS {
                global.with(|| start_and_end_an_llm_call(&observer, 10 * number + 10));
                std::thread::sleep(Duration::from_micros(200));
            }
            observer.close();
            tool.join().unwrap();
        }
    });
    assert!(turns(&spans).len() as u64 >= TURNS);
}

/// Panics when the first turn starts.
#[derive(Debug, Default)]
struct PanicsOnce(AtomicBool);

impl SpanProcessor for PanicsOnce {
    fn on_start(&self, span: &mut Span, _: &Context) {
        let is_turn = span.exported_data().is_some_and(|span| span.name == "pipecat.conversation.turn");
        assert!(!is_turn || self.0.swap(true, Ordering::Relaxed), "on_start panics");
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[test]
fn panic_at_the_start_of_a_turn_leaves_the_conversation_span_open() {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(PanicsOnce::default())
        .with_simple_exporter(spans.clone())
        .build();
    let observers = ObserverProvider::new(Tracers::new(&provider))
        .emit_settings(EmitSettings::default().layout(TraceLayout::PerConversation));
    let observer = observers.observe(ObserveOptions::new());
    greet(&observer);
    push(&observer, &output(), 20, &Frame::UserStartedSpeaking);
    push(&observer, &llm(), 21, &Frame::LlmResponseStart);
    observer.close();

    let spans = spans.get_finished_spans().unwrap();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    // The SDK exports the first turn when the panic drops it.
    let turn = "pipecat.conversation.turn";
    assert_eq!(names, [turn, "pipecat.llm", turn, "pipecat.conversation"]);
    let conversation = spans[3].span_context.span_id();
    assert_eq!([spans[0].parent_span_id, spans[2].parent_span_id], [conversation; 2]);
}
