//! Follows logs while they are written, and prints each turn when it is complete.
//!
//! ```text
//!  a log ──▶ its thread ──▶ its conversation ──▶ turns
//!                               ▲
//!  the clock ───────────────────┘  deadlines that pass while nothing is written
//! ```
//!
//! A log is followed to its footer. The log of a process that died has none; it is followed until the user presses
//! Ctrl-C, which prints the open turn as it is.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anstream::AutoStream;
use pipecat_instrument_runtime::console::ConsoleExporter;
use pipecat_instrument_runtime::emit::Emitter;
use pipecat_instrument_runtime::frame_log::Replay;

use super::{SpanCollector, replayer, resource, tree_style};
use crate::arguments::ReplayArguments;
use crate::diagnostics::{ExitStatus, report_problems, report_unreadable};
use crate::output::{Destination, OutputError, write_otlp_line};
use crate::replayer::Replayer;
use crate::source::{Source, without_later_parts};

/// Interval at which deadlines are checked and spans are written.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Maximum delay from an event to the reading of its line: a compressed log is flushed once a second.
const MAX_READ_DELAY: Duration = Duration::from_secs(2);

/// Follows every file to its end.
pub(super) fn run(arguments: &ReplayArguments) -> Result<ExitStatus, OutputError> {
    let collector = SpanCollector::default();
    let out = ErrorRecorder::new(AutoStream::new(io::stdout(), arguments.color.into()));
    let write_error = Arc::clone(&out.error);
    let resource = resource();
    let replayer = Arc::new(replayer(arguments, &resource, |provider| {
        let provider = match &arguments.otlp_json {
            Some(_) => provider.with_simple_exporter(collector.clone()),
            None => provider,
        };
        if arguments.wants_trees() {
            provider.with_simple_exporter(ConsoleExporter::new(out, tree_style()))
        } else {
            provider
        }
    }));
    let mut otlp = arguments.otlp_json.as_ref().map(Destination::open).transpose()?;
    let sources = without_later_parts(&arguments.files).into_iter();
    let logs: Vec<FollowedLog> =
        sources.map(|source| FollowedLog::start(&replayer, source.clone())).collect();
    let stop = stop_on_ctrl_c();
    loop {
        // Checked before the spans are written, so that those of finished logs are all there.
        let are_finished = logs.iter().all(|log| log.thread.is_finished());
        let is_stopped = stop.load(Ordering::Relaxed);
        logs.iter().for_each(if is_stopped { FollowedLog::close } else { FollowedLog::handle_silence });
        if let Some(error) = lock(&write_error).take() {
            return Err(error.into());
        }
        if let Some(out) = &mut otlp {
            write_otlp_line(out, &resource, collector.take())?;
            out.flush()?;
        }
        if are_finished || is_stopped {
            return Ok(logs.iter().map(FollowedLog::status).max().unwrap_or_default());
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Returns a flag that Ctrl-C sets. If the handler cannot be installed, Ctrl-C ends the process as usual.
fn stop_on_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    stop
}

/// A log that a thread follows.
struct FollowedLog {
    state: Arc<FollowState>,
    thread: JoinHandle<()>,
}

/// The state that the thread of a log shares with the main thread.
#[derive(Default)]
struct FollowState {
    /// `None` before the header is read, and after the end.
    conversation: Mutex<Option<FollowedConversation>>,
    status: Mutex<ExitStatus>,
}

struct FollowedConversation {
    replay: Replay,
    emitter: Emitter,
    last_event: Instant,
}

impl FollowedLog {
    fn start(replayer: &Arc<Replayer>, source: Source) -> Self {
        let state = Arc::<FollowState>::default();
        let (replayer, thread_state) = (Arc::clone(replayer), Arc::clone(&state));
        Self { state, thread: thread::spawn(move || thread_state.follow(&replayer, &source)) }
    }

    /// Handles the deadlines that pass while nothing is written.
    fn handle_silence(&self) {
        if let Some(FollowedConversation { replay, emitter, last_event }) =
            &mut *lock(&self.state.conversation)
        {
            replay.handle_silence(last_event.elapsed().saturating_sub(MAX_READ_DELAY), emitter);
        }
    }

    /// Prints what is still open.
    fn close(&self) {
        if let Some(FollowedConversation { replay, mut emitter, .. }) = lock(&self.state.conversation).take()
        {
            replay.close(&mut emitter);
        }
    }

    /// Returns the status so far. A thread that panicked leaves its conversation behind.
    fn status(&self) -> ExitStatus {
        let has_panicked = self.thread.is_finished() && lock(&self.state.conversation).is_some();
        if has_panicked { ExitStatus::Failure } else { *lock(&self.state.status) }
    }
}

impl FollowState {
    /// Reads a log to its end.
    fn follow(&self, replayer: &Replayer, source: &Source) {
        if source.is_missing() {
            anstream::eprintln!("{source}: waiting for the file, which does not exist yet");
        }
        let mut reader = match source.follow() {
            Ok(reader) => reader,
            Err(error) => return self.raise(report_unreadable(source, &error)),
        };
        let header = reader.header();
        *lock(&self.conversation) = Some(FollowedConversation {
            replay: Replay::new(replayer.config(header)),
            emitter: replayer.emitter(source, header),
            last_event: Instant::now(),
        });
        for item in reader.by_ref() {
            match item {
                Ok(event) => {
                    if let Some(FollowedConversation { replay, emitter, last_event }) =
                        &mut *lock(&self.conversation)
                    {
                        *last_event = Instant::now();
                        replay.handle_event(&event, emitter);
                    }
                }
                Err(bad) => {
                    anstream::eprintln!("{source}: {bad}");
                    self.raise(ExitStatus::BadLines);
                }
            }
        }
        // The lock is held to the end of the block, so that Ctrl-C waits for these spans.
        if let Some(FollowedConversation { replay, mut emitter, .. }) = lock(&self.conversation).take() {
            let report = replay.finish(&reader, &mut emitter);
            self.raise(report_problems(source, &report));
        }
    }

    fn raise(&self, status: ExitStatus) {
        let mut worst = lock(&self.status);
        *worst = (*worst).max(status);
    }
}

/// Locks `mutex` even if a thread panicked, so that the turns it has read are still printed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An output that records its first error, as an exporter cannot return it.
struct ErrorRecorder<W> {
    out: W,
    error: Arc<Mutex<Option<io::Error>>>,
}

impl<W> ErrorRecorder<W> {
    fn new(out: W) -> Self {
        Self { out, error: Arc::default() }
    }

    fn record<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| {
            lock(&self.error).get_or_insert_with(|| error.kind().into());
        })
    }
}

impl<W: Write> Write for ErrorRecorder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.record(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.record(flushed)
    }
}
