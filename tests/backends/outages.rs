//! Backends that are away for a while: what they miss is sent again, and waiting has an end.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use pipecat_instrument::setup::{self, Environment, ExportError, Protocol, ResponseCode, Setup};

use crate::intermittent::IntermittentBackend;
use crate::loopback::{
    BrokenConnection, LIMIT, PROTOCOLS, ReceivedRequest, Reply, Server, make_spans, wait_for_failed_attempt,
};
use crate::support::warnings::Warnings;

/// The reply of a backend that is down.
fn unavailable(protocol: Protocol) -> Reply {
    match protocol {
        Protocol::Grpc => Reply::Grpc(14, "down"),
        _ => Reply::Status(503, &[]),
    }
}

/// Shuts down, and checks that every one of `spans` arrived.
fn shut_down_completely(setup: &Setup, spans: u64) {
    let report = setup.shutdown(LIMIT);
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.destinations()[0].exported, spans, "{report}");
}

#[test]
fn a_busy_backend_is_tried_again_until_it_takes_the_spans() {
    for status in [429, 502, 503, 504] {
        let server =
            Server::replying_by_number(
                move |number| if number < 2 { Reply::Status(status, &[]) } else { Reply::Ok },
            );
        let setup = server.setup_builder().build().unwrap();
        make_spans(&setup, 5);
        shut_down_completely(&setup, 5);
        assert_eq!(server.requests().len(), 3);
    }
    for code in [1, 4, 10, 11, 14, 15] {
        let server =
            Server::replying_by_number(
                move |number| if number < 2 { Reply::Grpc(code, "later") } else { Reply::Ok },
            );
        let setup = server.setup_builder().protocol(Protocol::Grpc).build().unwrap();
        make_spans(&setup, 5);
        shut_down_completely(&setup, 5);
        assert_eq!(server.requests().len(), 3, "code {code}");
    }
}

#[test]
fn an_outage_delays_spans_and_loses_none() {
    let warnings = Warnings::of_process();
    for protocol in PROTOCOLS {
        let backend = IntermittentBackend::replying(unavailable(protocol));
        let setup = backend.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 50);
        let _ = setup.flush_within(Duration::ZERO);
        wait_for_failed_attempt(&setup);
        for _ in 0..19 {
            make_spans(&setup, 50);
            let report = setup.flush_within(Duration::from_millis(60));
            assert_eq!(report.destinations()[0].failed, [], "{report}");
            let error = wait_for_failed_attempt(&setup).error;
            assert!(matches!(error, ExportError::Unavailable(_)), "{report}");
            assert!(report.to_string().contains("still queued to be sent again: it answered"), "{report}");
        }
        assert!(!backend.requests().is_empty());
        backend.reply(Reply::Ok);
        make_spans(&setup, 1);
        shut_down_completely(&setup, 1_001);
        assert_eq!(warnings.count(&backend.url(), "wait to be sent again"), 1);
    }
}

#[test]
fn spans_wait_for_a_backend_that_starts_later() {
    for protocol in PROTOCOLS {
        let backend = IntermittentBackend::away();
        let setup = backend.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 5);
        let retried = wait_for_failed_attempt(&setup);
        assert_eq!((retried.error, retried.spans), (ExportError::ConnectionRefused, 5));
        backend.reply(Reply::Ok);
        shut_down_completely(&setup, 5);
        let names = backend.accepted_requests().iter().flat_map(ReceivedRequest::span_names).count();
        assert_eq!(names, 5);
    }
}

#[test]
fn spans_wait_for_a_host_that_is_unknown() {
    for protocol in PROTOCOLS {
        // The top-level domain `invalid` is reserved for names that resolve to nothing.
        let setup = setup::builder()
            .environment(Environment::default())
            .endpoint("http://nowhere.invalid:4318")
            .protocol(protocol)
            .build()
            .unwrap();
        make_spans(&setup, 5);
        let retried = wait_for_failed_attempt(&setup);
        assert_eq!((retried.error, retried.spans), (ExportError::UnknownHost, 5));
        let _ = setup.shutdown(Duration::ZERO);
    }
}

