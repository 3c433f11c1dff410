//! Keys and passwords are sent, and seen nowhere else: not in `Debug`, not in what is said of a failure, not in logs.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipecat_instrument::setup::{self, Backend, Environment, Protocol};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::loopback::{Reply, Server, free_port, spans};

/// What must not be seen: as it is set, and as it is sent.
const SECRETS: [&str; 4] = ["hush-hush", "aHVzaC1odXNo", "aHVzaC1odXNoOmh1c2gtaHVzaA", "hush"];

/// For each backend, its variables with a secret in each that may hold one.
const ACCOUNTS: [(Backend, &[(&str, &str)]); 7] = [
    (Backend::Phoenix, &[("PHOENIX_API_KEY", "hush-hush"), ("PHOENIX_CLIENT_HEADERS", "x-key=hush-hush")]),
    (Backend::Arize, &[("ARIZE_API_KEY", "hush-hush"), ("ARIZE_SPACE_ID", "hush-hush")]),
    (Backend::Langfuse, &[("LANGFUSE_PUBLIC_KEY", "hush-hush"), ("LANGFUSE_SECRET_KEY", "hush-hush")]),
    (Backend::OpenObserve, &[("OPENOBSERVE_AUTH_TOKEN", "Basic aHVzaC1odXNo")]),
    (Backend::Jaeger, &[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush-hush")]),
    (Backend::Zipkin, &[("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Bearer%20hush-hush")]),
    (Backend::Collector, &[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush-hush")]),
];

/// What was logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Writer<'a>(&'a mut String);
        impl Visit for Writer<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                writeln!(self.0, "{field}={value:?}").unwrap();
            }
        }
        event.record(&mut Writer(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

fn assert_hushed(seen: &str, where_: &str) {
    for secret in SECRETS {
        assert!(!seen.contains(secret), "{secret} is seen in {where_}: {seen}");
    }
}

/// Everything that can be read of a setup that fails in this way.
fn everything_said(environment: &Environment, backend: Backend, protocol: Protocol, url: &str) -> String {
    let builder = setup::builder()
        .environment(environment.clone())
        .backend(backend)
        .protocol(protocol)
        .endpoint(url)
        .timeout(Duration::from_millis(200));
    let mut said = format!("{builder:?}\n{environment:?}\n");
    match builder.build() {
        Err(error) => write!(said, "{error}\n{error:?}").unwrap(),
        Ok(setup) => {
            writeln!(said, "{setup}\n{setup:?}").unwrap();
            let checked = setup.check();
            writeln!(said, "{checked:?}").unwrap();
            if let Err(failed) = checked {
                writeln!(said, "{failed}").unwrap();
            }
            spans(&setup, 1);
            let report = setup.shutdown(Duration::from_secs(30));
            writeln!(said, "{report}\n{report:?}").unwrap();
        }
    }
    said
}

#[test]
fn no_failure_of_any_backend_shows_a_secret() {
    let servers = [
        Server::answering(Reply::Status(401, &[("www-authenticate", "hush-hush is no key")])),
        Server::answering(Reply::Status(404, &[])),
        Server::answering(Reply::Status(307, &[("location", "http://localhost/?key=hush-hush")])),
        Server::answering(Reply::Partly(1, "the key hush-hush may not")),
        Server::answering(Reply::Grpc(16)),
        Server::answering(Reply::Never),
    ];
    let mut urls: Vec<String> = servers.iter().map(Server::url).collect();
    urls.push(format!("http://127.0.0.1:{}", free_port()));
    urls.push(format!("https://localhost:{}", urls[0].rsplit(':').next().unwrap()));
    urls.push("http://me:hush-hush@localhost".to_owned());
    urls.push("nonsense".to_owned());
    urls.push(format!("{}?key=hush-hush", urls[0]));

    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    for (backend, variables) in ACCOUNTS {
        let environment: Environment = variables.iter().copied().collect();
        for url in &urls {
            for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
                let said = everything_said(&environment, backend, protocol, url);
                assert_hushed(&said, &format!("{backend}, {protocol}, {url}"));
            }
        }
    }
    assert_hushed(&log.0.lock().unwrap(), "the log");
}

#[test]
fn variables_that_cannot_be_read_do_not_show_their_secrets() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    for (variable, value) in [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization Bearer hush-hush"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hush-hush"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x=hush-hush%0A"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://hush-hush@host"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "hush-hush"),
        ("PHOENIX_COLLECTOR_ENDPOINT", "https://me:hush-hush@host"),
        ("PHOENIX_API_KEY", "hush-hush\nhush"),
    ] {
        let environment = Environment::from_iter([(variable, value)]);
        match setup::builder().environment(environment).build() {
            Ok(setup) => assert_hushed(&format!("{setup}{setup:?}"), variable),
            Err(error) => assert_hushed(&format!("{error}{error:?}"), variable),
        }
    }
    assert_hushed(&log.0.lock().unwrap(), "the log");
}

#[test]
fn a_header_of_code_that_no_request_can_carry_is_told_without_its_value() {
    let error = setup::builder()
        .environment(Environment::default())
        .header("authorization", "Bearer hush-hush\n")
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the header has a value for `authorization` that HTTP does not allow: use printable ASCII, and check for a line \
         break copied along with it"
    );
}
