//! Shared by the tests: a provider that keeps its spans, and pushed frames.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, unreachable_pub, reason = "each test file has its own copy, and none uses all of it")]

pub mod test_directory;
pub mod warnings;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use pipecat_instrument::frame::{Direction, FrameId, FramePushed, ObservedFrame, Processor, ProcessorRef};
use pipecat_instrument::{InstrumentorBuilder, Observer, PipecatInstrumentor, ScopedGuard};

/// An instrumentation of this thread, and its exported spans.
pub struct Traced {
    spans: InMemorySpanExporter,
    _provider: SdkTracerProvider,
    _scoped: ScopedGuard,
}

impl Traced {
    pub fn new() -> Self {
        Self::with(PipecatInstrumentor::builder())
    }

    pub fn with(builder: InstrumentorBuilder) -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = provider(&spans);
        let scoped = builder.scoped(provider.clone()).expect("a scope can be entered");
        Self { spans, _provider: provider, _scoped: scoped }
    }

    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().expect("the exporter is not shut down")
    }
}

pub fn provider(spans: &InMemorySpanExporter) -> SdkTracerProvider {
    SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build()
}

pub fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| attribute.value.to_string())
}

/// Pushes one frame over one hop.
pub fn push<F: ObservedFrame + ?Sized>(observer: &Observer, source: &Processor, id: u64, frame: &F) {
    observer.on_push_frame(&FramePushed {
        source: source.into(),
        destination: ProcessorRef::named("Next"),
        direction: Direction::Downstream,
        id: Some(FrameId(id)),
        sibling: None,
        frame,
    });
}

/// Polls `future` until it is ready.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// Returns `Pending` once.
pub async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(
        |_| {
            if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
        },
    )
    .await;
}
