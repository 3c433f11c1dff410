//! Many simulated calls, for as long as one likes, and what becomes of memory.
//!
//! Calls begin, talk and end as calls do: turns, tools, interruptions, errors, streamed answers and audio both ways, and
//! some end because their task goes away. The observer has no clock that could be told to run faster, so time is
//! compressed: at 1000 times, 20 ms of a call are pushed every 20 µs, and the turn's timeout is 2.5 ms, not 2.5 s. A line
//! a simulated minute says how it goes; the exit status says whether memory has risen.
//!
//! ```text
//! cargo run --release -p soak -- --hours 1
//! cargo run --release -p soak -- --hours 1 --debug-log /tmp/soak/frames.jsonl
//! cargo run --release -p soak -- --calls 10000 --speed 1 --hours 0.05 --debug-log /tmp/soak/frames.jsonl
//! ```

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures to look at"
)]

mod call;
mod measures;
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
use measures::{Counting, Measures, Verdict};
use opentelemetry_sdk::trace::SdkTracerProvider;
use pipecat_instrument::{ObserveOptions, PipecatInstrumentor};
use scenario::Scenario;

/// What a call is told in.
const TICK: Duration = Duration::from_millis(20);

/// How long after the bot has stopped a turn ends, in a call's own time.
const TURN_END_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Simulates calls, and watches memory.
#[derive(Debug, Parser)]
struct Options {
    /// How long, in the calls' own time
    #[arg(long, default_value_t = 1.0)]
    hours: f64,

    /// How many calls at once; where one ends, another begins
    #[arg(long, default_value_t = 20)]
    calls: usize,

    /// How many times faster than speech
    #[arg(long, default_value_t = 1000.0)]
    speed: f64,

    /// Over how many hops each frame travels
    #[arg(long, default_value_t = 2)]
    hops: usize,

    /// Write frame logs there
    #[arg(long, value_name = "FILE")]
    debug_log: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(Verdict::Flat | Verdict::Unknown) => ExitCode::SUCCESS,
        Ok(Verdict::Rises) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<Verdict, Box<dyn Error>> {
    let exporter = Counting::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let mut builder =
        PipecatInstrumentor::builder().turn_end_timeout(TURN_END_TIMEOUT.div_f64(options.speed));
    if let Some(path) = &options.debug_log {
        builder = builder.debug_log(path);
    }
    builder.instrument(provider)?;

    let mut measures = Measures::new(exporter);
    let mut calls = Calls::new(options);
    let ticks = (options.hours * 3600.0 / TICK.as_secs_f64()) as u64;
    let ticks_a_minute = 60_000 / TICK.as_millis() as u64;
    let pace = Pace { begun: Instant::now(), tick: TICK.div_f64(options.speed) };
    for tick in 0..ticks {
        calls.tick(tick, &pace);
        if (tick + 1) % ticks_a_minute == 0 {
            measures.minute(&calls.counts());
        }
    }
    let counts = calls.counts();
    drop(calls);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60))?;
    Ok(measures.conclude(&counts))
}

/// Calls under way, as many as were asked for.
struct Calls {
    pipeline: Arc<Pipeline>,
    under_way: Vec<Option<Call>>,
    begun: u64,
    frames_of_the_past: u64,
}

/// How many there have been.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    calls: u64,
    frames: u64,
}

impl Calls {
    fn new(options: &Options) -> Self {
        let under_way = (0..options.calls).map(|_| None).collect();
        let pipeline = Arc::new(Pipeline::new(options.hops, 1));
        Self { pipeline, under_way, begun: 0, frames_of_the_past: 0 }
    }

    fn counts(&self) -> Counts {
        let frames = self.under_way.iter().flatten().map(Call::frames).sum::<u64>();
        Counts { calls: self.begun, frames: self.frames_of_the_past + frames }
    }

    /// 20 ms of every call, spread over the time that they take.
    fn tick(&mut self, tick: u64, pace: &Pace) {
        // In the beginning, calls come one after the other: they must not all be at the same word.
        let ramp = 500;
        let allowed = self.under_way.len() as u64 * (tick + 1) / ramp;
        for place in 0..self.under_way.len() {
            pace.wait_for(tick, place as f64 / self.under_way.len() as f64);
            if self.under_way[place].is_none() && (place as u64) < allowed {
                self.under_way[place] = Some(self.begin());
            }
            let Some(call) = &mut self.under_way[place] else { continue };
            if call.tick() == Progress::Over {
                self.frames_of_the_past += call.frames();
                self.under_way[place] = None;
            }
        }
    }

    fn begin(&mut self) -> Call {
        let number = self.begun;
        self.begun += 1;
        let options = ObserveOptions::new().conversation_id(&format!("call-{number}"));
        let observer =
            PipecatInstrumentor::observe(options).unwrap_or_else(|| unreachable!("it is instrumented"));
        // One goes on for as long as the run does.
        let scenario = if number == 0 { Scenario::without_end(number) } else { Scenario::of(number) };
        Call::begin(observer, Arc::clone(&self.pipeline), scenario)
    }
}

/// When what is due.
struct Pace {
    begun: Instant,
    tick: Duration,
}

impl Pace {
    /// Waits until so much of that tick is over; not at all for less than a millisecond, which no sleep is good for.
    fn wait_for(&self, tick: u64, share: f64) {
        let due = self.tick.mul_f64(tick as f64 + share);
        let ahead = due.saturating_sub(self.begun.elapsed());
        if ahead > Duration::from_millis(1) {
            sleep(ahead);
        }
    }
}
