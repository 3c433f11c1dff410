//! OTLP over HTTP, by a client that blocks: it needs no async runtime, and panics in none.

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

use super::headers::header_map;
use crate::export::SetupError;
use crate::export::delivery::{ExportError, Receipt, ResponseCode};
use crate::export::headers::scrubbed;
use crate::export::secret::Secret;
use crate::export::settings::{Compression, OtlpSettings};

/// What a client calls itself.
const AGENT: &str = concat!("pipecat-instrument/", env!("CARGO_PKG_VERSION"));
/// How much of an answer is read: it says little.
const ANSWER_BYTES: u64 = 64 * 1024;

/// Sends spans over HTTP.
#[derive(Debug)]
pub(in crate::export) struct HttpTransport {
    exporter: SpanExporter,
    last: LastOutcome,
}

/// What became of the last attempt. The exporter itself says little more than whether it failed.
type LastOutcome = Arc<Mutex<Option<Result<Receipt, ExportError>>>>;

impl HttpTransport {
    pub(in crate::export) fn open(settings: &OtlpSettings, resource: &Resource) -> Result<Self, SetupError> {
        let last = LastOutcome::default();
        let client = RecordingClient {
            agent: agent(settings)?,
            headers: headers(settings),
            secrets: settings.headers.clone(),
            compression: settings.compression,
            last: Arc::clone(&last),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(&settings.endpoint.url)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(settings.timeout)
            .build();
        let mut exporter = exporter.map_err(|error| SetupError::Exporter {
            url: settings.endpoint.shown().to_owned(),
            problem: error.to_string(),
        })?;
        exporter.set_resource(resource);
        Ok(Self { exporter, last })
    }

    /// One at a time: the batch processor sends no two at once.
    pub(in crate::export) async fn send(&self, spans: Vec<SpanData>) -> Result<Receipt, ExportError> {
        self.take_last();
        let result = self.exporter.export(spans).await;
        match (result, self.take_last()) {
            (_, Some(outcome)) => outcome,
            (Ok(()), None) => Ok(Receipt::default()),
            // It failed before there was anything to send.
            (Err(error), None) => Err(ExportError::Broken(error.to_string())),
        }
    }

    fn take_last(&self) -> Option<Result<Receipt, ExportError>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A client that keeps what became of its last request.
#[derive(Debug)]
struct RecordingClient {
    agent: ureq::Agent,
    headers: HeaderMap,
    secrets: Vec<(String, Secret)>,
    compression: Compression,
    last: LastOutcome,
}

#[async_trait]
impl HttpClient for RecordingClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = self.dressed(request)?;
        let (outcome, answer) = match self.agent.run(request) {
            Ok(response) => {
                let response = read(response);
                (self.outcome(&response), Ok(response))
            }
            Err(error) => {
                let cause = cause_of(&error);
                let message = cause.to_string();
                (Err(cause), Err(message.into()))
            }
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        answer
    }
}

impl RecordingClient {
    /// The request with our headers and no others, and compressed if it is to be.
    fn dressed(&self, request: Request<Bytes>) -> Result<Request<Vec<u8>>, HttpError> {
        let (mut parts, body) = request.into_parts();
        // What the exporter found in the process's variables is not what we were told.
        let kind = parts.headers.remove(CONTENT_TYPE);
        let encoding = parts.headers.remove(CONTENT_ENCODING);
        parts.headers = self.headers.clone();
        if let Some(kind) = kind {
            parts.headers.insert(CONTENT_TYPE, kind);
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
        let answer = ResponseCode::Http(status);
        match status {
            200..=299 => Ok(self.receipt(response.body())),
            401 | 403 | 407 => Err(ExportError::Unauthorized(answer)),
            404 | 405 | 410 | 501 => Err(ExportError::NotFound(answer)),
            413 => Err(ExportError::TooLarge(answer)),
            429 | 502 | 503 | 504 => Err(ExportError::Busy(answer)),
            300..=399 => Err(ExportError::Redirected(answer)),
            _ => Err(ExportError::Answered(answer)),
        }
    }

    /// What the backend says of what it took. One that answers something else than OTLP took it all.
    fn receipt(&self, body: &[u8]) -> Receipt {
        let response = ExportTraceServiceResponse::decode(body).unwrap_or_default();
        let Some(partial) = response.partial_success else { return Receipt::default() };
        Receipt {
            rejected: partial.rejected_spans.try_into().unwrap_or(0),
            remark: scrubbed(partial.error_message.trim(), &self.secrets).chars().take(200).collect(),
        }
    }
}

fn agent(settings: &OtlpSettings) -> Result<ureq::Agent, SetupError> {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        // A redirect of a POST is followed by nobody; it is said instead.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(settings.timeout));
    if settings.endpoint.is_loopback() {
        config = config.proxy(None);
    }
    if let Some(certificate) = &settings.certificate {
        config = config.tls_config(
            TlsConfig::builder().root_certs(roots(certificate.setting, &certificate.pem)?).build(),
        );
    }
    Ok(config.build().new_agent())
}

fn roots(setting: &str, pem: &[u8]) -> Result<RootCerts, SetupError> {
    let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(SetupError::Unreadable {
            setting: setting.to_owned(),
            problem: "names a file without a certificate in PEM (-----BEGIN CERTIFICATE-----): name another"
                .to_owned(),
        });
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The answer as a whole. One that cannot be read to its end is still an answer.
fn read(response: Response<ureq::Body>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    let _ = body.into_reader().take(ANSWER_BYTES).read_to_end(&mut bytes);
    Response::from_parts(parts, Bytes::from(bytes))
}

/// Says who sends, unless the settings do.
fn headers(settings: &OtlpSettings) -> HeaderMap {
    let mut headers = header_map(settings);
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    headers
}

fn cause_of(error: &ureq::Error) -> ExportError {
    match error {
        ureq::Error::Timeout(_) => ExportError::TimedOut,
        ureq::Error::HostNotFound => ExportError::UnknownHost,
        ureq::Error::Protocol(_) => ExportError::OtherProtocol,
        ureq::Error::Rustls(error) => ExportError::Tls(error.to_string()),
        ureq::Error::Tls(problem) => ExportError::Tls((*problem).to_owned()),
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => ExportError::NotListening,
            ErrorKind::TimedOut => ExportError::TimedOut,
            ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
                ExportError::HungUp
            }
            // What rustls has to say comes as this.
            ErrorKind::InvalidData => ExportError::Tls(error.to_string()),
            // The system's words for a name that it cannot resolve.
            _ if error.to_string().contains("failed to lookup address") => ExportError::UnknownHost,
            _ => ExportError::Broken(error.to_string()),
        },
        other => ExportError::Broken(other.to_string()),
    }
}
