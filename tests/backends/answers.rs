//! What is said of a backend that does not take spans: each answer, over both protocols, with what to change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pipecat_instrument::setup::{self, Backend, Environment, ExportError, Protocol, ResponseCode};

use crate::loopback::{Reply, Server, free_port, spans};

const LIMIT: Duration = Duration::from_secs(60);
const PROTOCOLS: [Protocol; 2] = [Protocol::HttpProtobuf, Protocol::Grpc];

/// What a check and a shutdown say of a server that answers so. The spans are three.
fn said_of(server: &Server, protocol: Protocol) -> (ExportError, String, String) {
    let setup = server.setup().protocol(protocol).timeout(Duration::from_millis(1_500)).build().unwrap();
    let failed = setup.check().unwrap_err();
    assert!(failed.to_string().contains(&failed.explanation), "{failed}");
    spans(&setup, 3);
    let report = setup.shutdown(LIMIT);
    assert!(!report.is_complete());
    let destination = &report.destinations()[0];
    assert_eq!((destination.exported, destination.queued), (0, 0), "{report}");
    assert_eq!(destination.failed.iter().map(|refused| refused.spans).sum::<u64>(), 3, "{report}");
    assert_eq!(destination.failed[0].error, failed.error);
    (failed.error, failed.explanation, report.to_string())
}

#[test]
fn each_answer_of_http_says_what_to_change() {
    for (status, cause, change) in [
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
        let server = Server::answering(Reply::Status(status, &[("location", "https://elsewhere.invalid")]));
        let (said, explanation, report) = said_of(&server, Protocol::HttpProtobuf);
        assert_eq!(said, cause);
        assert!(explanation.contains(change), "{explanation}");
        assert!(report.contains("0 spans exported; 3 failed: ") && report.contains(change), "{report}");
        assert_eq!(server.received().len(), 2, "{status} is not tried again");
    }
}

#[test]
fn each_answer_of_grpc_says_what_to_change() {
    for (code, cause, change) in [
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
        let server = Server::answering(Reply::Grpc(code));
        let (said, explanation, report) = said_of(&server, Protocol::Grpc);
        assert_eq!(said, cause);
        assert!(explanation.contains(change), "{explanation}");
        assert!(report.contains("3 failed: "), "{report}");
    }
}

#[test]
fn what_to_set_is_named_by_the_backends_own_variable() {
    let server = Server::answering(Reply::Status(401, &[]));
    let url = server.url();
    for (backend, variables, change) in [
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
        let failed = setup.check().unwrap_err().to_string();
        assert!(failed.starts_with(&format!("{backend} at {url}")) && failed.contains(change), "{failed}");
    }
}

#[test]
fn a_backend_that_is_busy_is_asked_again() {
    for status in [429, 502, 503, 504] {
        let server =
            Server::with(move |number| if number < 2 { Reply::Status(status, &[]) } else { Reply::Ok });
        let setup = server.setup().build().unwrap();
        spans(&setup, 5);
        assert_eq!(
            setup.shutdown(LIMIT).to_string(),
            format!("{}/v1/traces: 5 spans exported", server.url())
        );
        assert_eq!(server.received().len(), 3);
    }
}

#[test]
fn a_backend_that_stays_busy_is_told_of() {
    let server = Server::answering(Reply::Status(503, &[]));
    let (cause, explanation, _) = said_of(&server, Protocol::HttpProtobuf);
    assert_eq!(cause, ExportError::Unavailable(ResponseCode::Http(503)));
    assert!(explanation.contains("put a collector in front"), "{explanation}");
    assert!(server.received().len() > 4, "each request is tried again");
}

