//! Call after call in one process: memory stays where it is once the process has warmed up.
//!
//! The calls are those of `examples/soak`, which runs for as long as one likes. Here they come as fast as they can be pushed,
//! with little audio, which says nothing and takes time.
#![cfg(target_os = "linux")]
#![allow(dead_code, reason = "the example uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../examples/soak/src/call.rs"]
mod call;
#[path = "../examples/soak/src/process.rs"]
mod process;
#[path = "../examples/soak/src/scenario.rs"]
mod scenario;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use call::{Call, Pipeline, Progress};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use pipecat_instrument::{ObserveOptions, PipecatInstrumentor};
use scenario::Scenario;

/// So many calls are under way at once.
const CALLS: usize = 16;

/// So little of a leak is found: a hundred bytes of each turn.
const LEAK: u64 = 100;

/// Calls until nothing is done for the first time, until memory is known, and in between.
const WARM_UP: u64 = 1_000;
const MEASURED: u64 = 50;
/// What waits for a timer is held for two seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(4);
const IN_BETWEEN: u64 = 2_000;

/// Keeps nothing, but counts the turns.
#[derive(Debug, Clone, Default)]
struct Counting(Arc<AtomicU64>);

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let turns = batch.iter().filter(|span| span.name == "pipecat.conversation.turn").count();
        self.0.fetch_add(turns as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn memory_is_flat() {
    let turns = Counting::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(turns.clone()).build();
    let directory = std::env::temp_dir().join(format!("pipecat-instrument-soak-{}", std::process::id()));
    let _scope = PipecatInstrumentor::builder()
        .debug_log(directory.join("frames.jsonl"))
        .turn_end_timeout(Duration::from_millis(5))
        .scoped(provider)
        .unwrap();
    let mut calls = Calls::new();
    // Each figure is the least of some: what a timer or a writer holds for a moment is no leak.
    let resident_after = |calls: &mut Calls, more: u64| {
        (0..10).map(|_| calls.run(more / 10)).map(|()| process::resident_bytes().unwrap()).min().unwrap()
    };
    let begun = Instant::now();
    calls.run(WARM_UP);
    while begun.elapsed() < LONGEST_WAIT {
        calls.run(MEASURED);
    }
    let warm = resident_after(&mut calls, MEASURED);
    let turns_before = turns.0.load(Ordering::Relaxed);
    calls.run(IN_BETWEEN);
    let later = resident_after(&mut calls, MEASURED);
    let turns = turns.0.load(Ordering::Relaxed) - turns_before;
    let risen = later.saturating_sub(warm);
    println!("{risen} bytes more after {turns} turns and {warm} bytes");
    assert!(risen < turns * LEAK, "{risen} bytes more after {turns} turns");
    drop(calls);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60)).unwrap();
    fs::remove_dir_all(directory).unwrap();
}

struct Calls {
    pipeline: Arc<Pipeline>,
    under_way: Vec<Call>,
    begun: u64,
}

impl Calls {
    fn new() -> Self {
        Self { pipeline: Arc::new(Pipeline::new(1, 25)), under_way: Vec::new(), begun: 0 }
    }

    /// Goes on until so many more calls have begun.
    fn run(&mut self, calls: u64) {
        let until = self.begun + calls;
        while self.begun < until {
            while self.under_way.len() < CALLS {
                self.under_way.push(self.begin());
                self.begun += 1;
            }
            self.under_way.retain_mut(|call| call.tick() == Progress::GoesOn);
        }
    }

    fn begin(&self) -> Call {
        let options = ObserveOptions::new()
            .conversation_id(&format!("call-{}", self.begun))
            .debug_log(&self.begun.is_multiple_of(4));
        let observer = PipecatInstrumentor::observe(options).unwrap();
        Call::begin(observer, Arc::clone(&self.pipeline), Scenario::of(self.begun))
    }
}
