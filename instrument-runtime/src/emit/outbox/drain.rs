//! Emits the starts and ends in an outbox, by one thread at a time.
//!
//! ```text
//!   drain_starts   claims the starts; for each: unlock, start the span, lock
//!   drain_ends     claims the ends;   for each: all starts first, unlock, write and end the span, lock
//! ```
//!
//! A thread leaves if another thread, or a function further up its own stack, has the claim: whoever has it looks for more
//! work, under the lock, before giving it up.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Outbox;
use super::queue::{EndedSpan, NextEnd, NextStart, Queue};
use crate::catch_panic::{PanicMessage, catch_panic};
use crate::emit::conversation_span::RecordSummary;
use crate::emit::open_span::{OpenSpan, SpanState};
use crate::sync::atomic::Ordering;
use crate::sync::{MutexGuard, thread};

impl Outbox {
    /// Returns whether starts or ends may wait for emission.
    #[inline]
    pub(crate) fn has_queued(&self) -> bool {
        self.has_queued.load(Ordering::Acquire)
    }

    /// Emits everything queued, unless another thread or a caller of this function is doing so.
    pub(crate) fn drain(&self) {
        if self.has_queued() {
            self.drain_starts();
            self.drain_ends();
        }
    }

    /// Emits the queued starts, and no ends: the spans' contexts are needed.
    pub(crate) fn emit_starts(&self) {
        if self.has_queued() {
            self.drain_starts();
        }
    }

    /// Emits everything queued, or waits until other threads have, for `timeout` at most. Does not wait if this thread is
    /// emitting.
    pub(crate) fn drain_within(&self, timeout: Duration) {
        self.drain();
        let this_thread = thread::current().id();
        drop(self.wait_while(timeout, |queue| !queue.is_idle() && !queue.is_emitting(this_thread)));
    }

    /// Records that another thread will call [`drain_scheduled`](Self::drain_scheduled). Returns `false` if it already
    /// will.
    pub(crate) fn schedule(&self) -> bool {
        !self.is_scheduled.swap(true, Ordering::AcqRel)
    }

    /// Emits everything queued, on the thread that was asked to.
    pub(crate) fn drain_scheduled(&self) {
        self.is_scheduled.store(false, Ordering::Release);
        self.drain();
    }

    fn drain_starts(&self) {
        let mut queue = self.lock();
        if !queue.claim_starts(thread::current().id()) {
            return;
        }
        while let Some(next) = queue.next_start() {
            drop(queue);
            match next {
                NextStart::Conversation { remote_parent, at } => {
                    let started = self.catch_panic(|| self.writer.start_conversation(&remote_parent, at));
                    queue = self.lock();
                    queue.on_conversation_started(started);
                }
                NextStart::Child { start, parent } => {
                    let started = self.catch_panic(|| self.writer.start(&start, &parent));
                    queue = self.lock();
                    queue.on_started(start.key, started);
                }
                NextStart::Root { start, remote_parent } => {
                    let started = self.catch_panic(|| self.writer.start_root(&start, &remote_parent));
                    queue = self.lock();
                    queue.on_started(start.key, started);
                }
            }
            if queue.has_recordings() {
                self.has_recordings.store(true, Ordering::Release);
            }
            self.emitted.notify_all();
        }
        queue.release_starts();
        self.emitted.notify_all();
    }

    fn drain_ends(&self) {
        let mut queue = self.lock();
        if !queue.claim_ends(thread::current().id()) {
            return;
        }
        while let Some(next) = queue.next_end() {
            drop(queue);
            let summary = match next {
                NextEnd::Span(ended) => self.catch_panic(|| self.end_span(*ended)).flatten(),
                NextEnd::Conversation(conversation, events) => {
                    self.catch_panic(|| self.writer.end_conversation(*conversation, events));
                    None
                }
                NextEnd::AfterStarts => {
                    self.drain_starts();
                    None
                }
            };
            queue = self.lock();
            queue.on_ended(summary);
        }
        if queue.is_empty() {
            self.has_queued.store(false, Ordering::Release);
        }
        queue.release_ends();
        self.emitted.notify_all();
    }

    fn end_span(&self, EndedSpan { open, record }: EndedSpan) -> Option<RecordSummary> {
        let OpenSpan { start, state: SpanState::Started(started), annotations } = open else { return None };
        self.writer.end(&start, &started, annotations, record)
    }

    /// Runs code of the program. A panic in it loses one span.
    fn catch_panic<T>(&self, emit: impl FnOnce() -> T) -> Option<T> {
        catch_panic(emit)
            .inspect_err(|PanicMessage(panic)| {
                if !self.has_panicked.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        conversation_id = &*self.writer.session.id,
                        panic,
                        "a panic in a sampler, span processor, exporter or record processor: the span may be lost, tracing \
                         and the pipeline continue (logged once for a conversation)"
                    );
                }
            })
            .ok()
    }

    /// Waits while `condition` holds, for `timeout` at most.
    pub(super) fn wait_while(
        &self,
        timeout: Duration,
        condition: impl Fn(&Queue) -> bool,
    ) -> MutexGuard<'_, Queue> {
        let mut queue = self.lock();
        let begun = now();
        while condition(&queue) {
            let left = timeout.saturating_sub(now().duration_since(begun));
            if left.is_zero() {
                break;
            }
            queue = self.emitted.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        queue
    }
}

#[allow(clippy::disallowed_methods, reason = "waits are bounded by the clock")]
fn now() -> Instant {
    Instant::now()
}
