//! Simulates many calls for as long as you like, and measures memory.
//!
//! The calls contain turns, tool calls, interruptions, errors, streamed responses and audio in both directions. Some
//! end because their task is dropped. The observer uses the real clock, so this program compresses time: at a speed of
//! 1000, it pushes 20 ms of a call every 20 µs, and the turn timeout is 2.5 ms instead of 2.5 s. It prints a line for
//! each simulated minute. The exit status shows whether memory has grown.
//!
//! ```text
//! cargo run --release -p soak -- --hours 1
//! cargo run --release -p soak -- --hours 1 --debug-log logs/frames.jsonl
//! cargo run --release -p soak -- --calls 10000 --speed 1 --hours 0.05 --debug-log logs/frames.jsonl
//! ```

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

mod call;
mod measurements;
mod process;
mod scenario;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use call::{Call, Pipeline, Progress};
use clap::Parser;
use measurements::{CountingExporter, Measurements, Verdict};
use opentelemetry_sdk::trace::SdkTracerProvider;
use pipecat_instrument::{ObserveOptions, PipecatInstrumentor};
use scenario::Scenario;

/// Duration of a step of the simulation.
const TICK: Duration = Duration::from_millis(20);

/// Time from the end of the bot's speech to the end of the turn, in simulated time.
const TURN_END_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Simulates calls and measures memory.
#[derive(Debug, Parser)]
struct Options {
    /// Simulated hours
    #[arg(long, default_value_t = 1.0)]
    hours: f64,

    /// Number of concurrent calls; a new one replaces each that ends
    #[arg(long, default_value_t = 20)]
    calls: usize,

    /// Factor by which time is compressed
    #[arg(long, default_value_t = 1000.0)]
    speed: f64,

    /// Hops of each frame
    #[arg(long, default_value_t = 2)]
    hops: usize,

    /// Write frame logs to this path
    #[arg(long, value_name = "FILE")]
    debug_log: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(Verdict::Flat | Verdict::TooShort) => ExitCode::SUCCESS,
        Ok(Verdict::Grows) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<Verdict, Box<dyn Error>> {
    let exporter = CountingExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let mut builder =
        PipecatInstrumentor::builder().turn_end_timeout(TURN_END_TIMEOUT.div_f64(options.speed));
    if let Some(path) = &options.debug_log {
        builder = builder.debug_log(path);
    }
    builder.instrument(provider)?;

    let mut measurements = Measurements::new(exporter);
    let mut calls = Calls::new(options);
    let ticks = (options.hours * 3600.0 / TICK.as_secs_f64()) as u64;
    let ticks_a_minute = 60_000 / TICK.as_millis() as u64;
    let pace = Pace { started: Instant::now(), tick: TICK.div_f64(options.speed) };
    for tick in 0..ticks {
        calls.tick(tick, &pace);
        if (tick + 1) % ticks_a_minute == 0 {
            measurements.on_minute(&calls.counts());
        }
    }
    let counts = calls.counts();
    drop(calls);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60))?;
    Ok(measurements.conclude(&counts))
}

/// The concurrent calls.
struct Calls {
    pipeline: Arc<Pipeline>,
    active: Vec<Option<Call>>,
    started: u64,
    ended_frames: u64,
}

/// Totals since the start of the program.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    calls: u64,
    frames: u64,
}

impl Calls {
    fn new(options: &Options) -> Self {
        let active = (0..options.calls).map(|_| None).collect();
        let pipeline = Arc::new(Pipeline::new(options.hops, 1));
        Self { pipeline, active, started: 0, ended_frames: 0 }
    }

    fn counts(&self) -> Counts {
        let frames = self.active.iter().flatten().map(Call::frames).sum::<u64>();
        Counts { calls: self.started, frames: self.ended_frames + frames }
    }

    /// Simulates 20 ms of every call, spread over the duration of the tick.
    fn tick(&mut self, tick: u64, pace: &Pace) {
        // Calls start one after the other, so that they are not all at the same point.
        let ramp = 500;
        let allowed = self.active.len() as u64 * (tick + 1) / ramp;
        for index in 0..self.active.len() {
            pace.wait_for(tick, index as f64 / self.active.len() as f64);
            if self.active[index].is_none() && (index as u64) < allowed {
                self.active[index] = Some(self.start_call());
            }
            let Some(call) = &mut self.active[index] else { continue };
            if call.tick() == Progress::Ended {
                self.ended_frames += call.frames();
                self.active[index] = None;
            }
        }
    }

    fn start_call(&mut self) -> Call {
        let number = self.started;
        self.started += 1;
        let options = ObserveOptions::new().conversation_id(&format!("call-{number}"));
        let observer =
            PipecatInstrumentor::observe(options).unwrap_or_else(|| unreachable!("the instrumentor is on"));
        // One call lasts as long as the program.
        let scenario = if number == 0 { Scenario::endless(number) } else { Scenario::new(number) };
        Call::start(observer, Arc::clone(&self.pipeline), scenario)
    }
}

/// The schedule of the ticks.
struct Pace {
    started: Instant,
    tick: Duration,
}

impl Pace {
    /// Waits until this share of the tick has passed. Does not wait for less than a millisecond, which `sleep` cannot do.
    fn wait_for(&self, tick: u64, share: f64) {
        let due = self.tick.mul_f64(tick as f64 + share);
        let ahead = due.saturating_sub(self.started.elapsed());
        if ahead > Duration::from_millis(1) {
            sleep(ahead);
        }
    }
}
