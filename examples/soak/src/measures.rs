//! What is measured, once a simulated minute, and what it says in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use pipecat_instrument_runtime::frame_log::lost_events;

use super::{Counts, process};

/// As Linux shows the name of the thread that writes frame logs: 15 characters.
const WRITER: &str = "pipecat-debug-l";

/// By this much may memory rise between the second quarter of a run and its last: allocators breathe.
const MARGIN: u64 = 2 << 20;

/// Takes spans and keeps none, but counts them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counting(Arc<AtomicU64>);

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Whether memory has risen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Flat,
    Rises,
    /// The run was too short to tell.
    Unknown,
}

/// With fewer samples, the beginning is most of a run.
const FEWEST_SAMPLES: usize = 8;

pub(crate) struct Measures {
    exporter: Counting,
    begun: Instant,
    minutes: u64,
    before: Sample,
    resident: Vec<u64>,
}

/// What was measured at one moment.
#[derive(Clone, Copy, Default)]
struct Sample {
    at: Duration,
    pipeline: Duration,
    writer: Duration,
    frames: u64,
}

impl Measures {
    pub(crate) fn new(exporter: Counting) -> Self {
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
        Self { exporter, begun: Instant::now(), minutes: 0, before: Sample::default(), resident: Vec::new() }
    }

    /// A simulated minute is over, with so many calls at once.
    pub(crate) fn minute(&mut self, counts: &Counts) {
        self.minutes += 1;
        let now = Sample {
            at: self.begun.elapsed(),
            pipeline: process::time_of_this_thread().unwrap_or_default(),
            writer: process::time_of_thread(WRITER).unwrap_or_default(),
            frames: counts.frames,
        };
        let resident = process::resident_bytes().unwrap_or_default();
        let before = std::mem::replace(&mut self.before, now);
        let seconds = now.at.saturating_sub(before.at).as_secs_f64();
        let frames = (now.frames - before.frames).max(1) as f64;
        println!(
            "{:>6} {:>8.1} {:>9} {:>12} {:>11.0} {:>10.0} {:>10.1} {:>9.1} {:>7} {:>10}",
            self.minutes,
            now.at.as_secs_f64(),
            counts.calls,
            self.exporter.0.load(Ordering::Relaxed),
            frames / seconds,
            now.pipeline.saturating_sub(before.pipeline).as_nanos() as f64 / frames,
            now.writer.saturating_sub(before.writer).as_secs_f64() / seconds * 100.0,
            resident as f64 / f64::from(1 << 20),
            process::open_files().unwrap_or_default(),
            lost_events(),
        );
        self.resident.push(resident);
    }

    /// Says what came of it.
    pub(crate) fn conclude(&self, counts: &Counts) -> Verdict {
        let (early, late) = (self.resident_in(1), self.resident_in(3));
        let verdict = match (self.resident.len(), late > early + MARGIN) {
            (..FEWEST_SAMPLES, _) => Verdict::Unknown,
            (_, true) => Verdict::Rises,
            (_, false) => Verdict::Flat,
        };
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let said = match verdict {
            Verdict::Flat => "memory is flat",
            Verdict::Rises => "memory rises",
            Verdict::Unknown => "too short to tell whether memory rises",
        };
        println!(
            "{} calls, {} frames, {} spans in {:.1} s; {said}: {:.1} MiB in the second quarter, {:.1} in the last",
            counts.calls,
            counts.frames,
            self.exporter.0.load(Ordering::Relaxed),
            self.begun.elapsed().as_secs_f64(),
            mib(early),
            mib(late),
        );
        verdict
    }

    /// The median of memory in a quarter of the run, from 0.
    fn resident_in(&self, quarter: usize) -> u64 {
        let length = self.resident.len();
        let mut part = self.resident[length * quarter / 4..length * (quarter + 1) / 4].to_vec();
        part.sort_unstable();
        part.get(part.len() / 2).copied().unwrap_or_default()
    }
}
