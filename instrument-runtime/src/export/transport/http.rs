//! OTLP over HTTP, with a blocking client, which needs no async runtime and panics in none.

use std::io::{Read, Write};
use std::time::Duration;

use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::answer::{MAX_ANSWER_BYTES, parse_answer};
use super::network_error::convert_io_error;
use super::retry_after::parse_retry_after;
use super::sanitize::{sanitize, to_one_line};
use super::{FailedAttempt, NextStep, Receipt};
use crate::export::clock;
use crate::export::headers::Headers;
use crate::export::settings::{Compression, OtlpSettings, PemFile};
use crate::export::{ExportError, ResponseCode, SetupError};

pub(super) const DEFAULT_USER_AGENT: &str = concat!("pipecat-instrument/", env!("CARGO_PKG_VERSION"));
/// The longest timeout of a request. The client adds it to the time, which has an end.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Sends requests over HTTP/1.1.
#[derive(Debug)]
pub(super) struct HttpClient {
    agent: ureq::Agent,
    url: String,
    /// All headers of a request but the encoding of its body.
    header_map: HeaderMap,
    /// Their secrets are redacted in answers, which may echo them.
    headers: Headers,
    compression: Compression,
}

impl HttpClient {
    /// Builds the client. A connection is made at the first request.
    pub(super) fn new(settings: &OtlpSettings) -> Result<Self, SetupError> {
        Ok(Self {
            agent: agent(settings)?,
            url: settings.endpoint.url().to_owned(),
            header_map: header_map(&settings.headers),
            headers: settings.headers.clone(),
            compression: settings.compression,
        })
    }

    /// Sends an encoded request and waits for the answer.
    pub(super) fn send(&self, body: &[u8]) -> Result<Receipt, FailedAttempt> {
        let answer = match self.compression {
            Compression::None => self.post(body, None),
            Compression::Gzip => match gzip(body) {
                Ok(body) => self.post(&body, Some(HeaderValue::from_static("gzip"))),
                Err(error) => return Err(give_up(ExportError::Other(error.to_string()))),
            },
        };
        match answer {
            Ok(response) => self.outcome(response),
            Err(error) => Err(self.failed_request(&error)),
        }
    }

    fn post(&self, body: &[u8], encoding: Option<HeaderValue>) -> Result<Response<ureq::Body>, ureq::Error> {
        let mut request = Request::post(&self.url).body(body)?;
        *request.headers_mut() = self.header_map.clone();
        if let Some(encoding) = encoding {
            request.headers_mut().insert(CONTENT_ENCODING, encoding);
        }
        self.agent.run(request)
    }

    fn outcome(&self, response: Response<ureq::Body>) -> Result<Receipt, FailedAttempt> {
        let status = response.status().as_u16();
        let code = ResponseCode::Http(status);
        Err(match status {
            200..=299 => return self.read_answer(response),
            // OTLP wants only these four to be sent again.
            429 | 502 | 503 | 504 => retry(ExportError::Unavailable(code), requested_wait(&response)),
            413 => FailedAttempt { error: ExportError::TooLarge(code), next: NextStep::Split },
            401 | 403 | 407 => give_up(ExportError::Unauthorized(code)),
            404 | 405 | 410 | 501 => give_up(ExportError::NotFound(code)),
            300..=399 => give_up(ExportError::Redirected(code)),
            _ => give_up(ExportError::UnexpectedResponse(code)),
        })
    }

    /// Reads the body. If it breaks off, the server has not answered, and the request is sent again.
    fn read_answer(&self, response: Response<ureq::Body>) -> Result<Receipt, FailedAttempt> {
        let (parts, body) = response.into_parts();
        let mut bytes = Vec::new();
        let reader = body.into_with_config().limit(u64::MAX).reader();
        if let Err(error) = reader.take(MAX_ANSWER_BYTES as u64 + 1).read_to_end(&mut bytes) {
            return Err(self.failed_request(&ureq::Error::from(error)));
        }
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        parse_answer(content_type, &bytes, &self.headers)
    }

    /// Without an answer, nothing says that the next attempt fails as well.
    fn failed_request(&self, error: &ureq::Error) -> FailedAttempt {
        retry(self.convert_error(error), None)
    }

    fn convert_error(&self, error: &ureq::Error) -> ExportError {
        match error {
            ureq::Error::Timeout(_) => ExportError::TimedOut,
            ureq::Error::HostNotFound => ExportError::UnknownHost,
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => ExportError::ProtocolMismatch,
            ureq::Error::Rustls(error) => ExportError::Tls(to_one_line(&error.to_string())),
            ureq::Error::Tls(problem) => ExportError::Tls((*problem).to_owned()),
            ureq::Error::Io(error) => convert_io_error(error),
            other => ExportError::Other(sanitize(&other.to_string(), &self.headers)),
        }
    }
}

fn retry(error: ExportError, wait: Option<Duration>) -> FailedAttempt {
    FailedAttempt { error, next: NextStep::Retry(wait) }
}

fn give_up(error: ExportError) -> FailedAttempt {
    FailedAttempt { error, next: NextStep::GiveUp }
}

fn requested_wait(response: &Response<ureq::Body>) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    parse_retry_after(value, clock::now())
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(body)?;
    gzip.finish()
}

fn agent(settings: &OtlpSettings) -> Result<ureq::Agent, SetupError> {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        // Clients do not repeat a POST after a redirect; it is reported instead.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(settings.timeout.min(MAX_TIMEOUT)));
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

/// Converts the headers of the settings, and adds the type of the body, and a user agent unless they have one.
fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = headers.to_header_map();
    map.entry(USER_AGENT).or_insert(HeaderValue::from_static(DEFAULT_USER_AGENT));
    map.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    map
}
