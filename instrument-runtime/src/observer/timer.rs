//! One timer thread for the whole process, started when the first conversation needs it.
//!
//! ```text
//!   any conversation ──wake_at(instant, who)──▶ channel ──▶ timer thread: a heap of wake-ups, earliest first
//!                                                               │ due
//!                                                               ▼
//!                                                        who.upgrade()?.wake()
//! ```
//!
//! The heap belongs to the thread alone, so conversations share no lock: a wake-up is posted, and that is all. A
//! wake-up is a hint and no more. Who is woken looks at its own deadline, so one that comes late, or for nothing,
//! changes no result, and need never be taken back. Spans that end by a wake-up are exported on this thread: an exporter
//! that blocks delays the other wake-ups, and nothing else.

#![allow(clippy::disallowed_methods, reason = "this is where a clock is asked")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use once_cell::sync::Lazy;

/// The name of the thread, as a debugger shows it (Linux keeps 15 characters).
const THREAD_NAME: &str = "pipecat-timer";

/// Something that has deadlines.
pub(super) trait Wake: Send + Sync {
    /// A wake-up is due. Must not panic.
    fn wake(&self);
}

/// Wakes `who` at `at`, or soon after; not at all if it is gone by then.
pub(super) fn wake_at(at: Instant, who: Weak<dyn Wake>) {
    static TIMER: Lazy<Option<Sender<WakeUp>>> = Lazy::new(start);

    // A model wakes by itself: a thread of the process is none of its own.
    if cfg!(loom) {
        return;
    }
    if let Some(timer) = TIMER.as_ref() {
        // The thread ends only with the process.
        let _ = timer.send(WakeUp { at, who });
    }
}

fn start() -> Option<Sender<WakeUp>> {
    let (sender, wake_ups) = channel();
    let thread = std::thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(move || run(&wake_ups));
    match thread {
        Ok(_) => Some(sender),
        Err(error) => {
            tracing::warn!(
                %error,
                "no thread for the timer: a turn now ends with the next frame after its timeout, not at the timeout; \
                 raise the limit on threads"
            );
            None
        }
    }
}

/// Who is to be woken, and when.
pub(super) struct WakeUp {
    pub(super) at: Instant,
    pub(super) who: Weak<dyn Wake>,
}

impl PartialEq for WakeUp {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for WakeUp {}

impl PartialOrd for WakeUp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WakeUp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// Where wake-ups are posted, and by which clock they are due.
pub(super) trait Post {
    fn now(&self) -> Instant;

    /// The next that is posted, but not waited for beyond `until`.
    fn receive(&self, until: Option<Instant>) -> Result<WakeUp, RecvTimeoutError>;
}

impl Post for Receiver<WakeUp> {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn receive(&self, until: Option<Instant>) -> Result<WakeUp, RecvTimeoutError> {
        match until {
            Some(until) => self.recv_timeout(until.saturating_duration_since(self.now())),
            None => self.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }
}

/// Works off wake-ups until nobody can post any more.
pub(super) fn run(post: &impl Post) {
    let mut waiting = BinaryHeap::new();
    loop {
        wake_the_due(&mut waiting, post);
        let next_due = waiting.peek().map(|Reverse(WakeUp { at, .. })| *at);
        match post.receive(next_due) {
            Ok(wake_up) => waiting.push(Reverse(wake_up)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn wake_the_due(waiting: &mut BinaryHeap<Reverse<WakeUp>>, post: &impl Post) {
    while waiting.peek().is_some_and(|Reverse(earliest)| earliest.at <= post.now()) {
        if let Some(Reverse(due)) = waiting.pop()
            && let Some(who) = due.who.upgrade()
        {
            who.wake();
        }
    }
}

#[cfg(test)]
mod tests;
