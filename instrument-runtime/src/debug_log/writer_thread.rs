//! The thread that writes the logs of all conversations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::log_file::LogFile;
use super::open_log::OpenLog;
use super::queue::{EventLines, Message};

/// How often a compressed log is flushed at most: after each event, it would hardly be smaller than a plain one. A
/// process that is killed loses no more than this of it.
const BETWEEN_DEAR_FLUSHES: Duration = Duration::from_secs(1);

/// Starts the thread. It ends when the last sender is gone and all is written.
pub(super) fn start() -> io::Result<Sender<Message>> {
    let (sender, messages) = channel();
    thread::Builder::new()
        .name("pipecat-debug-log".into())
        .spawn(move || WriterThread { messages, open: HashMap::new(), dear_flush_due: None }.run())?;
    Ok(sender)
}

struct WriterThread {
    messages: Receiver<Message>,
    /// The logs under way, by number.
    open: HashMap<u64, Open>,
    /// When compressed logs are to be flushed; none while nothing was written to one since.
    dear_flush_due: Option<Instant>,
}

struct Open {
    file: Arc<LogFile>,
    log: OpenLog,
    /// Whether there is something that was not flushed yet.
    dirty: bool,
}

/// Which logs are flushed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// Those that it costs nothing for.
    Cheap,
}

impl WriterThread {
    fn run(mut self) {
        while let Some(message) = self.next() {
            match message {
                Message::Event { file, lines, place } => {
                    self.event(&file, lines);
                    drop(place);
                }
                Message::End { file, events, dropped } => self.end(&file, events, dropped),
                Message::Flush(done) => {
                    self.flush(Which::All);
                    // Whoever asked may have given up waiting.
                    let _ = done.send(());
                }
            }
        }
        self.flush(Which::All);
    }

    /// The next message. While none waits, what was written is flushed: what a killed process leaves is readable.
    fn next(&mut self) -> Option<Message> {
        loop {
            self.flush_if_due();
            match self.messages.try_recv() {
                Ok(message) => return Some(message),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            self.flush(Which::Cheap);
            let Some(due) = self.dear_flush_due else { return self.messages.recv().ok() };
            match self.messages.recv_timeout(due.saturating_duration_since(now())) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn event(&mut self, file: &Arc<LogFile>, lines: EventLines) {
        let Some(open) = self.opened(file) else { return };
        open.dirty = true;
        let is_dear = open.log.flushes_dearly();
        if let Err(error) = open.log.write(file, lines) {
            self.stop(file, &error);
        } else if is_dear {
            self.dear_flush_due.get_or_insert_with(|| now() + BETWEEN_DEAR_FLUSHES);
        }
    }

    fn end(&mut self, file: &Arc<LogFile>, events: u64, dropped: u64) {
        self.opened(file);
        if let Some(open) = self.open.remove(&file.number)
            && let Err(error) = open.log.finish(events, dropped)
        {
            file.stop(&error);
        }
    }

    /// The log of `file`, opened at its first use; none once it has failed.
    fn opened(&mut self, file: &Arc<LogFile>) -> Option<&mut Open> {
        if file.has_stopped() {
            return None;
        }
        match self.open.entry(file.number) {
            Entry::Occupied(open) => Some(open.into_mut()),
            Entry::Vacant(place) => {
                let log = OpenLog::create(file).inspect_err(|error| file.stop(error)).ok()?;
                Some(place.insert(Open { file: Arc::clone(file), log, dirty: true }))
            }
        }
    }

    fn flush_if_due(&mut self) {
        if self.dear_flush_due.is_some_and(|due| due <= now()) {
            self.flush(Which::All);
        }
    }

    fn flush(&mut self, which: Which) {
        self.open.retain(|_, open| {
            if !open.dirty || (which == Which::Cheap && open.log.flushes_dearly()) {
                return true;
            }
            open.dirty = false;
            open.log.flush().inspect_err(|error| open.file.stop(error)).is_ok()
        });
        if which == Which::All {
            self.dear_flush_due = None;
        }
    }

    fn stop(&mut self, file: &LogFile, error: &io::Error) {
        file.stop(error);
        self.open.remove(&file.number);
    }
}

#[allow(clippy::disallowed_methods, reason = "how often the disk is bothered is no time of a conversation")]
fn now() -> Instant {
    Instant::now()
}
