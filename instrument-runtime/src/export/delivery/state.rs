//! The delivery of spans to one destination, as a state machine without clock, locks or I/O.

use std::time::{Duration, Instant};

use super::ExportError;
use super::backoff::{Backoff, MAX_FLUSH_WAIT, MAX_WAIT};
use super::outcomes::Outcomes;
use super::queue::{QueueLimits, QueuedSpan, SpanQueue};
use super::spool_schedule::SpoolSchedule;
use crate::export::settings::BatchSettings;
use crate::export::spool::SpooledBy;
use crate::export::transport::Receipt;

/// Bytes of spans in one request, unless a single span has more. Receivers of gRPC accept 4 MiB by default, and the span of
/// an LLM call holds its whole conversation, easily hundreds of kilobytes.
const MAX_REQUEST_BYTES: usize = 3 * 1024 * 1024;
/// The limit of bytes in one request is not lowered below this, however often a backend refuses a request as too large.
const MIN_REQUEST_BYTES: usize = 64 * 1024;
/// Maximum number of different errors that are logged for spans that are sent again.
const MAX_LOGGED_ERRORS: usize = 8;

/// The delivery to one destination.
///
/// ```text
///            span ends              due                  taken, or refused for good
///  ┌──────┐ ─────────▶ ┌─────────┐ ─────▶ ┌───────────┐ ───────────────────────────▶ ┌──────┐
///  │ idle │            │ waiting │        │ in flight │                              │ idle │
///  └──────┘            └─────────┘        └───────────┘                              └──────┘
///                           ▲  due after backoff │ down, busy, no answer
///                           └────────────────────┘
///  close: whatever waits is due, and spans that end later are late
///  abandon: the rest fails with the error of the last attempt, or stays queued if there was none
///
///  with a spool: spans beyond the queue's limits and the rest are spooled; the spool is drained while nothing is due
/// ```
#[derive(Debug)]
pub(super) struct DeliveryState {
    batch: BatchSettings,
    queue: SpanQueue,
    outcomes: Outcomes,
    phase: Phase,
    /// When the oldest span that waits ended. `None` if none waits.
    waiting_since: Option<Instant>,
    /// Spans are due while fewer than this are settled.
    flush_target: u64,
    backoff: Backoff,
    /// The earliest time of the next attempt, after a failed one.
    retry_at: Option<Instant>,
    /// The error of the last attempt, if its spans wait to be sent again.
    retried: Option<ExportError>,
    logged: Vec<ExportError>,
    max_request_bytes: usize,
    spool: Option<SpoolSchedule>,
    /// Spans left at the shutdown without an outcome: no attempt has failed, or they are not spooled yet.
    left: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Closed,
    Abandoned,
}

/// Whether spans that cannot be sent are spooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spooling {
    Off,
    On,
}

/// The next step of the worker.
#[derive(Debug)]
pub(super) enum Step {
    /// Sends these spans, the oldest first.
    Send(Vec<QueuedSpan>),
    /// Writes these spans to the spool, as the queue is full.
    Spool(Vec<QueuedSpan>),
    /// Sends the oldest request of the spool.
    Drain,
    /// Waits until this time, or without a limit, or until something changes.
    Wait(Option<Instant>),
    /// Ends: nothing is left to send.
    Stop,
}

/// The result of admitting a span.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// Spans to drop outside of the lock.
    pub(super) dropped: Vec<QueuedSpan>,
    pub(super) is_first_drop: bool,
    /// Whether the worker's next step may have changed.
    pub(super) changes_step: bool,
}

impl DeliveryState {
    /// Creates the state without any span, for a delivery with or without a spool.
    pub(super) fn new(batch: BatchSettings, spooling: Spooling) -> Self {
        let limits = QueueLimits { spans: batch.max_queue_spans, bytes: batch.max_queue_bytes };
        let (spool, queue_limits) = match spooling {
            Spooling::Off => (None, limits),
            Spooling::On => (Some(SpoolSchedule::default()), SpoolSchedule::queue_limits(limits)),
        };
        Self {
            batch,
            queue: SpanQueue::new(queue_limits),
            outcomes: Outcomes::default(),
            phase: Phase::Open,
            waiting_since: None,
            flush_target: 0,
            backoff: Backoff::default(),
            retry_at: None,
            retried: None,
            logged: Vec::new(),
            max_request_bytes: MAX_REQUEST_BYTES,
            spool,
            left: 0,
        }
    }

    /// Returns the limits of the settings. With a spool, spans beyond them are spooled.
    pub(super) fn limits(&self) -> QueueLimits {
        QueueLimits { spans: self.batch.max_queue_spans, bytes: self.batch.max_queue_bytes }
    }

