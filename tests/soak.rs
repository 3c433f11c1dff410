//! Memory stays flat over thousands of calls in one process.
//!
//! The calls are those of `examples/soak`, which runs in real time and without end. Here they run as fast as possible, with
//! little audio, which takes time and adds nothing.
#![cfg(target_os = "linux")]
#![allow(dead_code, reason = "the example uses all of it")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

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

/// Calls at the same time.
const CONCURRENT_CALLS: usize = 16;

/// The smallest leak that the test finds, in bytes per turn.
const MIN_LEAK: u64 = 100;

/// Calls until every cache is filled.
const WARM_UP_CALLS: u64 = 1_000;
/// Timers keep memory for up to two seconds, so the warm-up lasts twice as long at least.
const MIN_WARM_UP: Duration = Duration::from_secs(4);
/// Calls during each of the two measurements, and between them.
const MEASURED_CALLS: u64 = 50;
const CALLS_BETWEEN: u64 = 2_000;

/// Counts the turns and discards the spans.
#[derive(Debug, Clone, Default)]
struct TurnCounter(Arc<AtomicU64>);

impl SpanExporter for TurnCounter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let turns = batch.iter().filter(|span| span.name == "pipecat.conversation.turn").count();
        self.0.fetch_add(turns as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn memory_stays_flat_over_thousands_of_calls() {
    let turns = TurnCounter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(turns.clone()).build();
    let directory = std::env::temp_dir().join(format!("pipecat-instrument-soak-{}", std::process::id()));
    let _scope = PipecatInstrumentor::builder()
        .debug_log(directory.join("frames.jsonl"))
        .turn_end_timeout(Duration::from_millis(5))
        .scoped(provider)
        .unwrap();
    let mut calls = Calls::new();
    // The smallest of ten samples, as timers and log writers hold memory for a moment.
    let resident_after = |calls: &mut Calls, count: u64| {
        (0..10).map(|_| calls.run(count / 10)).map(|()| process::resident_bytes().unwrap()).min().unwrap()
    };
    let start = Instant::now();
    calls.run(WARM_UP_CALLS);
    while start.elapsed() < MIN_WARM_UP {
        calls.run(MEASURED_CALLS);
    }
    let warm = resident_after(&mut calls, MEASURED_CALLS);
    let turns_before = turns.0.load(Ordering::Relaxed);
    calls.run(CALLS_BETWEEN);
    let later = resident_after(&mut calls, MEASURED_CALLS);
    let turns = turns.0.load(Ordering::Relaxed) - turns_before;
    let growth = later.saturating_sub(warm);
    println!("{growth} bytes more after {turns} turns and {warm} bytes");
    assert!(growth < turns * MIN_LEAK, "{growth} bytes more after {turns} turns");
    drop(calls);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60)).unwrap();
    fs::remove_dir_all(directory).unwrap();
}

struct Calls {
    pipeline: Arc<Pipeline>,
    running: Vec<Call>,
    started: u64,
}

impl Calls {
    fn new() -> Self {
        Self { pipeline: Arc::new(Pipeline::new(1, 25)), running: Vec::new(), started: 0 }
    }

    /// Runs until so many more calls have started.
    fn run(&mut self, count: u64) {
        let target = self.started + count;
        while self.started < target {
            while self.running.len() < CONCURRENT_CALLS {
                self.running.push(self.begin());
                self.started += 1;
            }
            self.running.retain_mut(|call| call.tick() == Progress::Active);
        }
    }

    fn begin(&self) -> Call {
        let options = ObserveOptions::new()
            .conversation_id(&format!("call-{}", self.started))
            .debug_log(&self.started.is_multiple_of(4));
        let observer = PipecatInstrumentor::observe(options).unwrap();
        Call::start(observer, Arc::clone(&self.pipeline), Scenario::new(self.started))
    }
}
