//! Emits the starts and ends in an outbox, by one thread at a time.
//!
//! ```text
//!   drain_starts   claims `starting`; for each start: unlock, start the span, lock
//!   drain_ends     claims `ending`;   for each end:   first all starts, unlock, write and end the span, lock
//! ```
//!
//! A thread that finds a claim taken leaves: the thread with the claim looks for more work, under the lock, before it gives
//! the claim up. A claim may be that of the same thread, further up its stack.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Outbox;
use super::queue::{EndedSpan, NextStart, ParentSpan, Queue, QueuedEnd};
use crate::catch_panic::{PanicMessage, catch_panic};
use crate::emit::TraceLayout;
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

    /// Emits everything queued, unless another thread or a caller of this thread is doing so.
    pub(crate) fn drain(&self) {
        if self.has_queued() {
            self.drain_starts();
            self.drain_ends();
        }
    }

    /// Emits the queued starts, and no ends: their contexts are needed.
    pub(crate) fn emit_starts(&self) {
        if self.has_queued() {
            self.drain_starts();
        }
    }

    /// Emits everything queued, or waits until other threads have, for `timeout` at most. Does not wait if this thread is
    /// emitting.
    pub(crate) fn drain_within(&self, timeout: Duration) {
        self.drain();
        let me = Some(thread::current().id());
        drop(
            self.wait_while(timeout, |queue| !queue.is_idle() && queue.starting != me && queue.ending != me),
        );
    }

    /// Records that another thread will call [`drain_scheduled`](Self::drain_scheduled). Returns `false` if it already
    /// will.
    pub(crate) fn set_scheduled(&self) -> bool {
        !self.is_scheduled.swap(true, Ordering::AcqRel)
    }

    /// Emits everything queued, on the thread that was asked to.
    pub(crate) fn drain_scheduled(&self) {
        self.is_scheduled.store(false, Ordering::Release);
        self.drain();
    }

    fn drain_starts(&self) {
        let mut queue = self.lock();
        if queue.starting.is_some() {
            return;
        }
        while let Some(NextStart { start, parent }) = queue.next_start() {
            queue.starting = Some(thread::current().id());
            let needs_conversation = matches!(parent, ParentSpan::Remote(_))
                && self.writer.settings.layout == TraceLayout::PerConversation
                && queue.conversation.is_none();
            let conversation = queue.conversation.as_ref().map(|conversation| conversation.context().clone());
            drop(queue);

            let started = self.catch_panic(|| match (parent, conversation) {
                (ParentSpan::Own(parent), _) => (None, self.writer.start(&start, &parent)),
                (ParentSpan::Remote(_), Some(conversation)) => {
                    (None, self.writer.start(&start, &conversation))
                }
                (ParentSpan::Remote(remote), None) if needs_conversation => {
                    let conversation = self.writer.start_conversation(&remote, start.at);
                    let started = self.writer.start(&start, conversation.context());
                    (Some(conversation), started)
                }
                (ParentSpan::Remote(remote), None) => (None, self.writer.start_root(&start, &remote)),
            });

            queue = self.lock();
            let (conversation, started) = started.unzip();
            if let Some(conversation) = conversation.flatten() {
                queue.conversation = Some(Box::new(conversation));
            }
            queue.on_started(start.key, started);
            if !queue.recordings.is_empty() {
                self.has_recordings.store(true, Ordering::Release);
            }
            self.emitted.notify_all();
        }
        queue.starting = None;
        self.emitted.notify_all();
    }

    fn drain_ends(&self) {
        let mut queue = self.lock();
        if queue.ending.is_some() {
            return;
        }
        queue.ending = Some(thread::current().id());
        loop {
            if queue.starting.is_some() {
                // That thread emits the ends when it has emitted the starts.
                break;
            }
            if !queue.starts.is_empty() {
                drop(queue);
                self.drain_starts();
                queue = self.lock();
                continue;
            }
            let Some(end) = queue.ends.pop_front() else {
                self.has_queued.store(false, Ordering::Release);
                queue.shrink();
                break;
            };
            match end {
                QueuedEnd::Span(ended) => {
                    drop(queue);
                    let summary = self.catch_panic(|| self.end_span(*ended));
                    queue = self.lock();
                    if let (Some(Some(summary)), Some(conversation)) = (summary, &mut queue.conversation) {
                        conversation.on_end(summary);
                    }
                }
                QueuedEnd::Conversation => {
                    let conversation = queue.conversation.take();
                    let events = std::mem::take(&mut queue.conversation_events);
                    drop(queue);
                    if let Some(conversation) = conversation {
                        self.catch_panic(|| self.writer.end_conversation(*conversation, events));
                    }
                    queue = self.lock();
                }
            }
        }
        queue.ending = None;
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