/// What was given up while it was away is counted; nothing stays in the way of what comes afterwards.
#[test]
fn a_backend_that_comes_back_takes_what_comes_then() {
    let is_back = Arc::new(AtomicBool::new(false));
    let looks = Arc::clone(&is_back);
    let server =
        Server::with(
            move |_| {
                if looks.load(Ordering::Relaxed) { Reply::Ok } else { Reply::Status(503, &[]) }
            },
        );
    let setup = server.setup().build().unwrap();
    spans(&setup, 3);
    assert!(!setup.flush_within(LIMIT).is_complete());
    is_back.store(true, Ordering::Relaxed);
    spans(&setup, 5);
    let report = setup.shutdown(LIMIT);
    let destination = &report.destinations()[0];
    assert_eq!((destination.exported, destination.queued), (5, 0), "{report}");
    assert_eq!(destination.failed.iter().map(|refused| refused.spans).sum::<u64>(), 3, "{report}");
}

#[test]
fn a_backend_that_hangs_is_given_up() {
    for protocol in PROTOCOLS {
        let server = Server::answering(Reply::Never);
        let setup = server.setup().protocol(protocol).timeout(Duration::from_millis(200)).build().unwrap();
        let failed = setup.check().unwrap_err();
        assert_eq!(failed.error, ExportError::TimedOut, "{failed}");
        assert!(failed.to_string().contains("OTEL_EXPORTER_OTLP_TIMEOUT"), "{failed}");
    }
}

#[test]
fn what_a_shutdown_has_no_time_for_still_waits_and_is_said() {
    for protocol in PROTOCOLS {
        let server = Server::answering(Reply::Never);
        let setup = server.setup().protocol(protocol).build().unwrap();
        spans(&setup, 3);
        let report = setup.shutdown(Duration::from_millis(50));
        assert!(report.to_string().contains("0 spans exported; 3 still queued"), "{report}");
        assert!(report.complete().is_err());
    }
}

#[test]
fn a_port_that_nobody_listens_on_is_told_of() {
    for (protocol, usual) in PROTOCOLS.into_iter().zip(["4318 is usual", "4317 is usual"]) {
        let setup = setup::builder()
            .environment(Environment::default())
            .endpoint(format!("http://127.0.0.1:{}", free_port()))
            .protocol(protocol)
            .build()
            .unwrap();
        let failed = setup.check().unwrap_err();
        assert_eq!(failed.error, ExportError::ConnectionRefused, "{failed}");
        assert!(failed.to_string().contains("connection refused: start the backend"), "{failed}");
        assert!(failed.to_string().contains(usual), "{failed}");
    }
}

/// What a `main` that ends with `setup.check()?` prints.
#[test]
fn an_error_is_shown_as_its_message_whoever_shows_it() {
    let environment = Environment::from_iter([("PIPECAT_TRACE_PRESET", "fenix")]);
    let error = setup::builder().environment(environment).build().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    let server = Server::answering(Reply::Status(401, &[]));
    let setup = server.setup().build().unwrap();
    let failed = setup.check().unwrap_err();
    assert_eq!(format!("{failed:?}"), failed.to_string());
    spans(&setup, 1);
    let undelivered = setup.shutdown(LIMIT).complete().unwrap_err();
    assert_eq!(format!("{undelivered:?}"), undelivered.to_string());
}

#[test]
fn a_host_that_is_none_is_told_of() {
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
        let failed = setup.check().unwrap_err();
        assert_eq!(failed.error, ExportError::UnknownHost, "{failed}");
        assert!(failed.to_string().contains("check OTEL_EXPORTER_OTLP_ENDPOINT"), "{failed}");
    }
}

#[test]
fn what_a_backend_took_only_in_part_is_counted() {
    let server = Server::answering(Reply::Partly(2, "two are too old"));
    let setup = server.setup().build().unwrap();
    spans(&setup, 5);
    assert_eq!(
        setup.shutdown(LIMIT).to_string(),
        format!("{}/v1/traces: 3 spans exported; 2 failed: it rejected them: two are too old", server.url())
    );
}

#[test]
fn a_backend_that_takes_spans_is_told_of_in_a_sentence() {
    let server = Server::answering(Reply::Ok);
    let setup = server.setup().build().unwrap();
    let said = setup.check().unwrap().to_string();
    assert!(said.starts_with(&format!("{}/v1/traces took a span in ", server.url())), "{said}");
    assert_eq!(server.received()[0].span_names(), ["setup.check"]);
}
