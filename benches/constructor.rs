//! Measures an annotated constructor while tracing is off. `benches/README.md` has the results.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task {
    pipeline: u64,
    observer: Option<Observer>,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }
}

impl Task {
    #[inline(never)]
    fn bare(pipeline: u64) -> Self {
        Self { pipeline, observer: None }
    }

    #[inline(never)]
    #[instrument_task]
    fn annotated(pipeline: u64) -> Self {
        Self { pipeline, observer: None }
    }

    #[inline(never)]
    #[instrument_task(conversation_id = call)]
    fn with_arguments(pipeline: u64, call: &str) -> Self {
        Self { pipeline: pipeline + call.len() as u64, observer: None }
    }
}

/// A task type of another crate.
struct Theirs {
    pipeline: u64,
}

struct Wrapped<T> {
    task: T,
    observer: Option<Observer>,
}

impl<T> From<T> for Wrapped<T> {
    fn from(task: T) -> Self {
        Self { task, observer: None }
    }
}

impl ObservedTask for Wrapped<Theirs> {
    fn attach_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }
}

#[inline(never)]
fn wrapped_by_hand(pipeline: u64) -> Wrapped<Theirs> {
    Theirs { pipeline }.into()
}

#[inline(never)]
#[instrument_task(wrap = Wrapped)]
fn wrapped(pipeline: u64) -> Theirs {
    Theirs { pipeline }
}

fn switched_off(c: &mut Criterion) {
    let mut group = c.benchmark_group("constructor, switched off");
    group.bench_function("yardstick: bare", |b| b.iter(|| Task::bare(black_box(7)).pipeline));
    group.bench_function("annotated", |b| b.iter(|| Task::annotated(black_box(7)).pipeline));
    group.bench_function("annotated, with a conversation's id", |b| {
        b.iter(|| Task::with_arguments(black_box(7), black_box("call-42")).pipeline);
    });
    group.bench_function("yardstick: wrapped by hand", |b| {
        b.iter(|| wrapped_by_hand(black_box(7)).task.pipeline);
    });
    group.bench_function("annotated, with a wrapper", |b| b.iter(|| wrapped(black_box(7)).task.pipeline));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = switched_off
}
criterion_main!(benches);
