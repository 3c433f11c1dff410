//! The queued spans of one destination, oldest first.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use opentelemetry_sdk::trace::SpanData;

use super::span_size::span_bytes;

/// The limits of a queue. A span that is larger than all of it is queued only while the queue is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    pub(super) spans: usize,
    pub(super) bytes: usize,
}

/// A span with its estimated size.
#[derive(Clone)]
pub(in crate::export) struct QueuedSpan {
    span: Arc<SpanData>,
    bytes: usize,
}

impl QueuedSpan {
    /// Measures a span.
    pub(super) fn new(span: SpanData) -> Self {
        Self { bytes: span_bytes(&span), span: Arc::new(span) }
    }

    pub(super) fn span(&self) -> &Arc<SpanData> {
        &self.span
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Prints the size only, as spans contain speech.
impl fmt::Debug for QueuedSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedSpan").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// The queue of one destination. The spans in flight are those of the current attempt, and stay in the queue until it succeeds.
///
/// ```text
///            in flight     waiting
///  settle ◀─ ▢ ▢ ▢ ▢ ◀─take─ ▢ ▢ ▢ ▢ ▢ ▢ ◀─ push
///                    ─return▶ │
///                             ▼ if full, the oldest that waits is dropped
/// ```
#[derive(Debug)]
pub(super) struct SpanQueue {
    limits: QueueLimits,
    in_flight: SizedSpans,
    waiting: SizedSpans,
}

/// Spans with the sum of their sizes.
#[derive(Debug, Default)]
struct SizedSpans {
    spans: VecDeque<QueuedSpan>,
    bytes: usize,
}

impl SizedSpans {
    fn push_back(&mut self, span: QueuedSpan) {
        self.bytes = self.bytes.saturating_add(span.bytes);
        self.spans.push_back(span);
    }

    fn push_front(&mut self, span: QueuedSpan) {
        self.bytes = self.bytes.saturating_add(span.bytes);
        self.spans.push_front(span);
    }

    fn pop_front(&mut self) -> Option<QueuedSpan> {
        let span = self.spans.pop_front()?;
        self.bytes = self.bytes.saturating_sub(span.bytes);
        Some(span)
    }

    fn pop_back(&mut self) -> Option<QueuedSpan> {
        let span = self.spans.pop_back()?;
        self.bytes = self.bytes.saturating_sub(span.bytes);
        Some(span)
    }
}

impl SpanQueue {
    /// Creates an empty queue.
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self { limits, in_flight: SizedSpans::default(), waiting: SizedSpans::default() }
    }

    /// Returns the number of queued spans, in flight and waiting.
    pub(super) fn len(&self) -> usize {
        self.in_flight.spans.len() + self.waiting.spans.len()
    }

    /// Returns whether no span waits.
    pub(super) fn has_none_waiting(&self) -> bool {
        self.waiting.spans.is_empty()
    }

    /// Returns whether at least so many spans or bytes wait.
    pub(super) fn has_waiting(&self, spans: usize, bytes: usize) -> bool {
        self.waiting.spans.len() >= spans || self.waiting.bytes >= bytes
    }

    /// Returns the bytes of all queued spans.
    pub(super) fn bytes(&self) -> usize {
        self.in_flight.bytes.saturating_add(self.waiting.bytes)
    }

    /// Returns whether more spans or bytes than `limits` are queued.
    pub(super) fn exceeds(&self, limits: QueueLimits) -> bool {
        self.len() > limits.spans || (self.bytes() > limits.bytes && self.len() > 1)
    }

    /// Queues a span, and returns the spans that had to be dropped: the oldest that wait, or `span` itself if there is no space
    /// beside those in flight.
    pub(super) fn push(&mut self, span: QueuedSpan) -> Vec<QueuedSpan> {
        let mut dropped = Vec::new();
        if self.len() > 0 && !self.fits_beside_flight(&span) {
            dropped.push(span);
            return dropped;
        }
        while self.len() > 0 && !self.fits(&span) {
            dropped.extend(self.waiting.pop_front());
        }
        self.waiting.push_back(span);
        dropped
    }

    fn fits(&self, span: &QueuedSpan) -> bool {
        let bytes = self.in_flight.bytes.saturating_add(self.waiting.bytes).saturating_add(span.bytes);
        self.len() < self.limits.spans && bytes <= self.limits.bytes
    }

    /// Returns whether the span would fit if no other waited.
    fn fits_beside_flight(&self, span: &QueuedSpan) -> bool {
        let bytes = self.in_flight.bytes.saturating_add(span.bytes);
        self.in_flight.spans.len() < self.limits.spans && bytes <= self.limits.bytes
    }

    /// Moves the oldest spans into flight, up to `max_spans` and `max_bytes` but at least one, and returns them.
    pub(super) fn take(&mut self, max_spans: usize, max_bytes: usize) -> Vec<QueuedSpan> {
        let mut taken = Vec::new();
        let mut bytes = 0_usize;
        while let Some(next) = self.waiting.spans.front() {
            bytes = bytes.saturating_add(next.bytes);
            if !taken.is_empty() && (taken.len() >= max_spans || bytes > max_bytes) {
                break;
            }
            if let Some(span) = self.waiting.pop_front() {
                taken.push(span.clone());
                self.in_flight.push_back(span);
            }
        }
        taken
    }

    /// Removes the oldest `count` spans in flight, or all if there are fewer, and returns them.
    pub(super) fn settle(&mut self, count: usize) -> Vec<QueuedSpan> {
        std::iter::from_fn(|| self.in_flight.pop_front()).take(count).collect()
    }

    /// Moves the spans in flight back to the front of those that wait.
    pub(super) fn return_flight(&mut self) {
        while let Some(span) = self.in_flight.pop_back() {
            self.waiting.push_front(span);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use opentelemetry::KeyValue;
    use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

    use super::{QueueLimits, QueuedSpan, SpanQueue};

    /// Returns a span with so many bytes more than an empty one.
    pub(in crate::export::delivery) fn span(bytes: usize) -> SpanData {
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let mut span = provider.tracer("test").start("");
        span.set_attribute(KeyValue::new("", "x".repeat(bytes)));
        span.end();
        spans.get_finished_spans().unwrap().remove(0)
    }

    /// Returns a queue that holds so many spans, and as many bytes as they have with `bytes` more in all.
    fn queue(spans: usize, bytes: usize) -> SpanQueue {
        SpanQueue::new(QueueLimits { spans, bytes: spans * empty_bytes() + bytes })
    }

    fn empty_bytes() -> usize {
        QueuedSpan::new(span(0)).bytes()
    }

    /// Pushes a span of so many bytes. Returns the bytes of the dropped ones.
    fn push(queue: &mut SpanQueue, bytes: usize) -> Vec<usize> {
        extra_bytes(&queue.push(QueuedSpan::new(span(bytes))))
    }

    fn extra_bytes(spans: &[QueuedSpan]) -> Vec<usize> {
        spans.iter().map(|span| span.bytes() - empty_bytes()).collect()
    }

    #[test]
    fn a_full_queue_drops_its_oldest_span() {
        let mut queue = queue(3, 1_000);
        assert_eq!([1, 2, 3].map(|bytes| push(&mut queue, bytes)).concat(), [0; 0]);
        assert_eq!(push(&mut queue, 4), [1]);
        assert_eq!(extra_bytes(&queue.take(9, usize::MAX)), [2, 3, 4]);
    }

    #[test]
    fn a_large_span_drops_as_many_old_ones_as_it_needs() {
        let unit = empty_bytes();
        let mut queue = queue(9, 0);
        for _ in 0..4 {
            assert_eq!(push(&mut queue, unit), [0; 0]);
        }
        assert_eq!(push(&mut queue, 4 * unit), [unit, unit], "8 and 5 units do not fit in 9");
        assert_eq!(queue.len(), 3);
    }

    #[test]
    fn spans_in_flight_are_not_dropped() {
        let mut queue = queue(3, 1_000);
        for bytes in [1, 2, 3] {
            push(&mut queue, bytes);
        }
        assert_eq!(extra_bytes(&queue.take(2, usize::MAX)), [1, 2]);
        assert_eq!(push(&mut queue, 4), [3], "the oldest that waits");
        queue.take(1, usize::MAX);
        assert_eq!(push(&mut queue, 5), [5], "all others are in flight");
        assert_eq!(extra_bytes(&queue.settle(2)), [1, 2]);
        assert_eq!(push(&mut queue, 6), [0; 0]);
    }

    #[test]
    fn a_span_larger_than_the_queue_is_queued_alone() {
        let mut queue = queue(2, 0);
        assert_eq!(push(&mut queue, 10_000), [0; 0]);
        assert_eq!(push(&mut queue, 1), [10_000], "it is the oldest");
        assert_eq!(push(&mut queue, 10_000), [10_000], "it does not fit beside another");
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn a_request_is_limited_in_spans_and_bytes_but_has_one_span() {
        let mut queue = queue(9, 100_000);
        for bytes in [1, 2, 3, 50_000] {
            push(&mut queue, bytes);
        }
        assert_eq!(extra_bytes(&queue.take(2, usize::MAX)), [1, 2]);
        assert_eq!(extra_bytes(&queue.take(2, 3 * empty_bytes())), [3]);
        assert_eq!(extra_bytes(&queue.take(2, 1)), [50_000]);
        assert!(queue.take(2, 1).is_empty());
    }

    #[test]
    fn returned_spans_are_the_oldest_again() {
        let mut queue = queue(4, 1_000);
        for bytes in [1, 2, 3] {
            push(&mut queue, bytes);
        }
        queue.take(3, usize::MAX);
        push(&mut queue, 4);
        queue.settle(1);
        queue.return_flight();
        assert_eq!(extra_bytes(&queue.take(9, usize::MAX)), [2, 3, 4]);
    }
}
