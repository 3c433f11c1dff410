//! Bursts of spans: none is lost while the queue has space, and lost spans are counted.

use std::time::Duration;

use pipecat_instrument::opentelemetry::KeyValue;
use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};

use crate::loopback::{Reply, Server, make_spans};

const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn bursts_of_5_000_and_of_50_000_spans_lose_none() {
    for count in [5_000, 50_000] {
        let server = Server::replying(Reply::Ok);
        let setup = server.setup_builder().build().unwrap();
        make_spans(&setup, count);
        let report = setup.shutdown(LIMIT);
        assert_eq!(report.to_string(), format!("{}/v1/traces: {count} spans exported", server.url()));
        assert_eq!(server.span_count(), count);
    }
}

#[test]
fn a_burst_for_a_backend_that_hangs_is_queued() {
    let server = Server::replying(Reply::Hang);
    let setup = server.setup_builder().build().unwrap();
    make_spans(&setup, 50_000);
    let report = setup.flush_within(Duration::from_millis(1));
    assert!(
        report
            .to_string()
            .ends_with("0 spans exported; 50000 still queued: the time was too short to send them"),
        "{report}"
    );
    let _ = setup.shutdown(Duration::from_millis(1));
}

#[test]
fn spans_beyond_the_queue_limit_are_dropped_and_counted() {
    let server = Server::replying(Reply::Hang);
    let setup = server.setup_builder().max_queue_spans(100).build().unwrap();
    make_spans(&setup, 130);
    let report = setup.flush_within(Duration::from_millis(1));
    let text = report.to_string();
    assert!(text.contains("30 dropped because the queue was full: raise OTEL_BSP_MAX_QUEUE_SIZE"), "{text}");
    assert!(text.contains("100 still queued"), "{text}");
    let _ = setup.shutdown(Duration::from_millis(1));
}

#[test]
fn the_queue_is_bounded_in_bytes() {
    let server = Server::replying(Reply::Hang);
    let setup = server.setup_builder().max_queue_bytes(1_000_000).build().unwrap();
    let tracer = setup.provider().tracer("test");
    for _ in 0..20 {
        let mut span = tracer.start("llm");
        span.set_attribute(KeyValue::new("said", "x".repeat(100_000)));
        span.end();
    }
    let report = setup.flush_within(Duration::from_millis(1));
    let destination = &report.destinations()[0];
    assert_eq!((destination.queued, destination.dropped), (9, 11), "each is a little more than 100 kB");
    let _ = setup.shutdown(Duration::from_millis(1));
}

#[test]
fn a_span_larger_than_the_queue_is_sent_alone() {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().max_queue_bytes(10_000).build().unwrap();
    let mut span = setup.provider().tracer("test").start("llm");
    span.set_attribute(KeyValue::new("said", "x".repeat(100_000)));
    span.end();
    assert!(setup.shutdown(LIMIT).is_complete());
    assert_eq!(server.span_count(), 1);
}
