//! The counts of one destination.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::report::{DestinationReport, Refused};
use super::{Cause, Receipt, Target};

/// How many kinds of failure are told apart. What comes after goes with the last.
const MOST_KINDS: usize = 8;

/// The counts of one destination, by those who give spans and by the one who sends them.
#[derive(Debug)]
pub(in crate::setup) struct Ledger {
    target: Target,
    most_spans: usize,
    most_bytes: usize,
    counts: Mutex<Counts>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct Counts {
    given: u64,
    waiting: usize,
    waiting_bytes: usize,
    exported: u64,
    dropped: u64,
    late: u64,
    refused: Vec<(Cause, u64)>,
    closed: bool,
}

impl Counts {
    /// How many of those that were given have gone one way or the other.
    fn settled(&self) -> u64 {
        self.given - self.waiting as u64
    }
}

impl Ledger {
    pub(in crate::setup) fn new(target: Target, most_spans: usize, most_bytes: usize) -> Self {
        Self { target, most_spans, most_bytes, counts: Mutex::default(), settled: Condvar::new() }
    }

    pub(in crate::setup) fn target(&self) -> &Target {
        &self.target
    }

    /// Whether a span of so many bytes may wait. If not, it is counted, and that is all.
    pub(super) fn admit(&self, bytes: usize) -> bool {
        let mut counts = self.lock();
        counts.given += 1;
        if counts.closed {
            counts.late += 1;
            return false;
        }
        // One that is larger than all the room there is may wait alone.
        let has_room = counts.waiting == 0 || counts.waiting_bytes + bytes <= self.most_bytes;
        if counts.waiting >= self.most_spans || !has_room {
            counts.dropped += 1;
            let first = counts.dropped == 1;
            drop(counts);
            if first {
                self.warn_of_dropping();
            }
            return false;
        }
        counts.waiting += 1;
        counts.waiting_bytes += bytes;
        true
    }

    /// Notes what became of spans that waited.
    pub(super) fn settle(&self, spans: usize, bytes: usize, outcome: Result<Receipt, Cause>) {
        let mut counts = self.lock();
        counts.waiting = counts.waiting.saturating_sub(spans);
        counts.waiting_bytes = counts.waiting_bytes.saturating_sub(bytes);
        let spans = spans as u64;
        let failure = match outcome {
            Ok(Receipt { rejected, remark }) => {
                let rejected = rejected.min(spans);
                counts.exported += spans - rejected;
                (rejected > 0).then_some((Cause::Partly(remark), rejected))
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
    pub(in crate::setup) fn wait_until_settled(&self, deadline: Instant) {
        let mut counts = self.lock();
        let given = counts.given;
        while counts.settled() < given {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return;
            };
            counts = self.settled.wait_timeout(counts, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What became of all that was given so far.
    pub(in crate::setup) fn report(&self) -> DestinationReport {
        let counts = self.lock();
        DestinationReport {
            name: self.target.name(),
            exported: counts.exported,
            waiting: counts.waiting as u64,
            dropped: counts.dropped,
            late: counts.late,
            refused: counts
                .refused
                .iter()
                .map(|(cause, spans)| Refused {
                    spans: *spans,
                    cause: cause.clone(),
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
            self.most_spans,
            self.most_bytes,
        );
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Counts are whole numbers: a panic leaves none of them half written.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Counts `spans` as refused. Returns the cause if it is a new one.
    fn refuse(&mut self, cause: Cause, spans: u64) -> Option<Cause> {
        if let Some((_, count)) = self.refused.iter_mut().find(|(known, _)| *known == cause) {
            *count += spans;
            return None;
        }
        if self.refused.len() == MOST_KINDS {
            if let Some((_, count)) = self.refused.last_mut() {
                *count += spans;
            }
            return None;
        }
        self.refused.push((cause.clone(), spans));
        Some(cause)
    }
}
