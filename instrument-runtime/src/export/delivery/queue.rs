//! The queue of one destination and its counters.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::{DestinationReport, ExportError, FailedSpans};
use crate::export::clock::Deadline;
use crate::export::settings::Destination;
use crate::export::transport::Receipt;

/// Maximum number of different errors that are counted separately. The last one counts all further errors.
const MAX_ERRORS: usize = 8;

/// Bytes of an attribute, an event or a link besides its text, estimated.
const ITEM_BYTES: usize = 48;

/// The queue of one destination, with the outcome of every span that it received.
///
/// The first spans wait in the SDK's batch processor, up to [`QueueLimits::sdk_spans`]; the others wait here, in the
/// overflow.
#[derive(Debug)]
pub(super) struct SpanQueue {
    destination: Destination,
    limits: QueueLimits,
    state: Mutex<QueueState>,
    settled: Condvar,
}

/// The limits of a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    pub(super) spans: usize,
    pub(super) bytes: usize,
    /// Spans that the SDK's batch processor has space for.
    pub(super) sdk_spans: usize,
}

#[derive(Default)]
struct QueueState {
    /// Spans that wait behind those in the batch processor.
    overflow: VecDeque<SpanData>,
    /// Spans in the batch processor.
    sdk_spans: usize,
    received: u64,
    queued: usize,
    queued_bytes: usize,
    exported: u64,
    dropped: u64,
    late: u64,
    failed: Vec<(ExportError, u64)>,
    is_closed: bool,
}

/// Prints counters only, as spans contain speech.
impl fmt::Debug for QueueState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueState")
            .field("received", &self.received)
            .field("queued", &self.queued)
            .finish_non_exhaustive()
    }
}

impl QueueState {
    /// Returns the number of spans with a known outcome.
    fn settled(&self) -> u64 {
        self.received - self.queued as u64
    }

    /// Counts spans that failed. Returns the error if it is the first of its kind.
    fn add_failure(&mut self, error: ExportError, spans: u64) -> Option<ExportError> {
        let is_full = self.failed.len() == MAX_ERRORS;
        let same = self.failed.iter().position(|(other, _)| *other == error);
        let index = same.or(is_full.then_some(MAX_ERRORS - 1));
        if let Some((_, count)) = index.and_then(|index| self.failed.get_mut(index)) {
            *count += spans;
            return None;
        }
        self.failed.push((error.clone(), spans));
        Some(error)
    }
}

impl SpanQueue {
    /// Creates an empty queue.
    pub(super) fn new(destination: Destination, limits: QueueLimits) -> Self {
        Self { destination, limits, state: Mutex::default(), settled: Condvar::new() }
    }

    pub(super) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Queues a span, or drops and counts it if the queue is full or closed.
    ///
    /// Returns the span if the caller has to pass it to the batch processor.
    pub(super) fn admit(&self, span: SpanData) -> Option<SpanData> {
        let bytes = span_bytes(&span);
        let mut state = self.lock();
        state.received += 1;
        if state.is_closed {
            state.late += 1;
            return None;
        }
        // A span larger than the whole queue may wait alone.
        let fits = state.queued == 0 || state.queued_bytes + bytes <= self.limits.bytes;
        if state.queued >= self.limits.spans || !fits {
            state.dropped += 1;
            let is_first = state.dropped == 1;
            drop(state);
            if is_first {
                self.warn_queue_full();
            }
            return None;
        }
        state.queued += 1;
        state.queued_bytes += bytes;
        // While there is an overflow, the batch processor has spans to export, and takes the overflow after them.
        if state.sdk_spans >= self.limits.sdk_spans {
            state.overflow.push_back(span);
            return None;
        }
        state.sdk_spans += 1;
        Some(span)
    }

    /// Records that the batch processor has released `spans` spans.
    pub(super) fn release_sdk_spans(&self, spans: usize) {
        let mut state = self.lock();
        state.sdk_spans = state.sdk_spans.saturating_sub(spans);
    }

    /// Takes up to `max_spans` from the overflow, or nothing if it is empty.
    pub(super) fn take_overflow(&self, max_spans: usize) -> Option<Vec<SpanData>> {
        let mut state = self.lock();
        let count = max_spans.min(state.overflow.len());
        (count > 0).then(|| state.overflow.drain(..count).collect())
    }

    /// Records the outcome of a request with this many spans and bytes.
    pub(super) fn settle(&self, spans: usize, bytes: usize, outcome: Result<Receipt, ExportError>) {
        let mut state = self.lock();
        state.queued = state.queued.saturating_sub(spans);
        state.queued_bytes = state.queued_bytes.saturating_sub(bytes);
        let spans = spans as u64;
        let failure = match outcome {
            Ok(Receipt { rejected_spans, message }) => {
                let rejected_spans = rejected_spans.min(spans);
                state.exported += spans - rejected_spans;
                (rejected_spans > 0).then_some((ExportError::PartiallyRejected(message), rejected_spans))
            }
            Err(error) => Some((error, spans)),
        };
        let new_error = failure.and_then(|(error, spans)| state.add_failure(error, spans));
        drop(state);
        self.settled.notify_all();
        if let Some(error) = new_error {
            tracing::warn!(
                "spans do not reach {}: {} (logged once)",
                self.destination.name(),
                self.destination.explain(&error)
            );
        }
    }

    /// Closes the queue: spans that end from now on are late.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
    }

    /// Waits until every span received so far is exported, rejected or dropped, or until `deadline`.
    pub(super) fn wait_until_settled(&self, deadline: Deadline) {
        let mut state = self.lock();
        let received = state.received;
        while state.settled() < received {
            let Some(left) = deadline.left() else { return };
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns the outcome of every span received so far.
    pub(super) fn report(&self) -> DestinationReport {
        let state = self.lock();
        let failed = state.failed.iter().map(|(error, spans)| FailedSpans {
            spans: *spans,
            error: error.clone(),
            explanation: self.destination.explain(error),
        });
        DestinationReport {
            name: self.destination.name(),
            exported: state.exported,
            queued: state.queued as u64,
            dropped: state.dropped,
            late: state.late,
            failed: failed.collect(),
        }
    }

    fn warn_queue_full(&self) {
        tracing::warn!(
            "spans for {} are dropped because the queue is full ({} spans or {} bytes): raise OTEL_BSP_MAX_QUEUE_SIZE or \
             PIPECAT_TRACE_MAX_QUEUE_BYTES, or check why the backend is slow (logged once)",
            self.destination.name(),
            self.limits.spans,
            self.limits.bytes,
        );
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // A panic leaves no counter half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Estimates the bytes of a span, in memory as in a request: the length of its texts, and a constant for each other item.
pub(super) fn span_bytes(span: &SpanData) -> usize {
    let events =
        span.events.iter().map(|event| ITEM_BYTES + event.name.len() + attribute_bytes(&event.attributes));
    let links = span.links.iter().map(|link| ITEM_BYTES + attribute_bytes(&link.attributes));
    size_of::<SpanData>()
        + span.name.len()
        + attribute_bytes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

fn attribute_bytes(attributes: &[KeyValue]) -> usize {
    let bytes =
        |attribute: &KeyValue| ITEM_BYTES + attribute.key.as_str().len() + value_bytes(&attribute.value);
    attributes.iter().map(bytes).sum()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| ITEM_BYTES + text.as_str().len()).sum(),
        Value::Array(Array::Bool(flags)) => flags.len(),
        Value::Array(Array::I64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::F64(numbers)) => size_of_val(numbers.as_slice()),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
