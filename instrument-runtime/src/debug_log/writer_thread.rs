//! The thread that writes the logs of all conversations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;

use super::log_file::{LogFile, OpenLog};
use super::queue::Message;

/// Starts the thread. It ends when the last sender is gone and all is written.
pub(super) fn start() -> io::Result<Sender<Message>> {
    let (sender, messages) = channel();
    thread::Builder::new()
        .name("pipecat-debug-log".into())
        .spawn(move || WriterThread { messages, open: HashMap::new() }.run())?;
    Ok(sender)
}

struct WriterThread {
    messages: Receiver<Message>,
    /// The logs under way, by number.
    open: HashMap<u64, Open>,
}

struct Open {
    file: Arc<LogFile>,
    log: OpenLog,
    /// Whether there is something that was not flushed yet.
    dirty: bool,
}

impl WriterThread {
    fn run(mut self) {
        while let Some(message) = self.next() {
            match message {
                Message::Event { file, lines, place } => {
                    self.event(&file, &lines);
                    drop(place);
                }
                Message::End { file, footer } => self.end(&file, &footer),
                Message::Flush(done) => {
                    self.flush();
                    // Whoever asked may have given up waiting.
                    let _ = done.send(());
                }
            }
        }
        self.flush();
    }

    /// The next message. While none waits, all that was written is flushed: what a killed process leaves is readable.
    fn next(&mut self) -> Option<Message> {
        match self.messages.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Empty) => {
                self.flush();
                self.messages.recv().ok()
            }
            Err(TryRecvError::Disconnected) => None,
        }
    }

    fn event(&mut self, file: &Arc<LogFile>, lines: &[u8]) {
        if let Some(open) = self.opened(file) {
            open.dirty = true;
            if let Err(error) = open.log.write(lines) {
                self.stop(file, &error);
            }
        }
    }

    fn end(&mut self, file: &Arc<LogFile>, footer: &[u8]) {
        self.opened(file);
        if let Some(open) = self.open.remove(&file.number)
            && let Err(error) = open.log.finish(footer)
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
                let log = file.open().inspect_err(|error| file.stop(error)).ok()?;
                Some(place.insert(Open { file: Arc::clone(file), log, dirty: true }))
            }
        }
    }

    fn flush(&mut self) {
        self.open.retain(|_, open| {
            if !std::mem::take(&mut open.dirty) {
                return true;
            }
            open.log.flush().inspect_err(|error| open.file.stop(error)).is_ok()
        });
    }

    fn stop(&mut self, file: &LogFile, error: &io::Error) {
        file.stop(error);
        self.open.remove(&file.number);
    }
}
