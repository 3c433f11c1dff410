//! The thread that writes the logs of all conversations.
//!
//! Lines wait where they are recorded, each conversation's in a place of its own, and the thread is told only that there
//! are some. It comes for them when they are due, so a log that nobody looks at is written in large pieces. Only some
//! files are open at once: the one that was not written to for longest is closed for the next, and opened again when there
//! is more for it.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, Sender, TryRecvError, channel};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::conversation_log::RecordedLog;
use super::flush_schedule::{Patience, Schedule};
use super::fs::is_lack_of_files;
use super::log_writer::{OpenLog, Progress};
use super::queue_budget::{Bounds, Room};
use super::recency::Recency;

/// How often it looks for messages at least while logs are being recorded. It sleeps in between, as waking it up is for
/// the pipelines to pay.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// How often it tries to open a file while this process may open none.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// What the thread is told.
pub(super) enum Message {
    /// There are lines where there were none.
    Lines(Arc<RecordedLog>),
    /// Tell when all that came before is written.
    Flush(Sender<()>),
}

/// The way to the thread.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    messages: Sender<Message>,
    thread: Thread,
}

impl Writer {
    /// Starts the thread. It ends when the last of these is gone and all is written.
    pub(super) fn start(room: Arc<Room>, bounds: Bounds) -> io::Result<Self> {
        let (messages, received) = channel();
        let thread = thread::Builder::new()
            .name("pipecat-debug-log".into())
            .spawn(move || WriterThread::new(received, room, bounds).run())?;
        Ok(Self { messages, thread: thread.thread().clone() })
    }

    /// It fails only if the thread is gone: then no log has a footer, as if the process had died.
    pub(super) fn announce(&self, log: Arc<RecordedLog>) {
        let _ = self.messages.send(Message::Lines(log));
    }

    /// Asks for all that was recorded so far to be written, now.
    pub(super) fn flush(&self, done: Sender<()>) -> Result<(), SendError<Message>> {
        self.messages.send(Message::Flush(done))?;
        self.thread.unpark();
        Ok(())
    }
}

struct WriterThread {
    messages: Receiver<Message>,
    room: Arc<Room>,
    /// The logs under way, by number.
    logs: HashMap<u64, OpenLog>,
    /// Those whose file is open, and those among them that are compressed.
    open: Recency,
    compressing: Recency,
    bounds: Bounds,
    /// How many files may be open for now.
    most_files_now: usize,
    schedule: Schedule,
}

impl WriterThread {
    fn new(messages: Receiver<Message>, room: Arc<Room>, bounds: Bounds) -> Self {
        Self {
            messages,
            room,
            logs: HashMap::new(),
            open: Recency::default(),
            compressing: Recency::default(),
            bounds,
            most_files_now: bounds.files,
            schedule: Schedule::default(),
        }
    }

