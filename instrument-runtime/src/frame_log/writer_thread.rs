//! The thread that writes the logs of all conversations.
//!
//! Lines wait in the [`RecordedLog`] of their conversation; the conversation only notifies the thread, which takes the
//! lines when they are due. So a busy log is written in large pieces. A limited number of files is open at once: the
//! least recently written file is closed for the next, and opened again when it has more lines.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, Sender, TryRecvError, channel};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::file_writer::is_too_many_open_files;
use super::line_buffer::{LogLimits, QueueBudget};
use super::log_writer::{LogWriter, Progress};
use super::recorded_log::RecordedLog;

/// Delay of lines for a file that is open and not compressed. If the process is killed, no more than this is lost.
const FLUSH_DELAY: Duration = Duration::from_millis(20);

/// Delay of lines for a file that is compressed or has to be opened first, which pays off only for many lines.
const COSTLY_FLUSH_DELAY: Duration = Duration::from_secs(1);

/// Maximum time between two checks for messages while logs are being recorded. Recording does not
/// wake the thread, as the pipelines would pay for that.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Time before the thread retries to open a file if this process may not open any.
const OPEN_RETRY_INTERVAL: Duration = Duration::from_millis(20);

pub(super) enum Message {
    /// A log that had no lines has some now.
    Lines(Arc<RecordedLog>),
    /// Write everything, then answer.
    Flush(Sender<()>),
}

/// Sends messages to the writer thread.
#[derive(Debug, Clone)]
pub(super) struct WriterHandle {
    messages: Sender<Message>,
    thread: Thread,
}

impl WriterHandle {
    /// Starts the thread. It ends when the last handle is gone and everything is written.
    pub(super) fn start(budget: Arc<QueueBudget>, limits: LogLimits) -> io::Result<Self> {
        let (messages, received) = channel();
        let thread = thread::Builder::new()
            .name("pipecat-frame-log".into())
            .spawn(move || WriterThread::new(received, budget, limits).run())?;
        Ok(Self { messages, thread: thread.thread().clone() })
    }

    /// Announces that `log` has lines. Fails silently if the thread is gone: then no log gets a footer, as if the
    /// process had died.
    pub(super) fn announce(&self, log: Arc<RecordedLog>) {
        let _ = self.messages.send(Message::Lines(log));
    }

    /// Requests an immediate write of everything recorded so far.
    pub(super) fn flush(&self, done: Sender<()>) -> Result<(), SendError<Message>> {
        self.messages.send(Message::Flush(done))?;
        self.thread.unpark();
        Ok(())
    }
}

/// Log numbers in the order of their last use.
type LruNumbers = LruCache<u64, ()>;

