//! Measurements for each simulated minute, and the verdict at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use pipecat_instrument_runtime::frame_log::lost_events;

use super::{Counts, process};

/// Name of the thread that writes frame logs, which Linux truncates to 15 characters.
const WRITER: &str = "pipecat-debug-l";

/// Tolerated growth from the second to the last quarter of a run, because allocators fluctuate.
const MARGIN: u64 = 2 << 20;

/// Counts spans and drops them.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountingExporter(Arc<AtomicU64>);

impl SpanExporter for CountingExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Memory did not grow.
    Flat,
    /// Memory grew.
    Grows,
    /// The run was too short for a verdict.
    TooShort,
}

/// Samples of the shortest run with a verdict. In a shorter one, the warm-up dominates.
const MIN_SAMPLES: usize = 8;

pub(crate) struct Measurements {
    exporter: CountingExporter,
    started: Instant,
    minutes: u64,
    previous: Sample,
    resident: Vec<u64>,
}

/// The counters at one moment.
#[derive(Clone, Copy, Default)]
struct Sample {
    at: Duration,
    pipeline: Duration,
    writer: Duration,
    frames: u64,
}

impl Measurements {
    pub(crate) fn new(exporter: CountingExporter) -> Self {
        println!(
            "{:>6} {:>8} {:>9} {:>12} {:>11} {:>10} {:>10} {:>9} {:>7} {:>10}",
            "minute",
            "real s",
            "calls",
            "spans",
            "frames/s",
            "ns/frame",
            "writer %",
            "RSS MiB",
            "files",
            "lost"
        );
        Self {
            exporter,
            started: Instant::now(),
            minutes: 0,
            previous: Sample::default(),
            resident: Vec::new(),
        }
    }

    /// Prints the line of a simulated minute.
    pub(crate) fn on_minute(&mut self, counts: &Counts) {
        self.minutes += 1;
        let now = Sample {
            at: self.started.elapsed(),
            pipeline: process::thread_cpu_time().unwrap_or_default(),
            writer: process::cpu_time_of_thread(WRITER).unwrap_or_default(),
            frames: counts.frames,
        };
        let resident = process::resident_bytes().unwrap_or_default();
        let previous = std::mem::replace(&mut self.previous, now);
        let seconds = now.at.saturating_sub(previous.at).as_secs_f64();
        let frames = (now.frames - previous.frames).max(1) as f64;
        println!(
            "{:>6} {:>8.1} {:>9} {:>12} {:>11.0} {:>10.0} {:>10.1} {:>9.1} {:>7} {:>10}",
            self.minutes,
            now.at.as_secs_f64(),
            counts.calls,
            self.exporter.0.load(Ordering::Relaxed),
            frames / seconds,
            now.pipeline.saturating_sub(previous.pipeline).as_nanos() as f64 / frames,
            now.writer.saturating_sub(previous.writer).as_secs_f64() / seconds * 100.0,
            resident as f64 / f64::from(1 << 20),
            process::open_files().unwrap_or_default(),
            lost_events(),
        );
        self.resident.push(resident);
    }

    /// Prints the summary and returns the verdict.
    pub(crate) fn conclude(&self, counts: &Counts) -> Verdict {
        let (early, late) = (self.resident_in(1), self.resident_in(3));
        let verdict = match (self.resident.len(), late > early + MARGIN) {
            (..MIN_SAMPLES, _) => Verdict::TooShort,
            (_, true) => Verdict::Grows,
            (_, false) => Verdict::Flat,
        };
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let summary = match verdict {
            Verdict::Flat => "memory is flat",
            Verdict::Grows => "memory rises",
            Verdict::TooShort => "too short to judge whether memory rises",
        };
        println!(
            "{} calls, {} frames, {} spans in {:.1} s; {summary}: {:.1} MiB in the second quarter, {:.1} in the last",
            counts.calls,
            counts.frames,
            self.exporter.0.load(Ordering::Relaxed),
            self.started.elapsed().as_secs_f64(),
            mib(early),
            mib(late),
        );
        verdict
    }

    /// Returns the median of the memory in a quarter of the run, counted from 0.
    fn resident_in(&self, quarter: usize) -> u64 {
        let length = self.resident.len();
        let mut part = self.resident[length * quarter / 4..length * (quarter + 1) / 4].to_vec();
        part.sort_unstable();
        part.get(part.len() / 2).copied().unwrap_or_default()
    }
}
