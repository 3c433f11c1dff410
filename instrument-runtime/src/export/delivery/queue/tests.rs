use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::{ExportError, QueueLimits, Receipt, SpanQueue, span_bytes};
use crate::export::clock::Deadline;
use crate::export::settings::Destination;

const HOUR: Duration = Duration::from_secs(3_600);

/// Returns a span with so many bytes more than an empty one.
fn span(bytes: usize) -> SpanData {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let mut span = provider.tracer("test").start("");
    span.set_attribute(KeyValue::new("", "x".repeat(bytes)));
    span.end();
    spans.get_finished_spans().unwrap().remove(0)
}

fn queue(spans: usize, sdk_spans: usize) -> SpanQueue {
    SpanQueue::new(Destination::Console, QueueLimits { spans, bytes: 1_000_000, sdk_spans })
}

/// `received = queued + exported + failed + dropped + late`.
#[test]
fn every_span_received_has_one_outcome() {
    let small = span_bytes(&span(0));
    let limits = QueueLimits { spans: 3, bytes: 3 * small + 1_000, sdk_spans: 3 };
    let queue = SpanQueue::new(Destination::Console, limits);
    let admitted = [600, 300, 200, 0, 0].map(|bytes| queue.admit(span(bytes)).is_some());
    assert_eq!(admitted, [true, true, false, true, false], "200 bytes do not fit, nor does a fourth span");
    queue.release_sdk_spans(2);
    queue.settle(1, small + 600, Ok(Receipt::default()));
    queue.settle(1, small + 300, Err(ExportError::TimedOut));
    assert!(queue.admit(span(900)).is_some(), "spans fit again");
    queue.close();
    assert!(queue.admit(span(0)).is_none());
    let report = queue.report();
    assert_eq!((report.exported, report.dropped, report.late, report.queued), (1, 2, 1, 2));
    assert_eq!(report.failed.iter().map(|failed| failed.spans).sum::<u64>(), 1);
}

#[test]
fn spans_beyond_the_sdk_limit_wait_in_the_overflow() {
    let queue = queue(10, 2);
    let to_sdk = [1, 2, 3, 4, 5].map(|bytes| queue.admit(span(bytes)).is_some());
    assert_eq!(to_sdk, [true, true, false, false, false]);
    queue.release_sdk_spans(2);
    assert!(queue.admit(span(6)).is_some(), "the SDK has space again");
    let overflow =
        |max| queue.take_overflow(max).map(|spans| spans.iter().map(span_bytes).collect::<Vec<_>>());
    let bytes = span_bytes(&span(0));
    assert_eq!(overflow(2), Some(vec![bytes + 3, bytes + 4]));
    assert_eq!(overflow(2), Some(vec![bytes + 5]));
    assert_eq!(overflow(2), None);
}

#[test]
fn errors_are_counted_by_kind_up_to_a_limit() {
    let queue = queue(100, 100);
    for number in 0..20 {
        assert!(queue.admit(span(0)).is_some());
        queue.settle(1, 1, Err(ExportError::Other(format!("{}", number % 10))));
    }
    let report = queue.report();
    assert_eq!(report.failed.len(), 8);
    assert_eq!(report.failed.iter().map(|failed| failed.spans).sum::<u64>(), 20);
}

#[test]
fn a_receipt_cannot_reject_more_spans_than_were_sent() {
    let queue = queue(10, 10);
    assert!(queue.admit(span(0)).is_some());
    queue.settle(1, 1, Ok(Receipt { rejected_spans: 7, message: String::new() }));
    let report = queue.report();
    assert_eq!((report.exported, report.failed[0].spans), (0, 1));
}

#[test]
fn waiting_ends_when_all_spans_are_settled_or_at_the_deadline() {
    let queue = queue(10, 10);
    queue.wait_until_settled(Deadline::within(HOUR));
    assert!(queue.admit(span(0)).is_some());
    queue.wait_until_settled(Deadline::within(Duration::ZERO));
    std::thread::scope(|scope| {
        scope.spawn(|| queue.settle(1, 1, Ok(Receipt::default())));
        queue.wait_until_settled(Deadline::within(HOUR));
    });
    assert_eq!(queue.report().queued, 0);
}
