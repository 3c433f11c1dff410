//! Responses without success: the error and the remedy that each is reported with, over both protocols.

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
        (8, ExportError::Unavailable(ResponseCode::Grpc("ResourceExhausted")), "overloaded or down"),
    ] {
        let server = Server::replying(Reply::Grpc(code, ""));
        let (error, explanation, report) = check_and_shut_down(&server, Protocol::Grpc);
        assert_eq!(error, expected);
        assert!(explanation.contains(remedy), "{explanation}");
        assert!(report.contains("3 failed: "), "{report}");
        assert_eq!(server.requests().len(), 2, "{code} is not retried");
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
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::PartialSuccess(2, "two are too old"));
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 5);
        let report = setup.shutdown(LIMIT).to_string();
        assert!(
            report.ends_with(": 3 spans exported; 2 failed: it rejected them: two are too old"),
            "{report}"
        );
    }
}

#[test]
fn a_partial_success_with_a_long_message_is_counted() {
    let message: &'static str = "x".repeat(70_000).leak();
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::PartialSuccess(5, message));
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 5);
        let report = setup.shutdown(LIMIT);
        let destination = &report.destinations()[0];
        assert_eq!((destination.exported, destination.failed[0].spans), (0, 5), "{report}");
    }
}

#[test]
fn an_answer_above_4_mib_is_not_otlp() {
    let message: &'static str = "x".repeat(5_000_000).leak();
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::PartialSuccess(5, message));
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 5);
        let report = setup.shutdown(LIMIT);
        let failed = &report.destinations()[0].failed;
        assert!(matches!(failed[0].error, ExportError::NotOtlp(_)) && failed[0].spans == 5, "{report}");
        assert_eq!(server.requests().len(), 1, "it may have taken the spans");
    }
}

#[test]
fn a_message_of_a_backend_cannot_steer_a_terminal() {
    let message = "\u{1b}]0;pwned\u{7}\u{1b}[2J\nFAKE LINE \u{202e}";
    for protocol in PROTOCOLS {
        let server = Server::replying(Reply::PartialSuccess(1, message));
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 1);
        let report = setup.shutdown(LIMIT).to_string();
        assert!(report.contains("it rejected them: ]0;pwned [2J FAKE LINE"), "{report:?}");
        assert!(!report.contains(|c: char| c.is_control() || c == '\u{202e}'), "{report:?}");
    }
}

#[test]
fn an_answer_that_is_not_otlp_is_reported_with_the_endpoint() {
    let server = Server::replying(Reply::Body("text/html; charset=utf-8", b"<html>log in</html>"));
    let (error, explanation, _) = check_and_shut_down(&server, Protocol::HttpProtobuf);
    assert_eq!(error, ExportError::NotOtlp("a body of text/html".to_owned()));
    assert!(
        explanation.contains("instead of OTLP") && explanation.contains("check the endpoint"),
        "{explanation}"
    );
    assert_eq!(server.requests().len(), 2, "it may have taken the spans");
}

#[test]
fn an_answer_in_json_is_understood() {
    let body = br#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}"#;
    for (reply, expected) in [
        (Reply::Body("application/json", b"{}"), "3 spans exported"),
        (Reply::Body("application/json", body), "2 spans exported; 1 failed: it rejected them: too old"),
    ] {
        let server = Server::replying(reply);
        let setup = server.setup_builder().build().unwrap();
        make_spans(&setup, 3);
        let report = setup.shutdown(LIMIT).to_string();
        assert!(report.ends_with(expected), "{report}");
    }
}

#[test]
fn a_request_that_is_too_large_is_split_down_to_single_spans() {
    const TOO_LARGE: &str = "grpc: received message larger than max (5000000 vs. 4194304)";
    for (protocol, reply) in PROTOCOLS.into_iter().zip([Reply::Status(413, &[]), Reply::Grpc(8, TOO_LARGE)]) {
        // Only the second and the third request of spans are small enough: the halves of the first.
        let refused = reply.clone();
        let server =
            Server::replying_by_number(move |number| if number == 0 { refused.clone() } else { Reply::Ok });
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 5);
        assert!(setup.shutdown(LIMIT).is_complete());
        let sizes: Vec<usize> = server.requests().iter().map(|request| request.span_names().len()).collect();
        assert_eq!(sizes, [5, 2, 3]);

        let server = Server::replying(reply);
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        make_spans(&setup, 3);
        let report = setup.shutdown(LIMIT);
        let sizes: Vec<usize> = server.requests().iter().map(|request| request.span_names().len()).collect();
        assert_eq!(sizes, [3, 1, 2, 1, 1]);
        let failed = &report.destinations()[0].failed;
        assert!(matches!(failed[0].error, ExportError::TooLarge(_)) && failed[0].spans == 3, "{report}");
        assert!(report.to_string().contains("a single span is too large"), "{report}");
    }
}

#[test]
fn a_successful_check_names_the_backend_and_the_time() {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().build().unwrap();
    let report = setup.check().unwrap().to_string();
    assert!(report.starts_with(&format!("{}/v1/traces took a span in ", server.url())), "{report}");
    assert_eq!(server.requests()[0].span_names(), ["setup.check"]);
}
