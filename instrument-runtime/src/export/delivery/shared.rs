//! The delivery that the threads share: a lock, and the condition variables that wake them.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::trace::SpanData;
use uuid::Uuid;

use super::queue::QueuedSpan;
use super::state::{DeliveryState, Spooling, Step};
use super::{DestinationReport, ExportError, FailedSpans};
use crate::export::clock::{self, Deadline};
use crate::export::settings::{BatchSettings, Destination};
use crate::export::spool::SpooledBy;
use crate::export::transport::Receipt;
use crate::process::ProcessId;

/// Work for the worker.
#[derive(Debug)]
pub(super) enum Work {
    /// Sends these spans.
    Send(Vec<QueuedSpan>),
    /// Writes these spans to the spool.
    Spool(Vec<QueuedSpan>),
    /// Sends the oldest request of the spool.
    Drain,
}

/// The delivery to one destination. No method sends anything, and none but those named `wait` blocks for longer than it takes
/// to move a span.
#[derive(Debug)]
pub(super) struct SharedDelivery {
    destination: Destination,
    /// The directory of the spool, if there is one.
    spool: Option<PathBuf>,
    state: Mutex<DeliveryState>,
    /// Wakes the worker, when its next step has changed.
    step_changed: Condvar,
    /// Wakes those that wait for outcomes.
    settled: Condvar,
    owner: ProcessId,
}

impl SharedDelivery {
    /// Creates a delivery without any span.
    pub(super) fn new(destination: Destination, batch: BatchSettings, spool: Option<PathBuf>) -> Self {
        let spooling = if spool.is_some() { Spooling::On } else { Spooling::Off };
        Self {
            destination,
            spool,
            state: Mutex::new(DeliveryState::new(batch, spooling)),
            step_changed: Condvar::new(),
            settled: Condvar::new(),
            owner: ProcessId::current(),
        }
    }

    pub(super) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Returns whether this is a child of the process that sends. Only [`report`](Self::report) may be called there, as
    /// another thread may have held the lock at the fork.
    pub(super) fn is_of_parent(&self) -> bool {
        self.owner != ProcessId::current()
    }

    /// Queues a span that ended.
    pub(super) fn admit(&self, span: SpanData) {
        let (span, now) = (QueuedSpan::new(span), clock::monotonic_now());
        let mut state = self.lock();
        let admission = state.admit(span, now);
        let limits = state.limits();
        drop(state);
        if admission.changes_step {
            self.step_changed.notify_one();
        }
        if admission.is_first_drop {
            tracing::warn!(
                "the oldest spans for {} are dropped because the queue is full ({} spans or {} bytes): raise \
                 OTEL_BSP_MAX_QUEUE_SIZE or PIPECAT_TRACE_MAX_QUEUE_BYTES, or check why the backend is slow (logged once)",
                self.destination.name(),
                limits.spans,
                limits.bytes,
            );
        }
        // Outside of the lock, as freeing texts takes time.
        drop(admission.dropped);
    }

