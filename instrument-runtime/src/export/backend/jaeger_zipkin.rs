//! Backends that nobody signs in to, and that have no variables of their own.

use super::{Account, Backend, Known};
use crate::export::{Environment, Protocol, SetupError};

pub(super) const JAEGER: Known =
    Known { backend: Backend::Jaeger, word: "jaeger", name: "Jaeger", variables: &[], account: collector };

pub(super) const ZIPKIN: Known =
    Known { backend: Backend::Zipkin, word: "zipkin", name: "Zipkin", variables: &[], account: zipkin };

pub(super) const COLLECTOR: Known = Known {
    backend: Backend::Collector,
    word: "collector",
    name: "a collector",
    variables: &[],
    account: collector,
};

#[allow(clippy::unnecessary_wraps, reason = "one signature for every backend")]
fn collector(_environment: &Environment, protocol: Protocol) -> Result<Account, SetupError> {
    Ok(on_this_machine(match protocol {
        Protocol::HttpProtobuf => "http://localhost:4318",
        Protocol::Grpc => "http://localhost:4317",
    }))
}

/// Zipkin's module for OTLP listens where Zipkin does, and only over HTTP.
fn zipkin(_environment: &Environment, protocol: Protocol) -> Result<Account, SetupError> {
    match protocol {
        Protocol::HttpProtobuf => Ok(on_this_machine("http://localhost:9411")),
        Protocol::Grpc => Err(SetupError::NoGrpc { backend: Backend::Zipkin }),
    }
}

fn on_this_machine(endpoint: &str) -> Account {
    Account {
        endpoint: endpoint.to_owned(),
        endpoint_variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
        headers: Vec::new(),
        project: None,
        credentials: "OTEL_EXPORTER_OTLP_HEADERS",
    }
}
