//! The counts of one destination.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use opentelemetry_sdk::trace::SpanData;

use super::report::{DestinationReport, FailedSpans};
use super::{ExportError, Receipt, Target, size};
use crate::export::clock::Deadline;

/// How many kinds of failure are told apart. What comes after goes with the last.
const MOST_KINDS: usize = 8;

/// The counts of one destination, by those who give spans and by the one who sends them.
#[derive(Debug)]
pub(in crate::export) struct SpanQueue {
    target: Target,
    room: QueueLimits,
    counts: Mutex<Counts>,
    settled: Condvar,
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(in crate::export) struct QueueLimits {
    pub(in crate::export) spans: usize,
    pub(in crate::export) bytes: usize,
    /// How many of the spans the batch processor has room for; the others wait behind them.
    pub(in crate::export) handed: usize,
}

#[derive(Default)]
struct Counts {
    /// Spans that wait behind those that the batch processor has been handed.
    behind: VecDeque<SpanData>,
    /// How many it has been handed, and has not passed on.
    handed: usize,
    given: u64,
    waiting: usize,
    waiting_bytes: usize,
    exported: u64,
    dropped: u64,
    late: u64,
    failed: Vec<(ExportError, u64)>,
    closed: bool,
}

/// Spans hold what was said.
impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts")
            .field("given", &self.given)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

impl Counts {
    /// How many of those that were given have gone one way or the other.
    fn settled(&self) -> u64 {
        self.given - self.waiting as u64
    }
}

impl SpanQueue {
    pub(in crate::export) fn new(target: Target, room: QueueLimits) -> Self {
        Self { target, room, counts: Mutex::default(), settled: Condvar::new() }
    }

    pub(in crate::export) fn target(&self) -> &Target {
        &self.target
    }

    /// Lets a span wait, if there is room for it; if not, it is counted, and that is all. Gives it back if the batch
    /// processor is to be handed it.
    pub(super) fn admit(&self, span: SpanData) -> Option<SpanData> {
        let bytes = size::bytes(&span);
        let mut counts = self.lock();
        counts.given += 1;
        if counts.closed {
            counts.late += 1;
            return None;
        }
        // One that is larger than all the room there is may wait alone.
        let has_room = counts.waiting == 0 || counts.waiting_bytes + bytes <= self.room.bytes;
        if counts.waiting >= self.room.spans || !has_room {
            counts.dropped += 1;
            let first = counts.dropped == 1;
            drop(counts);
            if first {
                self.warn_of_dropping();
            }
            return None;
        }
        counts.waiting += 1;
        counts.waiting_bytes += bytes;
        // As long as any wait behind, the batch processor still has some to pass on, and they are asked for after those.
        if counts.handed >= self.room.handed {
            counts.behind.push_back(span);
            return None;
        }
        counts.handed += 1;
        Some(span)
    }

    /// Notes that the batch processor has passed on so many.
    pub(super) fn take_handed(&self, spans: usize) {
        let mut counts = self.lock();
        counts.handed = counts.handed.saturating_sub(spans);
    }

    /// Up to `most` of the spans that wait behind, if there are any.
    pub(super) fn take_behind(&self, most: usize) -> Option<Vec<SpanData>> {
        let mut counts = self.lock();
        let count = most.min(counts.behind.len());
        (count > 0).then(|| counts.behind.drain(..count).collect())
    }

    /// Notes what became of spans that waited.
    pub(super) fn settle(&self, spans: usize, bytes: usize, outcome: Result<Receipt, ExportError>) {
        let mut counts = self.lock();
        counts.waiting = counts.waiting.saturating_sub(spans);
        counts.waiting_bytes = counts.waiting_bytes.saturating_sub(bytes);
        let spans = spans as u64;
        let failure = match outcome {
            Ok(Receipt { rejected, remark }) => {
                let rejected = rejected.min(spans);
                counts.exported += spans - rejected;
                (rejected > 0).then_some((ExportError::Partly(remark), rejected))
            }
            Err(cause) => Some((cause, spans)),
        };
        let new_failure = failure.and_then(|(cause, spans)| counts.refuse(cause, spans));
        drop(counts);
        self.settled.notify_all();
        if let Some(cause) = new_failure {
            tracing::warn!(
                "spans do not reach {}: {} (said once)",
                self.target.name(),
                self.target.explain(&cause)
            );
        }
    }

    /// From now on, nothing more may wait.
    pub(super) fn close(&self) {
        self.lock().closed = true;
    }

    /// Waits until all that was given so far has gone one way or the other, but not beyond `deadline`.
    pub(in crate::export) fn wait_until_settled(&self, deadline: Deadline) {
        let mut counts = self.lock();
        let given = counts.given;
        while counts.settled() < given {
            let Some(left) = deadline.left() else { return };
            counts = self.settled.wait_timeout(counts, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What became of all that was given so far.
    pub(in crate::export) fn report(&self) -> DestinationReport {
        let counts = self.lock();
        DestinationReport {
            name: self.target.name(),
            exported: counts.exported,
            waiting: counts.waiting as u64,
            dropped: counts.dropped,
            late: counts.late,
            failed: counts
                .failed
                .iter()
                .map(|(cause, spans)| FailedSpans {
                    spans: *spans,
                    error: cause.clone(),
                    explanation: self.target.explain(cause),
                })
                .collect(),
        }
    }

    fn warn_of_dropping(&self) {
        tracing::warn!(
            "spans for {} are dropped, as {} spans or {} bytes wait already: raise OTEL_BSP_MAX_QUEUE_SIZE or \
             PIPECAT_TRACE_MAX_QUEUE_BYTES, or see why the backend is slow (said once)",
            self.target.name(),
            self.room.spans,
            self.room.bytes,
        );
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Counts are whole numbers: a panic leaves none of them half written.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Counts `spans` as refused. Returns the cause if it is a new one.
    fn refuse(&mut self, cause: ExportError, spans: u64) -> Option<ExportError> {
        if let Some((_, count)) = self.failed.iter_mut().find(|(known, _)| *known == cause) {
            *count += spans;
            return None;
        }
        if self.failed.len() == MOST_KINDS {
            if let Some((_, count)) = self.failed.last_mut() {
                *count += spans;
            }
            return None;
        }
        self.failed.push((cause.clone(), spans));
        Some(cause)
    }
}
