//! The connection to one backend: `OTEL_EXPORTER_OTLP_…` and its form for traces alone.

use std::path::PathBuf;
use std::time::Duration;

use crate::export::backend::BackendDefaults;
use crate::export::endpoint::{Endpoint, TRACES_ENDPOINT};
use crate::export::env_reader::EnvReader;
use crate::export::headers::Headers;
use crate::export::{Backend, Protocol, SetupBuilder, SetupError};

/// The two variables of a setting: the one for traces, which wins, and the general one.
type VariablePair = [&'static str; 2];

pub(super) const ENDPOINT: VariablePair = [TRACES_ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOL: VariablePair = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const HEADERS: VariablePair = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
const TIMEOUT: VariablePair = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const COMPRESSION: VariablePair = ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
const CERTIFICATE: VariablePair = ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"];
const INSECURE: VariablePair = ["OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE"];

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The compression of requests: `OTEL_EXPORTER_OTLP_COMPRESSION`, or
/// [`SetupBuilder::compression`](crate::export::SetupBuilder::compression).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// No compression.
    #[default]
    None,
    /// Gzip: a quarter to a sixteenth of the bytes, for some milliseconds of the exporting thread.
    Gzip,
}

/// The connection to one backend.
#[derive(Debug)]
pub(in crate::export) struct OtlpSettings {
    pub(in crate::export) backend: Option<Backend>,
    pub(in crate::export) endpoint: Endpoint,
    pub(in crate::export) protocol: Protocol,
    pub(in crate::export) headers: Headers,
    /// For one request.
    pub(in crate::export) timeout: Duration,
    pub(in crate::export) compression: Compression,
    /// The certificates to trust instead of Mozilla's.
    pub(in crate::export) certificate: Option<PemFile>,
    pub(in crate::export) project: Option<String>,
    /// The variables to set or to check if the backend refuses the credentials, for messages.
    pub(in crate::export) credentials: &'static str,
}

/// A file in PEM format, with the setting that names it.
#[derive(Debug)]
pub(in crate::export) struct PemFile {
    pub(in crate::export) setting: &'static str,
    pub(in crate::export) pem: Vec<u8>,
}

pub(super) fn read(
    code: &SetupBuilder,
    reader: &mut EnvReader<'_>,
    backend: Option<Backend>,
) -> Result<OtlpSettings, SetupError> {
    let protocol = protocol(code, reader)?;
    let defaults = backend.unwrap_or(Backend::Collector).defaults(reader.environment(), protocol)?;
    Ok(OtlpSettings {
        backend,
        endpoint: endpoint(code, reader, &defaults, protocol)?,
        protocol,
        headers: headers(code, reader, defaults.headers)?,
        timeout: code
            .timeout
            .or_else(|| TIMEOUT.iter().find_map(|variable| reader.milliseconds(variable)))
            .unwrap_or(DEFAULT_TIMEOUT),
        compression: compression(code, reader),
        certificate: certificate(code, reader)?,
        project: code.project.clone().or(defaults.project),
        credentials: defaults.credentials,
    })
}

fn protocol(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> Result<Protocol, SetupError> {
    let choices = [
        ("http/protobuf", Some(Protocol::HttpProtobuf)),
        ("grpc", Some(Protocol::Grpc)),
        ("http/json", None),
    ];
    let mut setting = "the protocol";
    let mut protocol = code.protocol;
    for variable in PROTOCOL {
        if protocol.is_none() {
            let choice = reader.choice(variable, &choices);
            if choice == Some(None) {
                reader.warn(variable, "is http/json, which is not supported: http/protobuf is used instead");
            }
            (setting, protocol) = (variable, choice.flatten());
        }
    }
    let protocol = protocol.unwrap_or_default();
    if protocol == Protocol::Grpc && !cfg!(feature = "otlp-grpc") {
        return Err(SetupError::MissingFeature {
            needed_for: format!("{setting}=grpc"),
            feature: "otlp-grpc",
            alternative: ", or set http/protobuf (most backends listen for it at another port: 4318 instead of 4317)",
        });
    }
    Ok(protocol)
}

fn endpoint(
    code: &SetupBuilder,
    reader: &mut EnvReader<'_>,
    defaults: &BackendDefaults,
    protocol: Protocol,
) -> Result<Endpoint, SetupError> {
    let set_by_code = code.endpoint.as_ref().map(|url| ("the endpoint", url.expose()));
    let (setting, text) = set_by_code
        .or_else(|| reader.first_text(&ENDPOINT))
        .unwrap_or((defaults.endpoint_variable, &defaults.endpoint));
    match protocol {
        Protocol::HttpProtobuf => Endpoint::over_http(setting, text),
        Protocol::Grpc => {
            let is_insecure = INSECURE.iter().find_map(|variable| reader.flag(variable)) == Some(true);
            Endpoint::over_grpc(setting, text, if is_insecure { "http" } else { "https" })
        }
    }
}

/// As in the specification, the variable for traces replaces the general one. Both override the backend's headers.
fn headers(
    code: &SetupBuilder,
    reader: &mut EnvReader<'_>,
    mut headers: Headers,
) -> Result<Headers, SetupError> {
    if let Some((variable, text)) = reader.first_text(&HEADERS) {
        headers.override_with(Headers::parse(variable, text)?);
    }
    headers.override_with(code.headers.clone());
    Ok(headers)
}

fn compression(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> Compression {
    let choices = [("gzip", Compression::Gzip), ("none", Compression::None)];
    code.compression
        .or_else(|| COMPRESSION.iter().find_map(|variable| reader.choice(variable, &choices)))
        .unwrap_or_default()
}

fn certificate(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> Result<Option<PemFile>, SetupError> {
    let set_by_code = code.certificate.clone().map(|path| ("the certificate", path));
    let from_variable = |(variable, path): (_, &str)| (variable, PathBuf::from(path));
    let Some((setting, path)) = set_by_code.or_else(|| reader.first_text(&CERTIFICATE).map(from_variable))
    else {
        return Ok(None);
    };
    match std::fs::read(&path) {
        Ok(pem) => Ok(Some(PemFile { setting, pem })),
        Err(source) => Err(SetupError::UnreadableFile { setting: setting.to_owned(), path, source }),
    }
}
