//! The delivery of spans to one destination, as a state machine without clock, locks or I/O.

use std::time::{Duration, Instant};

use super::ExportError;
use super::backoff::Backoff;
use super::outcomes::Outcomes;
use super::queue::{QueueLimits, QueuedSpan, SpanQueue};
use crate::export::settings::BatchSettings;
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
    /// Spans left when the delivery was abandoned without an error.
    left: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Closed,
    Abandoned,
}

/// The next step of the worker.
#[derive(Debug)]
pub(super) enum Step {
    /// Sends these spans, the oldest first.
    Send(Vec<QueuedSpan>),
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
    /// Creates the state without any span.
    pub(super) fn new(batch: BatchSettings) -> Self {
        Self {
            batch,
            queue: SpanQueue::new(QueueLimits { spans: batch.max_queue_spans, bytes: batch.max_queue_bytes }),
            outcomes: Outcomes::default(),
            phase: Phase::Open,
            waiting_since: None,
            flush_target: 0,
            backoff: Backoff::default(),
            retry_at: None,
            retried: None,
            logged: Vec::new(),
            max_request_bytes: MAX_REQUEST_BYTES,
            left: 0,
        }
    }

    pub(super) fn limits(&self) -> QueueLimits {
        self.queue.limits()
    }

    pub(super) fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Returns the number of spans without an outcome.
    pub(super) fn queued(&self) -> usize {
        self.queue.len() + self.left
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
        Admission { dropped, is_first_drop, changes_step: is_first || was_due != self.is_batch_full() }
    }

    /// Returns whether a request is full, or so much waits that the queue may soon be.
    fn is_batch_full(&self) -> bool {
        let limits = self.queue.limits();
        self.queue.has_waiting(
            self.batch.max_batch_spans.min(limits.spans.div_ceil(2)),
            self.max_request_bytes.min(limits.bytes / 2),
        )
    }

    /// Decides the next step. Called only while nothing is in flight.
    pub(super) fn next_step(&mut self, now: Instant) -> Step {
        if self.is_abandoned() || (self.phase == Phase::Closed && self.queue.has_none_waiting()) {
            return Step::Stop;
        }
        let Some(waiting_since) = self.waiting_since else { return Step::Wait(None) };
        let is_flushing = self.phase == Phase::Closed || self.settled() < self.flush_target;
        let due = if let Some(retry_at) = self.retry_at {
            Some(retry_at)
        } else if is_flushing || self.is_batch_full() {
            Some(now)
        } else {
            waiting_since.checked_add(self.batch.schedule_delay)
        };
        if due.is_none_or(|due| due > now) {
            return Step::Wait(due);
        }
        self.retry_at = None;
        let spans = self.queue.take(self.batch.max_batch_spans, self.max_request_bytes);
        if self.queue.has_none_waiting() {
            self.waiting_since = None;
        }
        Step::Send(spans)
    }

    /// Records that the destination took the oldest `count` spans in flight. Returns an error to log.
    pub(super) fn accept(&mut self, count: usize, receipt: Receipt) -> Option<ExportError> {
        self.end_outage();
        let settled = self.queue.settle(count).len();
        self.outcomes.count_taken(settled, receipt)
    }

    /// Records that the oldest `count` spans in flight failed for good. Returns an error to log.
    pub(super) fn fail(&mut self, count: usize, error: ExportError) -> Option<ExportError> {
        self.end_outage();
        let settled = self.queue.settle(count).len();
        self.outcomes.count_failed(settled as u64, error)
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
        self.waiting_since = self.waiting_since.or(Some(now));
        self.retry_at = now.checked_add(self.backoff.next_wait(requested, jitter));
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

    /// Stops sending, and returns the spans that are left. They fail with the error of the last attempt, or stay queued if there
    /// was none.
    pub(super) fn abandon(&mut self) -> Vec<QueuedSpan> {
        self.phase = Phase::Abandoned;
        let rest = self.queue.take_all();
        match self.retried.take() {
            Some(error) => {
                self.outcomes.count_failed(rest.len() as u64, error);
            }
            None => self.left += rest.len(),
        }
        rest
    }
}

#[cfg(test)]
mod tests;