    fn run(mut self) {
        loop {
            match self.messages.try_recv() {
                Ok(message) => self.take(message),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    if !self.write_the_next() && !self.wait() {
                        break;
                    }
                }
            }
        }
        self.write_all();
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Lines(log) => self.expect(log),
            Message::Flush(done) => {
                self.write_all();
                // Whoever asked may have given up waiting.
                let _ = done.send(());
            }
        }
    }

    /// There are lines for a log: some time it is to be written.
    fn expect(&mut self, recorded: Arc<RecordedLog>) {
        let (number, is_gzip) = (recorded.file.number, recorded.file.path.is_gzip());
        let may_be_open = self.open.len() < self.most_files_now;
        let log = self.logs.entry(number).or_insert_with(|| OpenLog::new(recorded));
        let is_cheap = !is_gzip && (log.is_open() || may_be_open);
        self.schedule.add(now(), number, if is_cheap { Patience::Short } else { Patience::Long });
    }

    /// Writes a log that is due, or before it is, where there is little room left; false if there is none.
    fn write_the_next(&mut self) -> bool {
        let Some(due) = self.schedule.next_due() else { return false };
        let is_time = self.room.is_short() || due <= now();
        if is_time && let Some(number) = self.schedule.pop() {
            self.write(number);
        }
        is_time
    }

    /// Waits until there may be something to do; false if there will be nothing more.
    fn wait(&mut self) -> bool {
        if let Some(due) = self.schedule.next_due() {
            thread::park_timeout(due.saturating_duration_since(now()).min(BETWEEN_LOOKS));
            return true;
        }
        match self.messages.recv() {
            Ok(message) => {
                self.take(message);
                true
            }
            Err(_) => false,
        }
    }

    fn write_all(&mut self) {
        while let Some(number) = self.schedule.pop() {
            self.write(number);
        }
    }

    /// Writes all that was recorded of a log.
    fn write(&mut self, number: u64) {
        let Some(log) = self.logs.get_mut(&number) else { return };
        log.take_over(&self.room);
        if log.log_file().has_stopped() {
            // What is recorded while it stops is dropped with this.
            self.forget(number);
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
                    self.forget(number);
                    // A call that is over leaves files to others: if there was a lack of them, it may have passed.
                    self.most_files_now = self.bounds.files.min(self.most_files_now + 1);
                    return;
                }
                Err(error) => Err(error),
            };
            if let Err(error) = opened {
                return self.stop(number, &error);
            }
        }
    }

    /// Opens the file of a log, and closes another's for it where that is needed.
    fn open(&mut self, number: u64) -> io::Result<()> {
        let is_gzip = self.logs.get(&number).is_some_and(|log| log.log_file().path.is_gzip());
        while is_gzip && self.compressing.len() >= self.bounds.compressors {
            let oldest = self.compressing.pop_oldest();
            self.close(oldest);
        }
        while self.open.len() >= self.most_files_now {
            self.close_oldest();
        }
        loop {
            let Some(log) = self.logs.get_mut(&number) else { return Ok(()) };
            match log.open() {
                Err(error) if is_lack_of_files(&error) => self.give_files_back(&error),
                opened => {
                    opened?;
                    self.touch(number);
                    return Ok(());
                }
            }
        }
    }

    /// A log whose file is open was written to.
    fn touch(&mut self, number: u64) {
        self.open.touch(number);
        if self.logs.get(&number).is_some_and(|log| log.log_file().path.is_gzip()) {
            self.compressing.touch(number);
        }
    }

    /// This process has as many files open as it may: half of those here are closed, and as few shall it be from now on.
    /// With none to close, nothing can be written by anybody: this waits, and what is recorded meanwhile has the room
    /// that there is.
    fn give_files_back(&mut self, error: &io::Error) {
        static SAID: std::sync::Once = std::sync::Once::new();

        SAID.call_once(|| {
            tracing::warn!(
                %error,
                open = self.open.len(),
                "this process has as many files open as it may: frame logs now make do with fewer, and open them more \
                 often; allow it more (ulimit -n)"
            );
        });
        let open = self.open.len();
        if open == 0 {
            thread::sleep(BETWEEN_TRIES);
            return;
        }
        self.most_files_now = (open / 2).max(1);
        (0..open.div_ceil(2)).for_each(|_| self.close_oldest());
    }

    fn close_oldest(&mut self) {
        let oldest = self.open.pop_oldest();
        self.close(oldest);
    }

    fn close(&mut self, number: Option<u64>) {
        let Some(number) = number else { return };
        self.open.remove(number);
        self.compressing.remove(number);
        if let Some(log) = self.logs.get_mut(&number)
            && let Err(error) = log.close()
        {
            self.stop(number, &error);
        }
    }

    fn stop(&mut self, number: u64, error: &io::Error) {
        if let Some(log) = self.logs.get_mut(&number) {
            log.log_file().stop(error);
            // What waits gives its room back, and is dropped.
            log.take_over(&self.room);
        }
        self.forget(number);
    }

    fn forget(&mut self, number: u64) {
        self.open.remove(number);
        self.compressing.remove(number);
        self.logs.remove(&number);
    }
}

#[allow(clippy::disallowed_methods, reason = "how often the disk is bothered is no time of a conversation")]
fn now() -> Instant {
    Instant::now()
}
