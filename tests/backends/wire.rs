//! Requests as a server receives them: path, headers, compression, resource.

use pipecat_instrument::opentelemetry::KeyValue;
use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use pipecat_instrument::setup::{self, Compression, Environment, Protocol};

use crate::loopback::{LIMIT, ReceivedRequest, Reply, Server, make_spans};

/// Returns the request that a program with these variables sends for three spans. `URL` in a value is the server's.
fn request(variables: &[(&str, &str)]) -> ReceivedRequest {
    let server = Server::replying(Reply::Ok);
    let variables = variables.iter().map(|(name, value)| (*name, value.replace("URL", &server.url())));
    let setup = setup::builder().environment(variables.collect()).build().unwrap();
    make_spans(&setup, 3);
    let report = setup.shutdown(LIMIT);
    assert!(report.is_complete(), "{report}");
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

#[test]
fn spans_are_sent_as_protobuf_to_the_traces_path() {
    let request = request(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "URL/in")]);
    assert_eq!((request.parts.method.as_str(), request.parts.uri.path()), ("POST", "/in/v1/traces"));
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(request.header("content-encoding"), None);
    assert_eq!(request.span_names(), ["test.span"; 3]);
}

#[test]
fn the_traces_endpoint_wins_and_is_used_as_it_is() {
    let request = request(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "URL/spans"),
    ]);
    assert_eq!(request.parts.uri.path(), "/spans");
}

#[test]
fn a_percent_encoded_header_arrives_decoded() {
    let request = request(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "URL"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Basic%20cGs6c2s=,x-team=desk"),
    ]);
    assert_eq!(request.header("authorization"), Some("Basic cGs6c2s="));
    assert_eq!(request.header("x-team"), Some("desk"));
}

#[test]
fn a_gzipped_body_has_its_encoding_and_the_same_spans() {
    let request =
        request(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "URL"), ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    assert_eq!(request.body[..2], [0x1f, 0x8b]);
    assert_eq!(request.span_names(), ["test.span"; 3]);
}

#[test]
fn the_resource_describes_the_program() {
    let request = request(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "URL"),
        ("OTEL_SERVICE_NAME", "desk"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=other,deployment.environment.name=staging,team=front%20desk",
        ),
    ]);
    let attribute = |key: &str| request.resource(key);
    assert_eq!(attribute("service.name").as_deref(), Some("desk"));
    assert_eq!(attribute("deployment.environment.name").as_deref(), Some("staging"));
    assert_eq!(attribute("team").as_deref(), Some("front desk"));
    assert_eq!(attribute("service.instance.id").map(|id| id.len()), Some(36), "a UUID");
}

#[test]
fn langfuse_gets_its_keys_at_its_path() {
    let request = request(&[
        ("LANGFUSE_PUBLIC_KEY", "pk-lf-1"),
        ("LANGFUSE_SECRET_KEY", "sk-lf-2"),
        ("LANGFUSE_BASE_URL", "URL"),
    ]);
    assert_eq!(request.parts.uri.path(), "/api/public/otel/v1/traces");
    assert_eq!(request.header("authorization"), Some("Basic cGstbGYtMTpzay1sZi0y"));
    assert_eq!(request.header("x-langfuse-ingestion-version"), Some("4"));
}

#[test]
fn openobserve_gets_its_organization_stream_and_token() {
    let request = request(&[
        ("OPENOBSERVE_URL", "URL"),
        ("OPENOBSERVE_ORG", "acme"),
        ("OPENOBSERVE_AUTH_TOKEN", "Basic cm9vdDpwYXNz"),
        ("OPENOBSERVE_TRACES_STREAM_NAME", "calls"),
    ]);
    assert_eq!(request.parts.uri.path(), "/api/acme/v1/traces");
    assert_eq!(request.header("authorization"), Some("Basic cm9vdDpwYXNz"));
    assert_eq!(request.header("stream-name"), Some("calls"));
}

#[test]
fn phoenix_gets_its_key_and_its_project() {
    let request = request(&[
        ("PHOENIX_COLLECTOR_ENDPOINT", "URL"),
        ("PHOENIX_API_KEY", "px-1"),
        ("PHOENIX_PROJECT_NAME", "front desk"),
    ]);
    assert_eq!(request.parts.uri.path(), "/v1/traces");
    assert_eq!(request.header("authorization"), Some("Bearer px-1"));
    assert_eq!(request.resource("openinference.project.name").as_deref(), Some("front desk"));
}

#[test]
fn arize_gets_its_space_its_key_and_its_project() {
    let request = request(&[
        ("ARIZE_COLLECTOR_ENDPOINT", "URL/v1"),
        ("ARIZE_SPACE_ID", "U3BhY2U="),
        ("ARIZE_API_KEY", "ak-1"),
        ("ARIZE_PROJECT_NAME", "desk"),
    ]);
    assert_eq!(request.parts.uri.path(), "/v1/traces");
    assert_eq!(request.header("authorization"), Some("ak-1"));
    assert_eq!(request.header("arize-space-id"), Some("U3BhY2U="));
    assert_eq!(request.resource("openinference.project.name").as_deref(), Some("desk"));
}

#[test]
fn headers_and_compression_are_sent_over_grpc() {
    let server = Server::replying(Reply::Ok);
    let setup = server
        .setup_builder()
        .protocol(Protocol::Grpc)
        .header("Authorization", "Basic cGs6c2s=")
        .compression(Compression::Gzip)
        .build()
        .unwrap();
    make_spans(&setup, 200);
    assert!(setup.shutdown(LIMIT).is_complete());
    let request = server.requests().remove(0);
    assert_eq!(request.parts.uri.path(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!(request.header("authorization"), Some("Basic cGs6c2s="));
    assert_eq!(request.header("grpc-encoding"), Some("gzip"));
    assert_eq!(request.span_names().len(), 200);
    assert_eq!(request.body[0], 1, "the compressed flag of the message");
}

#[test]
fn code_overrides_variables() {
    let server = Server::replying(Reply::Ok);
    let setup = setup::builder()
        .environment(Environment::from_iter([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=theirs,x-other=kept"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_SERVICE_NAME", "theirs"),
        ]))
        .endpoint(server.url())
        .header("x-team", "50% ours")
        .compression(Compression::None)
        .service_name("ours")
        .build()
        .unwrap();
    make_spans(&setup, 1);
    assert!(setup.shutdown(LIMIT).is_complete());
    let request = server.requests().remove(0);
    assert_eq!(request.header("x-team"), Some("50% ours"), "headers of code are not percent-decoded");
    assert_eq!(request.header("x-other"), Some("kept"));
    assert_eq!(request.header("content-encoding"), None);
    assert_eq!(request.resource("service.name").as_deref(), Some("ours"));
}

#[test]
fn large_spans_are_split_into_several_requests() {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().build().unwrap();
    let tracer = setup.provider().tracer("test");
    for _ in 0..10 {
        let mut span = tracer.start("llm");
        span.set_attribute(KeyValue::new("said", "x".repeat(1_000_000)));
        span.end();
    }
    assert!(setup.shutdown(LIMIT).is_complete());
    let sizes: Vec<usize> = server.requests().iter().map(|request| request.body.len()).collect();
    assert!(sizes.iter().all(|size| *size < 4 * 1024 * 1024), "{sizes:?}");
    assert_eq!(server.span_count(), 10);
}
