//! The expressions of an annotation are not evaluated if the sampler drops the span.

use std::cell::Cell;

use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use pipecat_instrument::{PipecatInstrumentor, TracingContext, traced_llm};

use super::pipeline::Pipeline;

thread_local! {
    static EVALUATIONS: Cell<u32> = const { Cell::new(0) };
}

fn counted(text: &str) -> &str {
    EVALUATIONS.set(EVALUATIONS.get() + 1);
    text
}

#[traced_llm(context = tracing, model = counted("m"), input = counted("in"), output = |answer| counted(answer))]
fn complete(tracing: &TracingContext) -> Result<String, String> {
    Ok("No.".into())
}

/// Returns the number of evaluated expressions, and of spans.
fn evaluations_and_spans(sampler: Sampler) -> (u32, usize) {
    let spans = InMemorySpanExporter::default();
    let provider =
        SdkTracerProvider::builder().with_simple_exporter(spans.clone()).with_sampler(sampler).build();
    let _scoped = PipecatInstrumentor::builder().scoped(provider.clone()).unwrap();
    EVALUATIONS.set(0);
    let pipeline = Pipeline::start();
    pipeline.asks("Llm", "Rain?");
    complete(&pipeline.tracing()).unwrap();
    pipeline.answers("Llm", "No.");
    pipeline.ends();
    complete(&TracingContext::default()).unwrap();
    (EVALUATIONS.get(), spans.get_finished_spans().unwrap().len())
}

#[test]
fn annotations_are_not_evaluated_for_unsampled_spans() {
    assert_eq!(evaluations_and_spans(Sampler::AlwaysOn), (6, 3));
    assert_eq!(evaluations_and_spans(Sampler::AlwaysOff), (0, 0));
}