#[test]
fn the_flush_of_the_provider_tells_whether_spans_arrived() {
    for (reply, is_ok) in [(Reply::Ok, true), (Reply::Status(401, &[]), false)] {
        let server = Server::replying(reply);
        let setup = server.setup_builder().build().unwrap();
        make_spans(&setup, 5);
        assert_eq!(setup.provider().force_flush().is_ok(), is_ok);
        assert_eq!(setup.report().destinations()[0].queued, 0);
    }
}

#[test]
fn a_connection_that_breaks_is_tried_again() {
    for (kind, protocols) in [
        (BrokenConnection::Reset, &PROTOCOLS[..]),
        (BrokenConnection::Garbage, &PROTOCOLS[..]),
        (BrokenConnection::GoAway, &[Protocol::Grpc]),
    ] {
        for protocol in protocols {
            let server = Server::breaking(2, kind);
            let setup = server.setup_builder().protocol(*protocol).build().unwrap();
            make_spans(&setup, 5);
            shut_down_completely(&setup, 5);
            assert_eq!(server.span_count(), 5, "{kind:?}");
        }
    }
}

/// Over HTTP/2, this is `RST_STREAM`.
#[test]
fn a_request_without_a_reply_is_tried_again() {
    for protocol in PROTOCOLS {
        let server = Server::replying_by_number(|number| if number < 2 { Reply::Break } else { Reply::Ok });
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 5);
        shut_down_completely(&setup, 5);
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn a_backend_that_hung_gets_its_spans() {
    for protocol in PROTOCOLS {
        let server = Server::replying_by_number(|number| if number < 2 { Reply::Hang } else { Reply::Ok });
        let setup =
            server.setup_builder().protocol(protocol).timeout(Duration::from_millis(100)).build().unwrap();
        make_spans(&setup, 5);
        shut_down_completely(&setup, 5);
    }
}

#[test]
fn the_wait_that_a_backend_asks_for_is_kept() {
    // A date has no fraction of a second, and the first answer takes time.
    for as_date in [false, true] {
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
        let wait = if as_date { date } else { "1".to_owned() };
        let begun = Instant::now();
        let server = Server::replying_by_number(move |number| match number {
            0 => Reply::RetryAfter(429, wait.clone()),
            _ => Reply::Ok,
        });
        let setup = server.setup_builder().schedule_delay(Duration::from_millis(1)).build().unwrap();
        make_spans(&setup, 5);
        while setup.report().destinations()[0].queued > 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
        shut_down_completely(&setup, 5);
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn a_shutdown_tries_once_more_instead_of_waiting() {
    let server = Server::replying_by_number(|number| match number {
        0 => Reply::RetryAfter(503, "3600".to_owned()),
        _ => Reply::Ok,
    });
    let setup = server.setup_builder().schedule_delay(Duration::from_millis(1)).build().unwrap();
    make_spans(&setup, 5);
    wait_for_failed_attempt(&setup);
    shut_down_completely(&setup, 5);
}

#[test]
fn a_shutdown_does_not_wait_for_a_retry_after_its_deadline() {
    let server = Server::replying(Reply::RetryAfter(503, "3600".to_owned()));
    let setup = server.setup_builder().build().unwrap();
    make_spans(&setup, 5);
    let begun = Instant::now();
    let report = setup.shutdown(LIMIT);
    assert!(begun.elapsed() < LIMIT / 2, "{:?}", begun.elapsed());
    let failed = &report.destinations()[0].failed;
    assert_eq!(failed[0].error, ExportError::Unavailable(ResponseCode::Http(503)));
    assert_eq!(failed[0].spans, 5, "{report}");
}

#[test]
fn spans_left_at_the_deadline_of_a_shutdown_are_lost_with_the_last_error() {
    for protocol in PROTOCOLS {
        let server = Server::replying(unavailable(protocol));
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 5);
        let report = setup.shutdown(Duration::from_secs(2));
        let destination = &report.destinations()[0];
        assert_eq!((destination.exported, destination.queued), (0, 0), "{report}");
        assert!(matches!(destination.failed[0].error, ExportError::Unavailable(_)), "{report}");
        assert_eq!(destination.failed[0].spans, 5, "{report}");
        assert!(report.to_string().contains("put a collector in front"), "{report}");
        assert!(server.requests().len() > 1, "there is time for a second attempt");
    }
}

#[test]
fn a_full_queue_drops_its_oldest_spans() {
    let warnings = Warnings::of_process();
    let backend = IntermittentBackend::replying(Reply::Status(503, &[]));
    let setup = backend.setup_builder().max_queue_spans(20).max_batch_spans(5).build().unwrap();
    let tracer = setup.provider().tracer("test");
    for number in 0..50 {
        tracer.start(format!("span {number}")).end();
    }
    let report = setup.flush_within(Duration::from_millis(100));
    assert_eq!(report.destinations()[0].queued, 20, "{report}");
    assert!(report.to_string().contains("30 dropped because the queue was full"), "{report}");
    assert_eq!(warnings.count(&backend.url(), "dropped because the queue is full"), 1);
    backend.reply(Reply::Ok);
    let report = setup.shutdown(LIMIT);
    assert_eq!((report.destinations()[0].exported, report.destinations()[0].dropped), (20, 30));
    let accepted = backend.accepted_requests();
    let names: Vec<String> = accepted.iter().flat_map(ReceivedRequest::span_names).collect();
    assert_eq!(names.last().map(String::as_str), Some("span 49"), "the newest are kept: {names:?}");
}

#[test]
fn dropping_a_setup_takes_five_seconds_at_most() {
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::Hang);
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 3);
        let begun = Instant::now();
        drop(setup);
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
}

