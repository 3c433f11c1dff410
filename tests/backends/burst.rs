//! A burst of spans: none is lost while there is room, and what is lost is counted.

use std::time::Duration;

use pipecat_instrument::opentelemetry::KeyValue;
use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};

use crate::loopback::{Reply, Server, spans};

const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn a_burst_of_5_000_and_one_of_50_000_lose_nothing() {
    for count in [5_000, 50_000] {
        let server = Server::answering(Reply::Ok);
        let setup = server.setup().build().unwrap();
        spans(&setup, count);
        let report = setup.shutdown(LIMIT);
        assert_eq!(report.to_string(), format!("{}/v1/traces: {count} spans exported", server.url()));
        assert_eq!(server.spans(), count);
    }
}

#[test]
fn a_burst_against_a_backend_that_hangs_waits_whole() {
    let server = Server::answering(Reply::Never);
    let setup = server.setup().build().unwrap();
    spans(&setup, 50_000);
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
fn what_has_no_room_is_dropped_and_counted() {
    let server = Server::answering(Reply::Never);
    let setup = server.setup().max_queue_spans(100).build().unwrap();
    spans(&setup, 130);
    let report = setup.flush_within(Duration::from_millis(1));
    let said = report.to_string();
    assert!(said.contains("30 dropped because the queue was full: raise OTEL_BSP_MAX_QUEUE_SIZE"), "{said}");
    assert!(said.contains("100 still queued"), "{said}");
    let _ = setup.shutdown(Duration::from_millis(1));
}

#[test]
fn bytes_are_bounded_too() {
    let server = Server::answering(Reply::Never);
    let setup = server.setup().max_queue_bytes(1_000_000).build().unwrap();
    let tracer = setup.provider().tracer("test");
    for _ in 0..20 {
        let mut span = tracer.start("llm");
        span.set_attribute(KeyValue::new("said", "x".repeat(100_000)));
        span.end();
    }
    let report = setup.flush_within(Duration::from_millis(1));
    let destination = &report.destinations()[0];
    assert_eq!((destination.queued, destination.dropped), (9, 11), "each is somewhat more than 100 kB");
    let _ = setup.shutdown(Duration::from_millis(1));
}

#[test]
fn a_span_larger_than_all_room_goes_alone() {
    let server = Server::answering(Reply::Ok);
    let setup = server.setup().max_queue_bytes(10_000).build().unwrap();
    let mut span = setup.provider().tracer("test").start("llm");
    span.set_attribute(KeyValue::new("said", "x".repeat(100_000)));
    span.end();
    assert!(setup.shutdown(LIMIT).is_complete());
    assert_eq!(server.spans(), 1);
}
