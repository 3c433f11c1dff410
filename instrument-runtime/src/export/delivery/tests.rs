use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::{ExportError, QueueLimits, Receipt, SpanQueue, Target, size};
use crate::export::clock::Deadline;

const HOUR: Duration = Duration::from_secs(3_600);

/// A span that holds so many bytes more than an empty one.
fn span(bytes: usize) -> SpanData {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let mut span = provider.tracer("test").start("");
    span.set_attribute(KeyValue::new("", "x".repeat(bytes)));
    span.end();
    spans.get_finished_spans().unwrap().remove(0)
}

fn queue(spans: usize, handed: usize) -> SpanQueue {
    SpanQueue::new(Target::Console, QueueLimits { spans, bytes: 1_000_000, handed })
}

/// `given = exported + refused + dropped + late + waiting`, whatever happens.
#[test]
fn what_comes_in_is_what_goes_one_way_or_the_other() {
    let small = size::bytes(&span(0));
    let room = QueueLimits { spans: 3, bytes: 3 * small + 1_000, handed: 3 };
    let queue = SpanQueue::new(Target::Console, room);
    let admitted = [600, 300, 200, 0, 0].map(|bytes| queue.admit(span(bytes)).is_some());
    assert_eq!(admitted, [true, true, false, true, false], "200 bytes have no room, and then a fourth span");
    queue.take_handed(2);
    queue.settle(1, small + 600, Ok(Receipt::default()));
    queue.settle(1, small + 300, Err(ExportError::TimedOut));
    assert!(queue.admit(span(900)).is_some(), "there is room again");
    queue.close();
    assert!(queue.admit(span(0)).is_none());
    let report = queue.report();
    assert_eq!((report.exported, report.dropped, report.late, report.waiting), (1, 2, 1, 2));
    assert_eq!(report.failed.iter().map(|refused| refused.spans).sum::<u64>(), 1);
}

#[test]
fn what_the_batch_processor_has_no_room_for_waits_behind_and_comes_after() {
    let queue = queue(10, 2);
    let handed = [1, 2, 3, 4, 5].map(|bytes| queue.admit(span(bytes)).is_some());
    assert_eq!(handed, [true, true, false, false, false]);
    queue.take_handed(2);
    assert!(queue.admit(span(6)).is_some(), "it has room again");
    let behind =
        |most| queue.take_behind(most).map(|spans| spans.iter().map(size::bytes).collect::<Vec<_>>());
    let bytes = size::bytes(&span(0));
    assert_eq!(behind(2), Some(vec![bytes + 3, bytes + 4]));
    assert_eq!(behind(2), Some(vec![bytes + 5]));
    assert_eq!(behind(2), None);
}

#[test]
fn causes_are_counted_by_kind_and_their_number_is_bounded() {
    let queue = queue(100, 100);
    for number in 0..20 {
        assert!(queue.admit(span(0)).is_some());
        queue.settle(1, 1, Err(ExportError::Broken(format!("{}", number % 10))));
    }
    let report = queue.report();
    assert_eq!(report.failed.len(), 8);
    assert_eq!(report.failed.iter().map(|refused| refused.spans).sum::<u64>(), 20);
}

#[test]
fn a_receipt_with_more_rejected_than_sent_is_no_more_than_was_sent() {
    let queue = queue(10, 10);
    assert!(queue.admit(span(0)).is_some());
    queue.settle(1, 1, Ok(Receipt { rejected: 7, remark: String::new() }));
    let report = queue.report();
    assert_eq!((report.exported, report.failed[0].spans), (0, 1));
}

#[test]
fn waiting_ends_when_all_is_settled_or_time_is_up() {
    let queue = queue(10, 10);
    queue.wait_until_settled(Deadline::within(HOUR));
    assert!(queue.admit(span(0)).is_some());
    queue.wait_until_settled(Deadline::within(Duration::ZERO));
    std::thread::scope(|scope| {
        scope.spawn(|| queue.settle(1, 1, Ok(Receipt::default())));
        queue.wait_until_settled(Deadline::within(HOUR));
    });
    assert_eq!(queue.report().waiting, 0);
}
