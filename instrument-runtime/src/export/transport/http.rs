//! OTLP over HTTP, with a blocking client, which needs no async runtime and panics in none.

use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use prost::Message;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::Receipt;
use crate::export::headers::Headers;
use crate::export::settings::{Compression, OtlpSettings, PemFile};
use crate::export::{ExportError, ResponseCode, SetupError};

const DEFAULT_USER_AGENT: &str = concat!("pipecat-instrument/", env!("CARGO_PKG_VERSION"));
/// Bytes of a response that are read.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// Sends spans over HTTP.
#[derive(Debug)]
pub(in crate::export) struct HttpTransport {
    exporter: SpanExporter,
    last_outcome: LastOutcome,
}

/// The outcome of the last attempt, recorded by the client, because the exporter returns little more than success or
/// failure.
type LastOutcome = Arc<Mutex<Option<Result<Receipt, ExportError>>>>;

impl HttpTransport {
    /// Builds the exporter and its client.
    pub(super) fn open(settings: &OtlpSettings, resource: &Resource) -> Result<Self, SetupError> {
        let last_outcome = LastOutcome::default();
        let client = RecordingClient {
            agent: agent(settings)?,
            header_map: header_map(&settings.headers),
            headers: settings.headers.clone(),
            compression: settings.compression,
            last_outcome: Arc::clone(&last_outcome),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(settings.endpoint.url())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(settings.timeout)
            .build();
        let mut exporter = exporter.map_err(|error| settings.exporter_error(&error))?;
        exporter.set_resource(resource);
        Ok(Self { exporter, last_outcome })
    }

    /// Sends one request. Not to be called concurrently; the batch processor sends one after the other.
    pub(super) async fn send(&self, spans: Vec<SpanData>) -> Result<Receipt, ExportError> {
        self.take_outcome();
        let result = self.exporter.export(spans).await;
        match (result, self.take_outcome()) {
            (_, Some(outcome)) => outcome,
            (Ok(()), None) => Ok(Receipt::default()),
            // The exporter failed before it sent a request.
            (Err(error), None) => Err(ExportError::Other(error.to_string())),
        }
    }

    fn take_outcome(&self) -> Option<Result<Receipt, ExportError>> {
        self.last_outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A client that records the outcome of its last request.
#[derive(Debug)]
struct RecordingClient {
    agent: ureq::Agent,
    header_map: HeaderMap,
    /// Their secrets are redacted in responses, which may echo them.
    headers: Headers,
    compression: Compression,
    last_outcome: LastOutcome,
}

#[async_trait]
impl HttpClient for RecordingClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = self.finish(request)?;
        let (outcome, response) = match self.agent.run(request) {
            Ok(response) => {
                let response = read_body(response);
                (self.outcome(&response), Ok(response))
            }
            Err(error) => {
                let error = convert_error(&error);
                let message = error.to_string();
                (Err(error), Err(message.into()))
            }
        };
        *self.last_outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        response
    }
}

impl RecordingClient {
    /// Returns the request with the headers of the settings, and compressed if the settings want it.
    fn finish(&self, request: Request<Bytes>) -> Result<Request<Vec<u8>>, HttpError> {
        let (mut parts, body) = request.into_parts();
        // The exporter added headers from environment variables, which the settings may override.
        let content_type = parts.headers.remove(CONTENT_TYPE);
        let encoding = parts.headers.remove(CONTENT_ENCODING);
        parts.headers = self.header_map.clone();
        if let Some(content_type) = content_type {
            parts.headers.insert(CONTENT_TYPE, content_type);
        }
        let body = match (encoding, self.compression) {
            (Some(encoding), _) => {
                parts.headers.insert(CONTENT_ENCODING, encoding);
                body.to_vec()
            }
            (None, Compression::None) => body.to_vec(),
            (None, Compression::Gzip) => {
                parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
                gzip.write_all(&body)?;
                gzip.finish()?
            }
        };
        Ok(Request::from_parts(parts, body))
    }

    fn outcome(&self, response: &Response<Bytes>) -> Result<Receipt, ExportError> {
        let status = response.status().as_u16();
        let code = ResponseCode::Http(status);
        match status {
            200..=299 => Ok(self.receipt(response.body())),
            401 | 403 | 407 => Err(ExportError::Unauthorized(code)),
            404 | 405 | 410 | 501 => Err(ExportError::NotFound(code)),
            413 => Err(ExportError::TooLarge(code)),
            429 | 502 | 503 | 504 => Err(ExportError::Unavailable(code)),
            300..=399 => Err(ExportError::Redirected(code)),
            _ => Err(ExportError::UnexpectedResponse(code)),
        }
    }

    /// Decodes the response. A body that is not OTLP counts as full success.
    fn receipt(&self, body: &[u8]) -> Receipt {
        let response = ExportTraceServiceResponse::decode(body).unwrap_or_default();
        let Some(partial) = response.partial_success else { return Receipt::default() };
        Receipt {
            rejected_spans: partial.rejected_spans.try_into().unwrap_or(0),
            message: self.headers.redact(partial.error_message.trim()).chars().take(200).collect(),
        }
    }
}

fn agent(settings: &OtlpSettings) -> Result<ureq::Agent, SetupError> {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        // Clients do not repeat a POST after a redirect; it is reported instead.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(settings.timeout));
    if settings.endpoint.is_loopback() {
        config = config.proxy(None);
    }
    if let Some(certificate) = &settings.certificate {
        config = config.tls_config(TlsConfig::builder().root_certs(root_certificates(certificate)?).build());
    }
    Ok(config.build().new_agent())
}

fn root_certificates(file: &PemFile) -> Result<RootCerts, SetupError> {
    let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(&file.pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(SetupError::invalid(
            file.setting,
            "names a file without a certificate in PEM format (-----BEGIN CERTIFICATE-----): name another file",
        ));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// Reads the body, as far as it arrives: a response that breaks off still has its status.
fn read_body(response: Response<ureq::Body>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    let _ = body.into_reader().take(MAX_RESPONSE_BYTES).read_to_end(&mut bytes);
    Response::from_parts(parts, Bytes::from(bytes))
}

/// Converts the headers of the settings, and adds a user agent unless they have one.
fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = headers.to_header_map();
    map.entry(USER_AGENT).or_insert(HeaderValue::from_static(DEFAULT_USER_AGENT));
    map
}

fn convert_error(error: &ureq::Error) -> ExportError {
    match error {
        ureq::Error::Timeout(_) => ExportError::TimedOut,
        ureq::Error::HostNotFound => ExportError::UnknownHost,
        ureq::Error::Protocol(_) => ExportError::ProtocolMismatch,
        ureq::Error::Rustls(error) => ExportError::Tls(error.to_string()),
        ureq::Error::Tls(problem) => ExportError::Tls((*problem).to_owned()),
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => ExportError::ConnectionRefused,
            ErrorKind::TimedOut => ExportError::TimedOut,
            ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
                ExportError::ConnectionClosed
            }
            // Errors of rustls have this kind.
            ErrorKind::InvalidData => ExportError::Tls(error.to_string()),
            // The C library's message for a name that does not resolve.
            _ if error.to_string().contains("failed to lookup address") => ExportError::UnknownHost,
            _ => ExportError::Other(error.to_string()),
        },
        other => ExportError::Other(other.to_string()),
    }
}
