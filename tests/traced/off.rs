//! What the sampler drops is not looked at either.

use std::cell::Cell;

use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use pipecat_instrument::{PipecatInstrumentor, TracingContext, traced_llm};

use super::pipeline::Pipeline;

thread_local! {
    static LOOKS: Cell<u32> = const { Cell::new(0) };
}

fn looked_at(text: &str) -> &str {
    LOOKS.set(LOOKS.get() + 1);
    text
}

#[traced_llm(context = tracing, model = looked_at("m"), input = looked_at("in"), output = |answer| looked_at(answer))]
fn complete(tracing: &TracingContext) -> Result<String, String> {
    Ok("No.".into())
}

/// How often annotations looked at something, and how many spans came of it.
fn looks_and_spans(sampler: Sampler) -> (u32, usize) {
    let spans = InMemorySpanExporter::default();
    let provider =
        SdkTracerProvider::builder().with_simple_exporter(spans.clone()).with_sampler(sampler).build();
    let _scoped = PipecatInstrumentor::builder().scoped(provider.clone()).unwrap();
    LOOKS.set(0);
    let pipeline = Pipeline::start();
    pipeline.asks("Llm", "Rain?");
    complete(&pipeline.tracing()).unwrap();
    pipeline.answers("Llm", "No.");
    pipeline.ends();
    complete(&TracingContext::default()).unwrap();
    (LOOKS.get(), spans.get_finished_spans().unwrap().len())
}

#[test]
fn nothing_is_looked_at_that_is_not_sampled() {
    assert_eq!(looks_and_spans(Sampler::AlwaysOn), (6, 3));
    assert_eq!(looks_and_spans(Sampler::AlwaysOff), (0, 0));
}
