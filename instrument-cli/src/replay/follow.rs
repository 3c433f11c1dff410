//! Logs while they are written: each turn is printed when the observer lets go of it.
//!
//! ```text
//!  a log ──▶ its thread ──▶ its conversation ──▶ turns
//!                               ▲
//!  the clock ───────────────────┘  what is due though nothing is written
//! ```
//!
//! A log is followed to its footer. One whose process died has none, and is followed until somebody stops this: then what is
//! still open is printed as it stands.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anstream::AutoStream;
use pipecat_instrument_runtime::console::ConsoleExporter;
use pipecat_instrument_runtime::console::{Color, TreeStyle};
use pipecat_instrument_runtime::emit::Emitter;
use pipecat_instrument_runtime::frame_log::Replay;

use super::{resource, stage};
use crate::arguments::ReplayArguments;
use crate::call::LogHealth;
use crate::complain::{complain, refuse};
use crate::gather::GatheringExporter;
use crate::otlp;
use crate::outcome::Outcome;
use crate::output::{Destination, OutputError};
use crate::source::{Source, without_later_parts};
use crate::stage::Stage;

/// How often it is looked whether something is due though nothing is written.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// How late a line may come that was written in time: a compressed log is flushed once a second.
const LATENESS: Duration = Duration::from_secs(2);

/// Follows every file to its end.
pub(super) fn run(arguments: &ReplayArguments) -> Result<Outcome, OutputError> {
    let gathered = GatheringExporter::default();
    let out = Watched::new(AutoStream::new(io::stdout(), arguments.color.into()));
    let failure = Arc::clone(&out.failure);
    let resource = resource();
    let stage = Arc::new(stage(arguments, &resource, |provider| {
        let provider = match &arguments.otlp_json {
            Some(_) => provider.with_simple_exporter(gathered.clone()),
            None => provider,
        };
        if !arguments.wants_trees() {
            return provider;
        }
        let style = TreeStyle { color: Color::Always, ..TreeStyle::default() };
        provider.with_simple_exporter(ConsoleExporter::new(out, style))
    }));
    let mut otlp = arguments.otlp_json.as_ref().map(Destination::open).transpose()?;
    let sources = without_later_parts(&arguments.files).into_iter();
    let logs: Vec<Log> = sources.map(|source| Log::follow(&stage, source.clone())).collect();
    let stop = stopped_by_ctrl_c();
    loop {
        // Asked before what they have told is written: it is all there when they are at their end.
        let are_over = logs.iter().all(|log| log.thread.is_finished());
        let is_stopped = stop.load(Ordering::Relaxed);
        logs.iter().for_each(if is_stopped { Log::finish } else { Log::expire });
        if let Some(error) = lock(&failure).take() {
            return Err(error.into());
        }
        if let Some(out) = &mut otlp {
            otlp::write_line(out, &resource, gathered.take())?;
            out.flush()?;
        }
        if are_over || is_stopped {
            return Ok(logs.iter().map(Log::outcome).max().unwrap_or(Outcome::Good));
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// Whether somebody has pressed Ctrl-C. Where that cannot be found out, it ends the process as it always does.
fn stopped_by_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let pressed = Arc::clone(&stop);
    let _ = ctrlc::set_handler(move || pressed.store(true, Ordering::Relaxed));
    stop
}

/// A log that is followed by a thread of its own.
struct Log {
    told: Arc<Told>,
    thread: JoinHandle<()>,
}

/// What its thread has made of it so far.
#[derive(Default)]
struct Told {
    /// None before it has a header, and behind its end.
    conversation: Mutex<Option<Conversation>>,
    outcome: Mutex<Option<Outcome>>,
}

/// The conversation of a log.
struct Conversation {
    replay: Replay,
    emitter: Emitter,
    last_event: Instant,
}

impl Log {
    fn follow(stage: &Arc<Stage>, source: Source) -> Self {
        let told = Arc::<Told>::default();
        let (stage, teller) = (Arc::clone(stage), Arc::clone(&told));
        Self { told, thread: thread::spawn(move || follow(&stage, &source, &teller)) }
    }

    /// Does what is due though nothing is written.
    fn expire(&self) {
        if let Some(Conversation { replay, emitter, last_event }) = &mut *lock(&self.told.conversation) {
            replay.handle_silence(last_event.elapsed().saturating_sub(LATENESS), emitter);
        }
    }

    /// Prints what is still open.
    fn finish(&self) {
        if let Some(Conversation { replay, mut emitter, .. }) = lock(&self.told.conversation).take() {
            replay.close(&mut emitter);
        }
    }

    /// What has become of it so far; a thread that panicked has said so.
    fn outcome(&self) -> Outcome {
        let panicked = self.thread.is_finished() && lock(&self.told.conversation).is_some();
        let told = lock(&self.told.outcome).unwrap_or(Outcome::Good);
        if panicked { Outcome::Failed } else { told }
    }
}

impl Told {
    fn came_to(&self, outcome: Outcome) {
        let mut worst = lock(&self.outcome);
        *worst = (*worst).max(Some(outcome));
    }
}

/// Reads a log to its end.
fn follow(stage: &Stage, source: &Source, told: &Told) {
    if source.is_missing() {
        anstream::eprintln!("{source}: not there yet; waiting for it");
    }
    let mut reader = match source.follow() {
        Ok(reader) => reader,
        Err(error) => return told.came_to(refuse(source, &error)),
    };
    let header = reader.header();
    *lock(&told.conversation) = Some(Conversation {
        replay: Replay::new(stage.config(header)),
        emitter: stage.emitter(source, header),
        last_event: Instant::now(),
    });
    for event in reader.by_ref() {
        match event {
            Ok(event) => {
                if let Some(Conversation { replay, emitter, last_event }) = &mut *lock(&told.conversation) {
                    *last_event = Instant::now();
                    replay.handle_event(&event, emitter);
                }
            }
            Err(bad) => {
                anstream::eprintln!("{source}: {bad}");
                told.came_to(Outcome::BadLines);
            }
        }
    }
    let Some(Conversation { replay, mut emitter, .. }) = lock(&told.conversation).take() else { return };
    let report = replay.finish(&reader, &mut emitter);
    told.came_to(complain(source, &LogHealth::of(&report)));
}

/// What a panic left behind is printed as far as it goes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An output that remembers why it could not be written: an exporter has nobody to tell.
struct Watched<W> {
    out: W,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl<W> Watched<W> {
    fn new(out: W) -> Self {
        Self { out, failure: Arc::default() }
    }

    fn watch<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| {
            lock(&self.failure).get_or_insert_with(|| error.kind().into());
        })
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.watch(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.watch(flushed)
    }
}