    pub(super) fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Returns the number of spans without an outcome.
    pub(super) fn queued(&self) -> usize {
        self.queue.len() + self.left
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// Returns the number of spans with an outcome.
    pub(super) fn settled(&self) -> u64 {
        self.outcomes.received() - self.queued() as u64
    }

    /// Returns the error of the last attempt, if its spans wait to be sent again.
    pub(super) fn retried(&self) -> Option<&ExportError> {
        self.retried.as_ref()
    }

    /// Returns the time before which nothing is sent, after a failed attempt.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.phase == Phase::Abandoned
    }

    /// Queues a span that ended. A full queue drops its oldest spans for it.
    pub(super) fn admit(&mut self, span: QueuedSpan, now: Instant) -> Admission {
        self.outcomes.count_received();
        if self.phase != Phase::Open {
            self.outcomes.count_late();
            return Admission { dropped: vec![span], ..Admission::default() };
        }
        let was_due = self.is_batch_full();
        let is_first = self.waiting_since.is_none();
        let dropped = self.queue.push(span);
        self.waiting_since = self.waiting_since.or((!self.queue.has_none_waiting()).then_some(now));
        let is_first_drop = self.outcomes.dropped() == 0 && !dropped.is_empty();
        self.outcomes.count_dropped(dropped.len());
        let changes_step = is_first || was_due != self.is_batch_full() || self.is_over_spool_limits();
        Admission { dropped, is_first_drop, changes_step }
    }

    fn is_over_spool_limits(&self) -> bool {
        self.spool.is_some() && self.queue.exceeds(self.limits())
    }

    /// Returns whether enough spans wait for a full request, or for half of the queue.
    fn is_batch_full(&self) -> bool {
        let limits = self.limits();
        self.queue.has_waiting(
            self.batch.max_batch_spans.min(limits.spans.div_ceil(2)),
            self.max_request_bytes.min(limits.bytes / 2),
        )
    }

    /// Returns whether someone waits for the outcomes.
    fn is_flushing(&self) -> bool {
        self.phase == Phase::Closed || self.settled() < self.flush_target
    }

    /// Decides the next step. Called only while nothing is in flight.
    pub(super) fn next_step(&mut self, now: Instant) -> Step {
        if self.is_abandoned() {
            return Step::Stop;
        }
        if self.is_over_spool_limits() && self.spool.as_ref().is_some_and(|spool| spool.can_write(now)) {
            return Step::Spool(self.take());
        }
        let (send_at, drain_at) = (self.next_send(now), self.next_drain(now));
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(send_at) {
            self.retry_at = None;
            return Step::Send(self.take());
        }
        if is_due(drain_at) {
            self.retry_at = None;
            return Step::Drain;
        }
        if self.phase == Phase::Closed && self.queue.has_none_waiting() && drain_at.is_none() {
            return Step::Stop;
        }
        Step::Wait(send_at.into_iter().chain(drain_at).min())
    }

    /// Returns when the oldest spans are due.
    fn next_send(&self, now: Instant) -> Option<Instant> {
        let waiting_since = self.waiting_since?;
        if let Some(retry_at) = self.retry_at {
            Some(retry_at)
        } else if self.is_flushing() || self.is_batch_full() {
            Some(now)
        } else {
            waiting_since.checked_add(self.batch.schedule_delay)
        }
    }

    /// Returns when the spool is drained, or searched for requests of other processes. A shutdown does not wait for
    /// that while the destination is away.
    fn next_drain(&self, now: Instant) -> Option<Instant> {
        let spool = self.spool.as_ref()?;
        if self.phase == Phase::Closed && (spool.is_drained() || self.retry_at.is_some()) {
            return None;
        }
        let search_at = spool.search_at().unwrap_or(now);
        Some(self.retry_at.map_or(search_at, |retry_at| retry_at.max(search_at)))
    }

    /// Moves the oldest spans that wait into flight.
    fn take(&mut self) -> Vec<QueuedSpan> {
        let spans = self.queue.take(self.batch.max_batch_spans, self.max_request_bytes);
        if self.queue.has_none_waiting() {
            self.waiting_since = None;
        }
        spans
    }

    /// Records that the destination took the oldest `count` spans in flight. Returns an error to log.
    pub(super) fn on_exported(&mut self, count: usize, receipt: Receipt) -> Option<ExportError> {
        self.end_outage();
        let settled = self.queue.settle(count).len();
        self.outcomes.count_exported(settled, receipt)
    }

    /// Records that the oldest `count` spans in flight failed for good. Returns an error to log.
    pub(super) fn on_failed(&mut self, count: usize, error: ExportError) -> Option<ExportError> {
        self.end_outage();
        let settled = self.queue.settle(count).len();
        self.outcomes.count_failed(settled as u64, error)
    }

