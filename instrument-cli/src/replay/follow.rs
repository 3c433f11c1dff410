//! Logs while they are written: each turn is printed when the observer lets go of it.
//!
//! ```text
//!  a log ──▶ its thread ──▶ its conversation ──▶ turns
//!                               ▲
//!  the clock ───────────────────┘  what is due though nothing is written
//! ```
//!
//! A log is followed to its footer. One whose process died has none, and is followed until somebody stops this.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anstream::AutoStream;
use pipecat_instrument_runtime::debug_log::Replay;
use pipecat_instrument_runtime::emit::Emitter;
use pipecat_instrument_runtime::setup::ConsoleExporter;
use pipecat_instrument_runtime::setup::tree::{Colour, TreeStyle};

use super::Stage;
use crate::arguments::ReplayArguments;
use crate::call::LogHealth;
use crate::complain::{complain, refuse};
use crate::gather::GatheringExporter;
use crate::otlp;
use crate::outcome::Outcome;
use crate::output::{Destination, OutputError};
use crate::source::{Source, without_later_parts};

/// How often it is looked whether something is due though nothing is written.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// How late a line may come that was written in time: a compressed log is flushed once a second.
const LATENESS: Duration = Duration::from_secs(2);

/// Follows every file to its end.
pub(super) fn run(arguments: &ReplayArguments) -> Result<Outcome, OutputError> {
    let gathered = GatheringExporter::default();
    let out = Watched::new(AutoStream::new(io::stdout(), arguments.color.into()));
    let failure = Arc::clone(&out.failure);
    let stage = Arc::new(Stage::new(arguments, |provider| {
        let provider = match &arguments.otlp_json {
            Some(_) => provider.with_simple_exporter(gathered.clone()),
            None => provider,
        };
        if !arguments.wants_trees() {
            return provider;
        }
        let style = TreeStyle { colour: Colour::Always, ..TreeStyle::default() };
        provider.with_simple_exporter(ConsoleExporter::new(out, style))
    }));
    let mut otlp = arguments.otlp_json.as_ref().map(Destination::open).transpose()?;
    let sources = without_later_parts(&arguments.files).into_iter();
    let logs: Vec<Log> = sources.map(|source| Log::follow(&stage, source.clone())).collect();
    loop {
        // Asked before what they have told is written: it is all there when they are at their end.
        let are_over = logs.iter().all(|log| log.thread.is_finished());
        logs.iter().for_each(Log::expire);
        if let Some(error) = lock(&failure).take() {
            return Err(error.into());
        }
        if let Some(out) = &mut otlp {
            otlp::write_line(out, &stage.resource, gathered.take())?;
            out.flush()?;
        }
        if are_over {
            let outcomes = logs.into_iter().map(|log| log.thread.join().unwrap_or(Outcome::Failed));
            return Ok(outcomes.max().unwrap_or(Outcome::Good));
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// A log that is followed by a thread of its own.
struct Log {
    conversation: Arc<Mutex<Option<Conversation>>>,
    thread: JoinHandle<Outcome>,
}

/// The conversation of a log, once it has a header.
struct Conversation {
    replay: Replay,
    emitter: Emitter,
    last_event: Instant,
}

impl Log {
    fn follow(stage: &Arc<Stage>, source: Source) -> Self {
        let conversation = Arc::default();
        let (stage, told) = (Arc::clone(stage), Arc::clone(&conversation));
        Self { conversation, thread: thread::spawn(move || follow(&stage, &source, &told)) }
    }

    /// Does what is due though nothing is written.
    fn expire(&self) {
        if let Some(Conversation { replay, emitter, last_event }) = &mut *lock(&self.conversation) {
            replay.nothing_for(last_event.elapsed().saturating_sub(LATENESS), emitter);
        }
    }
}

/// Reads a log to its end.
fn follow(stage: &Stage, source: &Source, conversation: &Mutex<Option<Conversation>>) -> Outcome {
    if source.is_missing() {
        anstream::eprintln!("{source}: not there yet; waiting for it");
    }
    let mut reader = match source.follow() {
        Ok(reader) => reader,
        Err(error) => return refuse(source, &error),
    };
    let header = reader.header();
    *lock(conversation) = Some(Conversation {
        replay: Replay::new(stage.config(header)),
        emitter: stage.emitter(source, header),
        last_event: Instant::now(),
    });
    let mut outcome = Outcome::Good;
    for event in reader.by_ref() {
        match (event, &mut *lock(conversation)) {
            (Ok(event), Some(Conversation { replay, emitter, last_event })) => {
                *last_event = Instant::now();
                replay.event(&event, emitter);
            }
            (Ok(_), None) => {}
            (Err(bad), _) => {
                anstream::eprintln!("{source}: {bad}");
                outcome = Outcome::BadLines;
            }
        }
    }
    if let Some(Conversation { replay, mut emitter, .. }) = lock(conversation).take() {
        replay.finish(&mut emitter);
    }
    outcome.max(complain(source, &LogHealth::of(&reader, 0)))
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
