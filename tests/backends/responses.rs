//! Responses without success: the error and the remedy that each is reported with, over both protocols.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pipecat_instrument::setup::{self, Backend, Environment, ExportError, Protocol, ResponseCode};

use crate::loopback::{Reply, Server, free_port, make_spans};

const LIMIT: Duration = Duration::from_secs(60);
const PROTOCOLS: [Protocol; 2] = [Protocol::HttpProtobuf, Protocol::Grpc];

/// Returns the error of a check, its explanation, and the report of a shutdown, for a server that refuses three spans.
fn check_and_shut_down(server: &Server, protocol: Protocol) -> (ExportError, String, String) {
    let setup =
        server.setup_builder().protocol(protocol).timeout(Duration::from_millis(1_500)).build().unwrap();
    let error = setup.check().unwrap_err();
    assert!(error.to_string().contains(&error.explanation), "{error}");
    make_spans(&setup, 3);
    let report = setup.shutdown(LIMIT);
    assert!(!report.is_complete());
    let destination = &report.destinations()[0];
    assert_eq!((destination.exported, destination.queued), (0, 0), "{report}");
    assert_eq!(destination.failed.iter().map(|failed| failed.spans).sum::<u64>(), 3, "{report}");
    assert_eq!(destination.failed[0].error, error.error);
    (error.error, error.explanation, report.to_string())
}

#[test]
fn each_http_status_is_reported_with_a_remedy() {
    for (status, expected, remedy) in [
        (
            401,
            ExportError::Unauthorized(ResponseCode::Http(401)),
            "it answered 401 Unauthorized: set OTEL_EXPORTER_OTLP_HEADERS",
        ),
        (
            403,
            ExportError::Unauthorized(ResponseCode::Http(403)),
            "it answered 403 Forbidden: set OTEL_EXPORTER_OTLP_HEADERS",
        ),
        (
            404,
            ExportError::NotFound(ResponseCode::Http(404)),
            "it answered 404 Not Found: check the endpoint",
        ),
        (413, ExportError::TooLarge(ResponseCode::Http(413)), "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        (
            308,
            ExportError::Redirected(ResponseCode::Http(308)),
            "redirects are not followed: set the endpoint to the final URL",
        ),
        (
            400,
            ExportError::UnexpectedResponse(ResponseCode::Http(400)),
            "it answered 400 Bad Request: see the log of the backend",
        ),
        (
            500,
            ExportError::UnexpectedResponse(ResponseCode::Http(500)),
            "it answered 500 Internal Server Error",
        ),
    ] {
        let server = Server::replying(Reply::Status(status, &[("location", "https://elsewhere.invalid")]));
        let (error, explanation, report) = check_and_shut_down(&server, Protocol::HttpProtobuf);
        assert_eq!(error, expected);
        assert!(explanation.contains(remedy), "{explanation}");
        assert!(report.contains("0 spans exported; 3 failed: ") && report.contains(remedy), "{report}");
        assert_eq!(server.requests().len(), 2, "{status} is not retried");
    }
}

#[test]
fn each_grpc_status_is_reported_with_a_remedy() {
    for (code, expected, remedy) in [
        (
            16,
            ExportError::Unauthorized(ResponseCode::Grpc("Unauthenticated")),
            "Unauthenticated: set OTEL_EXPORTER_OTLP_HEADERS",
        ),
        (7, ExportError::Unauthorized(ResponseCode::Grpc("PermissionDenied")), "PermissionDenied: set"),
        (12, ExportError::NotFound(ResponseCode::Grpc("Unimplemented")), "Unimplemented: check the endpoint"),
        (
            3,
            ExportError::UnexpectedResponse(ResponseCode::Grpc("InvalidArgument")),
            "see the log of the backend",
        ),
        (14, ExportError::Unavailable(ResponseCode::Grpc("Unavailable")), "overloaded or down"),
    ] {
        let server = Server::replying(Reply::Grpc(code));
        let (error, explanation, report) = check_and_shut_down(&server, Protocol::Grpc);
        assert_eq!(error, expected);
        assert!(explanation.contains(remedy), "{explanation}");
        assert!(report.contains("3 failed: "), "{report}");
    }
}

#[test]
fn a_refused_key_is_reported_with_the_variable_of_its_backend() {
    let server = Server::replying(Reply::Status(401, &[]));
    let url = server.url();
    for (backend, variables, remedy) in [
        (Backend::Phoenix, vec![], "set PHOENIX_API_KEY"),
        (Backend::Phoenix, vec![("PHOENIX_API_KEY", "wrong")], "check PHOENIX_API_KEY"),
        (
            Backend::Langfuse,
            vec![("LANGFUSE_PUBLIC_KEY", "a"), ("LANGFUSE_SECRET_KEY", "b")],
            "check LANGFUSE_PUBLIC_KEY",
        ),
        (Backend::OpenObserve, vec![("OPENOBSERVE_AUTH_TOKEN", "a")], "check OPENOBSERVE_AUTH_TOKEN"),
        (Backend::Arize, vec![("ARIZE_API_KEY", "a"), ("ARIZE_SPACE_ID", "b")], "check ARIZE_API_KEY"),
    ] {
        let environment = Environment::from_iter(variables);
        let setup =
            setup::builder().environment(environment).backend(backend).endpoint(&url).build().unwrap();
        let error = setup.check().unwrap_err().to_string();
        assert!(error.starts_with(&format!("{backend} at {url}")) && error.contains(remedy), "{error}");
    }
}

