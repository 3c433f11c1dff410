//! Measures a function with `#[traced_llm]`: with tracing off, in a turn, and outside of a conversation. `benches/README.md` has
//! the results.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use pipecat_instrument::{PipecatInstrumentor, traced_llm};

#[inline(never)]
fn bare(prompt: &str) -> usize {
    prompt.len()
}

#[inline(never)]
#[traced_llm(name = "Claude", model = "claude-1", input = prompt, usage = |length| (*length, *length))]
fn traced(prompt: &str) -> usize {
    prompt.len()
}

fn functions(c: &mut Criterion) {
    let mut group = c.benchmark_group("function");
    group.bench_function("yardstick: bare", |b| b.iter(|| bare(black_box("Hello"))));
    group.bench_function("traced, not observed", |b| b.iter(|| traced(black_box("Hello"))));
    for (name, sampler) in
        [("traced, not sampled", Sampler::AlwaysOff), ("traced, sampled", Sampler::AlwaysOn)]
    {
        let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
        let Ok(_scoped) = PipecatInstrumentor::builder().scoped(provider.clone()) else { continue };
        group.bench_function(name, |b| b.iter(|| traced(black_box("Hello"))));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = functions
}
criterion_main!(benches);