    /// Waits for work that is due. Returns `None` when nothing is left to do after the shutdown.
    pub(super) fn wait_for_work(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            let now = clock::monotonic_now();
            match state.next_step(now) {
                Step::Send(spans) => return Some(Work::Send(spans)),
                Step::Spool(spans) => return Some(Work::Spool(spans)),
                Step::Drain => return Some(Work::Drain),
                Step::Stop => return None,
                Step::Wait(until) => {
                    let time = until.map_or(Duration::MAX, |until| until.saturating_duration_since(now));
                    let woken = self.step_changed.wait_timeout(state, time);
                    state = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// Records that the destination took the oldest `count` spans in flight.
    pub(super) fn on_exported(&self, count: usize, receipt: Receipt) {
        let error = self.lock().on_exported(count, receipt);
        self.settled.notify_all();
        self.log_failure(error);
    }

    /// Records that the oldest `count` spans in flight failed for good.
    pub(super) fn on_failed(&self, count: usize, error: ExportError) {
        let error = self.lock().on_failed(count, error);
        self.settled.notify_all();
        self.log_failure(error);
    }

    /// Returns all spans in flight to the queue, to be sent again later, at the earliest after the `requested` wait.
    pub(super) fn retry_later(&self, error: ExportError, requested: Option<Duration>) {
        let now = clock::monotonic_now();
        let error = self.lock().retry_later(error, requested, random(), now);
        // The next attempt may be later than those that wait for it would wait.
        self.settled.notify_all();
        if let Some(error) = error {
            tracing::warn!(
                "spans for {} wait to be sent again: {} (logged once)",
                self.destination.name(),
                self.destination.explain(&error)
            );
        }
    }

    /// Records that `count` spans in flight, or of those left at the shutdown, are in the spool.
    pub(super) fn on_spooled(&self, count: usize) {
        self.lock().on_spooled(count);
        self.settled.notify_all();
    }

    /// Returns the spans in flight to the queue, as they could not be written to the spool.
    pub(super) fn on_not_spooled(&self) {
        let now = clock::monotonic_now();
        self.lock().on_not_spooled(now);
    }

    /// Records that `count` spans left at the shutdown could not be written to the spool.
    pub(super) fn fail_left(&self, count: usize, error: ExportError) {
        let error = self.lock().fail_left(count, error);
        self.settled.notify_all();
        self.log_failure(error);
    }

    /// Records that the destination took a request of the spool.
    pub(super) fn on_recovered(&self, by: SpooledBy, spans: u64, receipt: Receipt) {
        let error = self.lock().on_recovered(by, spans, receipt);
        self.settled.notify_all();
        self.log_failure(error);
    }

    /// Records that the destination refused a request of the spool for good.
    pub(super) fn on_refused(&self, by: SpooledBy, spans: u64, error: ExportError) {
        let error = self.lock().on_refused(by, spans, error);
        self.settled.notify_all();
        self.log_failure(error);
    }

    /// Records that spans of the spool were evicted, or lost in a damaged file.
    pub(super) fn on_lost(&self, by: SpooledBy, spans: u64, error: ExportError) {
        let error = self.lock().on_lost(by, spans, error);
        self.log_failure(error);
    }

    /// Records that no request was found in the spool.
    pub(super) fn on_drained(&self) {
        let now = clock::monotonic_now();
        self.lock().on_drained(now);
        self.settled.notify_all();
    }

    /// Lowers the limit of bytes in one request, after one of this size was too large.
    pub(super) fn lower_request_limit(&self, refused_bytes: usize) {
        self.lock().lower_request_limit(refused_bytes);
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.lock().queued_bytes()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().is_abandoned()
    }

    /// Makes all queued spans due at once, also during a backoff.
    pub(super) fn start_flush(&self) {
        self.lock().start_flush();
        self.step_changed.notify_one();
    }

    /// Closes the delivery: all queued spans are due, and those that end from now on are late.
    pub(super) fn close(&self) {
        self.lock().close();
        self.step_changed.notify_one();
    }

    /// Stops sending, and returns the spans that are left, in requests. They fail with the error of the last attempt,
    /// or stay queued if there was none, or until they are [spooled](Self::on_spooled).
    pub(super) fn abandon(&self) -> Vec<Vec<QueuedSpan>> {
        let rest = self.lock().abandon();
        self.step_changed.notify_one();
        self.settled.notify_all();
        rest
    }

    /// Waits until every span received so far has an outcome and the spool is drained, or until `deadline`. Returns
    /// early if the next attempt would be later than `deadline`, and does not wait for the spool while the destination
    /// is away.
    pub(super) fn wait_until_settled(&self, deadline: Deadline) {
        let mut state = self.lock();
        let received = state.outcomes().received();
        let is_too_late = |retry_at: Instant| deadline.is_before(retry_at);
        loop {
            let is_sending = state.settled() < received && !state.retry_at().is_some_and(is_too_late);
            let is_draining = state.has_spooled() && state.retry_at().is_none();
            if state.is_abandoned() || !(is_sending || is_draining) {
                return;
            }
            let Some(left) = deadline.left() else { return };
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns the outcome of every span received so far. In a child of the process that sends, it is that at the fork, or
    /// has no spans if another thread held the lock then.
    pub(super) fn report(&self) -> DestinationReport {
        let (name, spool) = (self.destination.name(), self.spool.clone());
        let Some(state) = self.lock_for_report() else {
            return DestinationReport { name, spool, ..DestinationReport::default() };
        };
        let explain = |spans: u64, error: &ExportError| FailedSpans {
            spans,
            error: error.clone(),
            explanation: self.destination.explain(error),
        };
        let outcomes = state.outcomes();
        let queued = state.queued() as u64;
        DestinationReport {
            name,
            exported: outcomes.exported(),
            queued,
            dropped: outcomes.dropped(),
            late: outcomes.late(),
            spooled: outcomes.spooled(),
            failed: outcomes.failed().iter().map(|(error, spans)| explain(*spans, error)).collect(),
            retried: state.retried().filter(|_| queued > 0).map(|error| explain(queued, error)),
            spool,
            recovered: outcomes.recovered(),
            unrecovered: outcomes.unrecovered().iter().map(|(error, spans)| explain(*spans, error)).collect(),
        }
    }

    fn log_failure(&self, error: Option<ExportError>) {
        if let Some(error) = error {
            tracing::warn!(
                "spans do not reach {}: {} (logged once)",
                self.destination.name(),
                self.destination.explain(&error)
            );
        }
    }

    /// Returns `None` if a thread of the parent held the lock at the fork, as nothing releases it in the child.
    fn lock_for_report(&self) -> Option<MutexGuard<'_, DeliveryState>> {
        if !self.is_of_parent() {
            return Some(self.lock());
        }
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, DeliveryState> {
        // A panic leaves no counter half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a random number, for jitter.
fn random() -> u32 {
    let [.., a, b, c, d] = Uuid::new_v4().into_bytes();
    u32::from_le_bytes([a, b, c, d])
}
