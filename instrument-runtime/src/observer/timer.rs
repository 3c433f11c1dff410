//! One timer thread for the whole process, started when the first conversation needs it, and again in a child of
//! `fork`.
//!
//! ```text
//!   any conversation ──wake_at(instant, target)──▶ channel ──▶ timer thread: a heap of wake-ups, earliest first
//!                                                                  │ due
//!                                                                  ▼
//!                                                           target.upgrade()?.wake()
//! ```
//!
//! The thread owns the heap, so conversations share no lock. A wake-up is only a hint: the target checks its own
//! deadline. So a late or needless wake-up does not affect any result, and wake-ups need not be canceled. Spans that
//! end by a wake-up are emitted on another thread, as an exporter may block.

#![allow(clippy::disallowed_methods, reason = "the clock is read here")]

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use crate::process::PerProcess;

/// The thread's name. Linux keeps 15 characters.
const THREAD_NAME: &str = "pipecat-timer";

/// Something that has deadlines.
pub(super) trait Wake: Send + Sync {
    /// Handles everything that is due. Must not panic.
    fn wake(&self);
}

thread_local! {
    static IS_TIMER: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this is the timer's thread.
pub(super) fn is_current_thread() -> bool {
    IS_TIMER.get()
}

/// Wakes `target` at `at` or soon after, unless it is dropped by then.
pub(super) fn wake_at(at: Instant, target: Weak<dyn Wake>) {
    static TIMER: PerProcess<Option<Sender<WakeUp>>> = PerProcess::new();

    // A loom model calls `wake` itself: it cannot control a thread of the process.
    if cfg!(loom) {
        return;
    }
    if let Some(timer) = TIMER.get_or_init(start) {
        // The thread ends only with the process.
        let _ = timer.send(WakeUp { at, target });
    }
}

fn start() -> Option<Sender<WakeUp>> {
    let (sender, wake_ups) = channel();
    let run = move || {
        IS_TIMER.set(true);
        run(&wake_ups);
    };
    let thread = std::thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(run);
    match thread {
        Ok(_) => Some(sender),
        Err(error) => {
            tracing::warn!(
                %error,
                "cannot start the timer thread: turns end with the next frame after their timeout, not at the timeout; \
                 raise the limit on threads"
            );
            None
        }
    }
}

/// A scheduled wake-up.
pub(super) struct WakeUp {
    pub(super) at: Instant,
    pub(super) target: Weak<dyn Wake>,
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

/// The queue of new wake-ups, and the clock by which they are due.
pub(super) trait WakeUpQueue {
    fn now(&self) -> Instant;

    /// Waits for the next wake-up, until `until` at most.
    fn receive(&self, until: Option<Instant>) -> Result<WakeUp, RecvTimeoutError>;
}

impl WakeUpQueue for Receiver<WakeUp> {
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

/// Runs the timer until every sender of the queue is dropped.
pub(super) fn run(queue: &impl WakeUpQueue) {
    let mut waiting = BinaryHeap::new();
    loop {
        wake_due(&mut waiting, queue);
        let next_due = waiting.peek().map(|Reverse(WakeUp { at, .. })| *at);
        match queue.receive(next_due) {
            Ok(wake_up) => waiting.push(Reverse(wake_up)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn wake_due(waiting: &mut BinaryHeap<Reverse<WakeUp>>, queue: &impl WakeUpQueue) {
    while waiting.peek().is_some_and(|Reverse(earliest)| earliest.at <= queue.now()) {
        if let Some(Reverse(due)) = waiting.pop()
            && let Some(target) = due.target.upgrade()
        {
            target.wake();
        }
    }
}

#[cfg(test)]
mod tests;
