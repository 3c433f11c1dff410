//! Secrets are sent, and shown nowhere else: not by `Debug`, not in errors, not in logs.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipecat_instrument::setup::{self, Backend, Environment, Protocol};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::loopback::{Reply, Server, free_port, make_spans};

/// The secret as it is set, as it is encoded in a request, and a part of it.
const SECRETS: [&str; 4] = ["hush-hush", "aHVzaC1odXNo", "aHVzaC1odXNoOmh1c2gtaHVzaA", "hush"];

/// The variables of each backend, with a secret in each that may hold one.
const CREDENTIALS: [(Backend, &[(&str, &str)]); 7] = [
    (Backend::Phoenix, &[("PHOENIX_API_KEY", "hush-hush"), ("PHOENIX_CLIENT_HEADERS", "x-key=hush-hush")]),
    (Backend::Arize, &[("ARIZE_API_KEY", "hush-hush"), ("ARIZE_SPACE_ID", "hush-hush")]),
    (Backend::Langfuse, &[("LANGFUSE_PUBLIC_KEY", "hush-hush"), ("LANGFUSE_SECRET_KEY", "hush-hush")]),
    (Backend::OpenObserve, &[("OPENOBSERVE_AUTH_TOKEN", "Basic aHVzaC1odXNo")]),
    (Backend::Jaeger, &[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush-hush")]),
    (Backend::Zipkin, &[("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Bearer%20hush-hush")]),
    (Backend::Collector, &[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush-hush")]),
];

/// A subscriber that collects the log of this thread.
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

fn assert_no_secret(text: &str, source: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{source} shows {secret}: {text}");
    }
}

/// Returns everything that a setup prints.
fn all_output(environment: &Environment, backend: Backend, protocol: Protocol, url: &str) -> String {
    let builder = setup::builder()
        .environment(environment.clone())
        .backend(backend)
        .protocol(protocol)
        .endpoint(url)
        .timeout(Duration::from_millis(200));
    let mut output = format!("{builder:?}\n{environment:?}\n");
    match builder.build() {
        Err(error) => write!(output, "{error}\n{error:?}").unwrap(),
        Ok(setup) => {
            writeln!(output, "{setup}\n{setup:?}").unwrap();
            let checked = setup.check();
            writeln!(output, "{checked:?}").unwrap();
            if let Err(error) = checked {
                writeln!(output, "{error}").unwrap();
            }
            make_spans(&setup, 1);
            let report = setup.shutdown(Duration::from_millis(250));
            writeln!(output, "{report}\n{report:?}").unwrap();
        }
    }
    output
}

#[test]
fn no_error_of_any_backend_shows_a_secret() {
    let servers = [
        Server::replying(Reply::Status(401, &[("www-authenticate", "hush-hush is no key")])),
        Server::replying(Reply::Status(404, &[])),
        Server::replying(Reply::Status(307, &[("location", "http://localhost/?key=hush-hush")])),
        Server::replying(Reply::PartialSuccess(1, "the key hush-hush may not")),
        Server::replying(Reply::Grpc(16, "hush-hush is no key")),
        Server::replying(Reply::Hang),
    ];
    let mut urls: Vec<String> = servers.iter().map(Server::url).collect();
    urls.push(format!("http://127.0.0.1:{}", free_port()));
    urls.push(format!("https://localhost:{}", urls[0].rsplit(':').next().unwrap()));
    urls.push("http://me:hush-hush@localhost".to_owned());
    urls.push("nonsense".to_owned());
    urls.push(format!("{}?key=hush-hush", urls[0]));

    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    for (backend, variables) in CREDENTIALS {
        let environment: Environment = variables.iter().copied().collect();
        for url in &urls {
            for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
                let output = all_output(&environment, backend, protocol, url);
                assert_no_secret(&output, &format!("{backend}, {protocol}, {url}"));
            }
        }
    }
    assert_no_secret(&log.0.lock().unwrap(), "the log");
}

#[test]
fn errors_of_invalid_variables_do_not_show_their_values() {
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
            Ok(setup) => assert_no_secret(&format!("{setup}{setup:?}"), variable),
            Err(error) => assert_no_secret(&format!("{error}{error:?}"), variable),
        }
    }
    assert_no_secret(&log.0.lock().unwrap(), "the log");
}

#[test]
fn an_invalid_header_is_reported_without_its_value() {
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
