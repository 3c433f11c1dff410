//! How spans go to a backend: the variables `OTEL_EXPORTER_OTLP_…`, and for each the form for traces alone.

use std::path::PathBuf;
use std::time::Duration;

use super::Overrides;
use crate::export::backend::Account;
use crate::export::endpoint::{Endpoint, Origin};
use crate::export::env_reader::Reader;
use crate::export::headers;
use crate::export::secret::Secret;
use crate::export::{Backend, Environment, Protocol, SetupError};

/// A setting's two variables: the one for traces, and the general one.
type Pair = [&'static str; 2];

const ENDPOINT: Pair = [Origin::TRACES_VARIABLE, "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOL: Pair = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const HEADERS: Pair = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
const TIMEOUT: Pair = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const COMPRESSION: Pair = ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
const CERTIFICATE: Pair = ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"];
const INSECURE: Pair = ["OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE"];

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether requests are compressed: `OTEL_EXPORTER_OTLP_COMPRESSION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// They go as they are.
    #[default]
    None,
    /// They are gzipped: some tenth of the bytes, for some milliseconds of the exporting thread.
    Gzip,
}

/// How spans go to a backend.
#[derive(Debug, Clone)]
pub(in crate::export) struct OtlpSettings {
    pub(in crate::export) backend: Option<Backend>,
    pub(in crate::export) endpoint: Endpoint,
    pub(in crate::export) protocol: Protocol,
    pub(in crate::export) headers: Vec<(String, Secret)>,
    /// For one request, and for what is tried again of it.
    pub(in crate::export) timeout: Duration,
    pub(in crate::export) compression: Compression,
    /// The certificates that are trusted instead of the usual ones, in PEM.
    pub(in crate::export) certificate: Option<Certificate>,
    pub(in crate::export) project: Option<String>,
    /// What to set, or to check, if the backend does not know who sends.
    pub(in crate::export) credentials: &'static str,
}

/// Certificates, and what named the file.
#[derive(Debug, Clone)]
pub(in crate::export) struct Certificate {
    pub(in crate::export) setting: &'static str,
    pub(in crate::export) pem: Vec<u8>,
}

pub(super) fn names_an_endpoint(environment: &Environment) -> bool {
    ENDPOINT.iter().any(|variable| environment.get(variable).is_some())
}

pub(super) fn read(
    said: &Overrides,
    environment: &Environment,
    reader: &mut Reader<'_>,
    backend: Option<Backend>,
) -> Result<OtlpSettings, SetupError> {
    let protocol = protocol(said, reader)?;
    let account = backend.unwrap_or(Backend::Collector).account(environment, protocol)?;
    let endpoint = endpoint(said, reader, &account, protocol)?;
    Ok(OtlpSettings {
        backend,
        endpoint,
        protocol,
        headers: headers(said, reader, account.headers)?,
        timeout: said
            .timeout
            .or_else(|| TIMEOUT.iter().find_map(|variable| reader.milliseconds(variable)))
            .unwrap_or(DEFAULT_TIMEOUT),
        compression: compression(said, reader),
        certificate: certificate(said, reader)?,
        project: said.project.clone().or(account.project),
        credentials: account.credentials,
    })
}

fn protocol(said: &Overrides, reader: &mut Reader<'_>) -> Result<Protocol, SetupError> {
    let choices = [
        ("http/protobuf", Some(Protocol::HttpProtobuf)),
        ("grpc", Some(Protocol::Grpc)),
        ("http/json", None),
    ];
    let mut asked_for = ("the protocol", said.protocol);
    for variable in PROTOCOL {
        if asked_for.1.is_none() {
            match reader.choice(variable, &choices) {
                Some(Some(protocol)) => asked_for = (variable, Some(protocol)),
                // Phoenix refuses it, and nobody is the better for it.
                Some(None) => {
                    reader.warn(variable, "is http/json, which is not spoken here: http/protobuf is used");
                }
                None => {}
            }
        }
    }
    let protocol = asked_for.1.unwrap_or_default();
    if protocol == Protocol::Grpc && !cfg!(feature = "otlp-grpc") {
        return Err(SetupError::NotBuiltIn {
            what: format!("{}=grpc", asked_for.0),
            feature: "otlp-grpc",
            otherwise: ", or set http/protobuf (most backends then listen on another port: 4318 instead of 4317)",
        });
    }
    Ok(protocol)
}

fn endpoint(
    said: &Overrides,
    reader: &mut Reader<'_>,
    account: &Account,
    protocol: Protocol,
) -> Result<Endpoint, SetupError> {
    let origins = [Origin::TracesVariable, Origin::Variable(ENDPOINT[1])];
    let mut chosen = said.endpoint.as_ref().map(|url| (Origin::Code, url.expose()));
    for (origin, variable) in origins.into_iter().zip(ENDPOINT) {
        chosen = chosen.or_else(|| reader.text(variable).map(|text| (origin, text)));
    }
    let (origin, text) =
        chosen.unwrap_or((Origin::Variable(account.endpoint_variable), account.endpoint.as_str()));
    match protocol {
        Protocol::HttpProtobuf => Endpoint::over_http(origin, text),
        Protocol::Grpc => {
            let insecure = INSECURE.iter().find_map(|variable| reader.flag(variable)) == Some(true);
            Endpoint::over_grpc(origin, text, if insecure { "http" } else { "https" })
        }
    }
}

/// The variable for traces stands in the general one's place, as the specification has it; both go over the backend's own.
fn headers(
    said: &Overrides,
    reader: &mut Reader<'_>,
    of_backend: Vec<(String, Secret)>,
) -> Result<Vec<(String, Secret)>, SetupError> {
    let mut from_variable = Vec::new();
    for variable in HEADERS {
        if let Some(text) = reader.text(variable) {
            from_variable = headers::parse(variable, text)?;
            break;
        }
    }
    Ok(headers::merged(headers::merged(of_backend, from_variable), said.headers.clone()))
}

fn compression(said: &Overrides, reader: &mut Reader<'_>) -> Compression {
    let choices = [("gzip", Compression::Gzip), ("none", Compression::None)];
    said.compression
        .or_else(|| COMPRESSION.iter().find_map(|variable| reader.choice(variable, &choices)))
        .unwrap_or_default()
}

fn certificate(said: &Overrides, reader: &mut Reader<'_>) -> Result<Option<Certificate>, SetupError> {
    let mut named: Option<(&'static str, PathBuf)> =
        said.certificate.clone().map(|path| ("the certificate", path));
    for variable in CERTIFICATE {
        named = named.or_else(|| reader.text(variable).map(|path| (variable, path.into())));
    }
    let Some((setting, path)) = named else { return Ok(None) };
    match std::fs::read(&path) {
        Ok(pem) => Ok(Some(Certificate { setting, pem })),
        Err(source) => Err(SetupError::File { setting: setting.to_owned(), path, source }),
    }
}