#[test]
fn a_busy_backend_is_retried() {
    for status in [429, 502, 503, 504] {
        let server =
            Server::replying_by_number(
                move |number| if number < 2 { Reply::Status(status, &[]) } else { Reply::Ok },
            );
        let setup = server.setup_builder().build().unwrap();
        make_spans(&setup, 5);
        assert_eq!(
            setup.shutdown(LIMIT).to_string(),
            format!("{}/v1/traces: 5 spans exported", server.url())
        );
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn a_backend_that_stays_busy_is_reported_as_unavailable() {
    let server = Server::replying(Reply::Status(503, &[]));
    let (error, explanation, _) = check_and_shut_down(&server, Protocol::HttpProtobuf);
    assert_eq!(error, ExportError::Unavailable(ResponseCode::Http(503)));
    assert!(explanation.contains("put a collector in front"), "{explanation}");
    assert!(server.requests().len() > 4, "each request is retried");
}

#[test]
fn a_backend_that_recovers_gets_later_spans() {
    let has_recovered = Arc::new(AtomicBool::new(false));
    let recovered = Arc::clone(&has_recovered);
    let server = Server::replying_by_number(move |_| {
        if recovered.load(Ordering::Relaxed) { Reply::Ok } else { Reply::Status(503, &[]) }
    });
    let setup = server.setup_builder().build().unwrap();
    make_spans(&setup, 3);
    assert!(!setup.flush_within(LIMIT).is_complete());
    has_recovered.store(true, Ordering::Relaxed);
    make_spans(&setup, 5);
    let report = setup.shutdown(LIMIT);
    let destination = &report.destinations()[0];
    assert_eq!((destination.exported, destination.queued), (5, 0), "{report}");
    assert_eq!(destination.failed.iter().map(|failed| failed.spans).sum::<u64>(), 3, "{report}");
}

#[test]
fn a_backend_that_hangs_times_out() {
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::Hang);
        let setup =
            server.setup_builder().protocol(protocol).timeout(Duration::from_millis(200)).build().unwrap();
        let error = setup.check().unwrap_err();
        assert_eq!(error.error, ExportError::TimedOut, "{error}");
        assert!(error.to_string().contains("OTEL_EXPORTER_OTLP_TIMEOUT"), "{error}");
    }
}

#[test]
fn spans_left_at_the_end_of_a_shutdown_are_reported_as_queued() {
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::Hang);
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 3);
        let report = setup.shutdown(Duration::from_millis(50));
        assert!(report.to_string().contains("0 spans exported; 3 still queued"), "{report}");
        assert!(report.complete().is_err());
    }
}

#[test]
fn a_refused_connection_is_reported_with_the_usual_port() {
    for (protocol, usual) in PROTOCOLS.into_iter().zip(["4318 is usual", "4317 is usual"]) {
        let setup = setup::builder()
            .environment(Environment::default())
            .endpoint(format!("http://127.0.0.1:{}", free_port()))
            .protocol(protocol)
            .build()
            .unwrap();
        let error = setup.check().unwrap_err();
        assert_eq!(error.error, ExportError::ConnectionRefused, "{error}");
        assert!(error.to_string().contains("connection refused: start the backend"), "{error}");
        assert!(error.to_string().contains(usual), "{error}");
    }
}

/// `Debug` is what a `main` that ends with `setup.check()?` prints.
#[test]
fn debug_of_an_error_is_its_message() {
    let environment = Environment::from_iter([("PIPECAT_TRACE_PRESET", "fenix")]);
    let error = setup::builder().environment(environment).build().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    let server = Server::replying(Reply::Status(401, &[]));
    let setup = server.setup_builder().build().unwrap();
    let error = setup.check().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    make_spans(&setup, 1);
    let delivery_error = setup.shutdown(LIMIT).complete().unwrap_err();
    assert_eq!(format!("{delivery_error:?}"), delivery_error.to_string());
}

#[test]
fn an_unknown_host_is_reported_with_its_variable() {
    for protocol in PROTOCOLS {
        // The top-level domain `invalid` is reserved for names that resolve to nothing.
        let setup = setup::builder()
            .environment(Environment::from_iter([(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://nowhere.invalid:4318",
            )]))
            .protocol(protocol)
            .build()
            .unwrap();
        let error = setup.check().unwrap_err();
        assert_eq!(error.error, ExportError::UnknownHost, "{error}");
        assert!(error.to_string().contains("check OTEL_EXPORTER_OTLP_ENDPOINT"), "{error}");
    }
}

#[test]
fn rejected_spans_of_a_partial_success_are_counted() {
    let server = Server::replying(Reply::PartialSuccess(2, "two are too old"));
    let setup = server.setup_builder().build().unwrap();
    make_spans(&setup, 5);
    assert_eq!(
        setup.shutdown(LIMIT).to_string(),
        format!("{}/v1/traces: 3 spans exported; 2 failed: it rejected them: two are too old", server.url())
    );
}

#[test]
fn a_successful_check_names_the_backend_and_the_time() {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().build().unwrap();
    let report = setup.check().unwrap().to_string();
    assert!(report.starts_with(&format!("{}/v1/traces took a span in ", server.url())), "{report}");
    assert_eq!(server.requests()[0].span_names(), ["setup.check"]);
}