    /// Records that the oldest `count` spans in flight are in the spool, or that `count` of those left at the
    /// shutdown are.
    pub(super) fn on_spooled(&mut self, count: usize) {
        let settled = if self.is_abandoned() {
            let settled = count.min(self.left);
            self.left -= settled;
            settled
        } else {
            self.queue.settle(count).len()
        };
        self.outcomes.count_spooled(settled);
        if let Some(spool) = &mut self.spool {
            spool.on_written();
        }
    }

    /// Returns the spans in flight to the queue, as they could not be written to the spool.
    pub(super) fn on_not_spooled(&mut self, now: Instant) {
        self.queue.return_flight();
        self.waiting_since = self.waiting_since.or(Some(now));
        if let Some(spool) = &mut self.spool {
            spool.on_write_failed(now);
        }
    }

    /// Records that `count` spans left at the shutdown could not be written to the spool. Returns an error to log.
    pub(super) fn fail_left(&mut self, count: usize, error: ExportError) -> Option<ExportError> {
        let failed = count.min(self.left);
        self.left -= failed;
        self.outcomes.count_failed(failed as u64, error)
    }

    /// Records that the destination took a request of the spool. Returns an error to log.
    pub(super) fn on_recovered(
        &mut self,
        by: SpooledBy,
        spans: u64,
        receipt: Receipt,
    ) -> Option<ExportError> {
        self.end_outage();
        self.outcomes.count_recovered(by, spans, receipt)
    }

    /// Records that the destination refused a request of the spool for good. Returns an error to log.
    pub(super) fn on_refused(
        &mut self,
        by: SpooledBy,
        spans: u64,
        error: ExportError,
    ) -> Option<ExportError> {
        self.end_outage();
        self.outcomes.count_unrecovered(by, spans, error)
    }

    /// Records that spans of the spool were evicted, or lost in a damaged file. Returns an error to log.
    pub(super) fn on_lost(&mut self, by: SpooledBy, spans: u64, error: ExportError) -> Option<ExportError> {
        self.outcomes.count_unrecovered(by, spans, error)
    }

    /// Records that no request was found in the spool.
    pub(super) fn on_drained(&mut self, now: Instant) {
        if let Some(spool) = &mut self.spool {
            spool.on_nothing_found(now);
        }
    }

    /// Returns whether the spool may contain requests.
    pub(super) fn has_spooled(&self) -> bool {
        self.spool.as_ref().is_some_and(|spool| !spool.is_drained())
    }

    fn end_outage(&mut self) {
        self.backoff.reset();
        self.retry_at = None;
        self.retried = None;
    }

    /// Returns all spans in flight to the queue, to be sent again after a wait. Returns an error to log.
    ///
    /// `requested` is the wait that the destination asks for, `jitter` a random number.
    pub(super) fn retry_later(
        &mut self,
        error: ExportError,
        requested: Option<Duration>,
        jitter: u32,
        now: Instant,
    ) -> Option<ExportError> {
        if self.is_abandoned() {
            return None;
        }
        self.queue.return_flight();
        self.waiting_since = self.waiting_since.or((!self.queue.has_none_waiting()).then_some(now));
        let longest = if self.is_flushing() { MAX_FLUSH_WAIT } else { MAX_WAIT };
        self.retry_at = now.checked_add(self.backoff.next_wait(longest, requested, jitter));
        self.retried = Some(error.clone());
        if self.logged.contains(&error) || self.logged.len() == MAX_LOGGED_ERRORS {
            return None;
        }
        self.logged.push(error.clone());
        Some(error)
    }

    /// Lowers the limit of bytes in one request, after one of this size was too large.
    pub(super) fn lower_request_limit(&mut self, refused_bytes: usize) {
        let limit = (refused_bytes / 2).max(MIN_REQUEST_BYTES);
        self.max_request_bytes = self.max_request_bytes.min(limit);
    }

    /// Makes all queued spans due, also during a backoff.
    pub(super) fn start_flush(&mut self) {
        self.flush_target = self.outcomes.received();
        self.backoff.reset();
        self.retry_at = None;
    }

    /// Makes all queued spans due. Spans that end from now on are late.
    pub(super) fn close(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closed;
        }
    }

    /// Stops sending, and returns the spans that are left, in requests. They fail with the error of the last attempt,
    /// or stay queued if there was none, or until they are [spooled](Self::on_spooled).
    pub(super) fn abandon(&mut self) -> Vec<Vec<QueuedSpan>> {
        self.phase = Phase::Abandoned;
        self.queue.return_flight();
        let mut rest = Vec::new();
        while !self.queue.has_none_waiting() {
            let spans = self.take();
            self.queue.settle(spans.len());
            self.left += spans.len();
            rest.push(spans);
        }
        if self.spool.is_none()
            && let Some(error) = self.retried.take()
        {
            self.fail_left(self.left, error);
        }
        rest
    }
}

#[cfg(test)]
mod tests;
