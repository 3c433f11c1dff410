//! Measures the tracing of recorded conversations. `benches/README.md` describes the yardsticks.

mod support;

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use pipecat_instrument_runtime::emit::Tracers;
use support::recording::Recording;
use support::{Nowhere, provider};

/// An ordinary conversation; one with a tool, with long responses, with all audio, and with a long history.
const RECORDINGS: [&str; 5] = ["a_simple", "c_tool", "d_stream200", "k_audio20ms", "i_long_prefilled"];

fn whole(c: &mut Criterion) {
    let tracers = Tracers::new(&provider());
    let tracer = provider().tracer("by hand");
    let settings = Arc::default();
    let mut group = c.benchmark_group("whole conversation");
    for name in RECORDINGS {
        let recording = Recording::read(name);
        let written = recording.written();
        group.bench_function(BenchmarkId::new("yardstick: by hand", name), |b| {
            b.iter(|| written.write_by_hand(&tracer));
        });
        group.bench_function(BenchmarkId::new("yardstick: observed by hand", name), |b| {
            b.iter(|| recording.observe_by_hand(&written, &tracer));
        });
        group.bench_function(BenchmarkId::new("traced", name), |b| {
            b.iter(|| recording.trace(&tracers, &settings));
        });
    }
    group.finish();
}

/// Measures conversations whose turns the sampler drops. The yardstick is the same conversation, sampled.
fn unsampled(c: &mut Criterion) {
    let sampled = Tracers::new(&provider());
    let none =
        SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).with_simple_exporter(Nowhere).build();
    let unsampled = Tracers::new(&none);
    let settings = Arc::default();
    let recording = Recording::read("i_long_prefilled");
    let mut group = c.benchmark_group("unsampled conversation");
    for (name, tracers) in [("yardstick: sampled", &sampled), ("unsampled", &unsampled)] {
        group.bench_function(name, |b| {
            b.iter_batched(|| (), |()| recording.trace(tracers, &settings), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = whole, unsampled
}
criterion_main!(benches);