struct WriterThread {
    messages: Receiver<Message>,
    budget: Arc<QueueBudget>,
    /// The unfinished logs, by number.
    logs: HashMap<u64, LogWriter>,
    /// The logs whose file is open, and the compressed ones among them.
    open: LruNumbers,
    compressing: LruNumbers,
    limits: LogLimits,
    /// The limit on open files, lowered for a time if the process has none left.
    open_file_limit: usize,
    /// The logs that have lines to write: when each is due, and its number.
    schedule: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl WriterThread {
    fn new(messages: Receiver<Message>, budget: Arc<QueueBudget>, limits: LogLimits) -> Self {
        Self {
            messages,
            budget,
            logs: HashMap::new(),
            open: LruNumbers::unbounded(),
            compressing: LruNumbers::unbounded(),
            limits,
            open_file_limit: limits.open_files,
            schedule: BinaryHeap::new(),
        }
    }

    fn run(mut self) {
        loop {
            match self.messages.try_recv() {
                Ok(message) => self.on_message(message),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    if !self.write_next() && !self.wait() {
                        break;
                    }
                }
            }
        }
        self.write_all();
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Lines(log) => self.schedule(log),
            Message::Flush(done) => {
                self.write_all();
                // The caller may have stopped waiting.
                let _ = done.send(());
            }
        }
    }

    fn schedule(&mut self, recorded: Arc<RecordedLog>) {
        let (number, is_gzip) = (recorded.number, recorded.files.is_gzip());
        let may_open = self.open.len() < self.open_file_limit;
        let log = self.logs.entry(number).or_insert_with(|| LogWriter::new(recorded));
        let is_cheap = !is_gzip && (log.is_open() || may_open);
        let delay = if is_cheap { FLUSH_DELAY } else { COSTLY_FLUSH_DELAY };
        self.schedule.push(Reverse((now() + delay, number)));
    }

    /// Writes the next log if it is due or the budget is low. Returns false if there was nothing to write.
    fn write_next(&mut self) -> bool {
        let Some(&Reverse((due, number))) = self.schedule.peek() else { return false };
        let is_due = self.budget.is_low() || due <= now();
        if is_due {
            self.schedule.pop();
            self.write(number);
        }
        is_due
    }

    /// Waits for a message or the next due log. Returns false if the thread has nothing left to do.
    fn wait(&mut self) -> bool {
        if let Some(Reverse((due, _))) = self.schedule.peek() {
            thread::park_timeout(due.saturating_duration_since(now()).min(POLL_INTERVAL));
            return true;
        }
        match self.messages.recv() {
            Ok(message) => {
                self.on_message(message);
                true
            }
            Err(_) => false,
        }
    }

    fn write_all(&mut self) {
        while let Some(Reverse((_, number))) = self.schedule.pop() {
            self.write(number);
        }
    }

    /// Writes everything that a log has recorded.
    fn write(&mut self, number: u64) {
        let Some(log) = self.logs.get_mut(&number) else { return };
        log.take_recorded(&self.budget);
        if log.log().has_failed() {
            // This drops what was recorded meanwhile.
            self.remove(number);
            return;
        }
        loop {
            let Some(log) = self.logs.get_mut(&number) else { return };
            let progress = log.write();
            let is_open = log.is_open();
            let opened = match progress {
                Ok(Progress::NeedsFile) => self.open(number),
                Ok(Progress::Written) => {
                    if is_open {
                        self.touch(number);
                    }
                    return;
                }
                Ok(Progress::Complete) => {
                    self.remove(number);
                    // A finished call has closed its files: if they were scarce, there may be more again.
                    self.open_file_limit = self.limits.open_files.min(self.open_file_limit + 1);
                    return;
                }
                Err(error) => Err(error),
            };
            if let Err(error) = opened {
                return self.fail(number, &error);
            }
        }
    }

    /// Opens the file of a log, and closes other files as far as the limits require.
    fn open(&mut self, number: u64) -> io::Result<()> {
        while self.is_gzip(number) && self.compressing.len() >= self.limits.compressors {
            let oldest = self.compressing.pop_lru();
            self.close(oldest);
        }
        while self.open.len() >= self.open_file_limit {
            self.close_oldest();
        }
        loop {
            let Some(log) = self.logs.get_mut(&number) else { return Ok(()) };
            match log.open() {
                Err(error) if is_too_many_open_files(&error) => self.reduce_open_files(&error),
                opened => {
                    opened?;
                    self.touch(number);
                    return Ok(());
                }
            }
        }
    }

    fn is_gzip(&self, number: u64) -> bool {
        self.logs.get(&number).is_some_and(|log| log.log().files.is_gzip())
    }

    /// Marks an open file as most recently written.
    fn touch(&mut self, number: u64) {
        self.open.put(number, ());
        if self.is_gzip(number) {
            self.compressing.put(number, ());
        }
    }

    /// Closes half of the files, as this process may not open more, and lowers the limit to the rest. If there is no
    /// file to close, it waits; lines recorded meanwhile count against the budget of the queue.
    fn reduce_open_files(&mut self, error: &io::Error) {
        static WARNED: std::sync::Once = std::sync::Once::new();

        WARNED.call_once(|| {
            tracing::warn!(
                %error,
                open = self.open.len(),
                "this process has as many files open as it may: frame logs keep fewer files open, and reopen them more \
                 often; raise the limit of open files (ulimit -n)"
            );
        });
        let open = self.open.len();
        if open == 0 {
            thread::sleep(OPEN_RETRY_INTERVAL);
            return;
        }
        self.open_file_limit = (open / 2).max(1);
        (0..open.div_ceil(2)).for_each(|_| self.close_oldest());
    }

    fn close_oldest(&mut self) {
        let oldest = self.open.pop_lru();
        self.close(oldest);
    }

    fn close(&mut self, entry: Option<(u64, ())>) {
        let Some((number, ())) = entry else { return };
        self.open.pop(&number);
        self.compressing.pop(&number);
        if let Some(log) = self.logs.get_mut(&number)
            && let Err(error) = log.close()
        {
            self.fail(number, &error);
        }
    }

    fn fail(&mut self, number: u64, error: &io::Error) {
        if let Some(log) = self.logs.get_mut(&number) {
            log.log().fail(error);
            // Dropping the queued lines releases their budget.
            log.take_recorded(&self.budget);
        }
        self.remove(number);
    }

    fn remove(&mut self, number: u64) {
        self.open.pop(&number);
        self.compressing.pop(&number);
        self.logs.remove(&number);
    }
}

#[allow(clippy::disallowed_methods, reason = "the flush interval is wall time, not conversation time")]
fn now() -> Instant {
    Instant::now()
}