#[test]
fn the_longest_times_and_the_largest_queue_are_no_panic() {
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::Ok);
        let setup = server
            .setup_builder()
            .protocol(protocol)
            .timeout(Duration::MAX)
            .schedule_delay(Duration::MAX)
            .max_queue_spans(usize::MAX)
            .max_queue_bytes(usize::MAX)
            .max_batch_spans(usize::MAX)
            .build()
            .unwrap();
        setup.check().unwrap();
        make_spans(&setup, 3);
        assert!(setup.flush_within(Duration::MAX).is_complete());
        make_spans(&setup, 3);
        assert!(setup.shutdown(Duration::MAX).is_complete());
        assert_eq!(server.span_count(), 7);
    }
}

/// Four threads end spans while the backend answers in every way, with a queue that is too small.
#[test]
fn every_span_has_one_outcome_whatever_the_backend_does() {
    const THREADS: usize = 4;
    const SPANS: usize = 500;
    for protocol in PROTOCOLS {
        let replies = match protocol {
            Protocol::Grpc => [
                Reply::Ok,
                Reply::Grpc(14, "down"),
                Reply::Grpc(8, "message larger than max"),
                Reply::Break,
                Reply::Grpc(3, "no"),
                Reply::PartialSuccess(2, "too old"),
            ],
            _ => [
                Reply::Ok,
                Reply::Status(503, &[]),
                Reply::Status(413, &[]),
                Reply::Break,
                Reply::Status(400, &[]),
                Reply::PartialSuccess(2, "too old"),
            ],
        };
        let server = Server::replying_by_number(move |number| replies[number % replies.len()].clone());
        let setup = server
            .setup_builder()
            .protocol(protocol)
            .max_queue_spans(200)
            .max_batch_spans(16)
            .schedule_delay(Duration::from_millis(1))
            .build()
            .unwrap();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let tracer = setup.provider().tracer("test");
                scope.spawn(move || {
                    for number in 0..SPANS {
                        tracer.start(format!("{thread}.{number}")).end();
                        if number % 50 == 0 {
                            std::thread::sleep(Duration::from_millis(5));
                        }
                    }
                });
            }
        });
        let report = setup.shutdown(LIMIT);
        let destination = &report.destinations()[0];
        let failed: u64 = destination.failed.iter().map(|failed| failed.spans).sum();
        assert_eq!((destination.queued, destination.late), (0, 0), "{report}");
        assert_eq!(destination.exported + failed + destination.dropped, (THREADS * SPANS) as u64, "{report}");
        assert!(destination.exported > 0 && failed > 0, "{report}");
        let requests = server.requests();
        let arrived: HashSet<String> = requests.iter().flat_map(ReceivedRequest::span_names).collect();
        assert!(destination.exported <= arrived.len() as u64, "{report}");
    }
}
