//! Errors of an export, and the sentence that explains each and its remedy.

use std::fmt;

use crate::export::endpoint::TRACES_ENDPOINT;
use crate::export::settings::{Compression, Destination, OtlpSettings};
use crate::export::{Backend, Protocol};

/// An error of sending spans.
///
/// [`FailedSpans::explanation`](super::FailedSpans::explanation) explains the remedy.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::{ExportError, ResponseCode};
///
/// let error = ExportError::Unauthorized(ResponseCode::Http(401));
/// assert_eq!(error.to_string(), "401 Unauthorized");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The backend refused the credentials, or missed them.
    #[error("{0}")]
    Unauthorized(ResponseCode),
    /// The server does not accept traces at that path.
    #[error("{0}")]
    NotFound(ResponseCode),
    /// A single span is larger than the backend accepts in a request.
    #[error("{0}")]
    TooLarge(ResponseCode),
    /// The backend is overloaded or down.
    #[error("{0}")]
    Unavailable(ResponseCode),
    /// The server answered with a redirect. Redirects are not followed.
    #[error("{0}")]
    Redirected(ResponseCode),
    /// Any other response without success.
    #[error("{0}")]
    UnexpectedResponse(ResponseCode),
    /// The backend rejected some spans of a request and took the others. Holds the backend's message.
    #[error("some spans were rejected{separator}{0}", separator = if .0.is_empty() { "" } else { ": " })]
    PartiallyRejected(String),
    /// The answer says success but is not OTLP, so the backend may not have taken the spans. Holds a description of the
    /// answer.
    #[error("the answer is not OTLP: {0}")]
    NotOtlp(String),
    /// No server listens at that host and port.
    #[error("connection refused")]
    ConnectionRefused,
    /// The name of the host does not resolve.
    #[error("unknown host")]
    UnknownHost,
    /// No response came within the timeout.
    #[error("no response in time")]
    TimedOut,
    /// TLS failed. Holds the reason.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The server does not speak the protocol.
    #[error("the server speaks another protocol")]
    ProtocolMismatch,
    /// The server closed the connection without a response.
    #[error("connection closed without a response")]
    ConnectionClosed,
    /// The spans were the oldest of a full [spool](super::super::SetupBuilder::spool).
    #[error("the spool was full")]
    SpoolFull,
    /// The spans were in a damaged file of the [spool](super::super::SetupBuilder::spool).
    #[error("their file in the spool was damaged")]
    SpoolDamaged,
    /// The spans were left at the shutdown, and the [spool](super::super::SetupBuilder::spool) did not take them. Holds
    /// the reason.
    #[error("they could not be spooled: {0}")]
    NotSpooled(String),
    /// Anything else. Holds the reason.
    #[error("the request failed: {0}")]
    Other(String),
}

/// The code of a server's response.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::ResponseCode;
///
/// assert_eq!(ResponseCode::Http(404).to_string(), "404 Not Found");
/// assert_eq!(ResponseCode::Grpc("Unauthenticated").to_string(), "Unauthenticated");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseCode {
    /// A status of HTTP.
    Http(u16),
    /// The name of a status of gRPC.
    Grpc(&'static str),
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status) => {
                let reason =
                    http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                match reason {
                    Some(reason) => write!(f, "{status} {reason}"),
                    None => write!(f, "{status}"),
                }
            }
            Self::Grpc(code) => f.write_str(code),
        }
    }
}

impl Destination {
    /// Explains why spans did not arrive and what to change: a sentence about the destination, without a full stop.
    pub(in crate::export) fn explain(&self, error: &ExportError) -> String {
        match self {
            Self::Console => error.to_string(),
            Self::Otlp(settings) => settings.explain(error),
        }
    }
}

impl OtlpSettings {
    fn explain(&self, error: &ExportError) -> String {
        let (setting, credentials) = (self.endpoint.setting(), self.credentials);
        match error {
            ExportError::Unauthorized(code) if self.headers.get("authorization").is_some() => {
                format!("it answered {code}: check {credentials}")
            }
            ExportError::Unauthorized(code) => format!("it answered {code}: set {credentials}"),
            ExportError::NotFound(code) => format!("it answered {code}: check {setting}{}", self.path_hint()),
            ExportError::TooLarge(code) => format!(
                "it answered {code}, as a single span is too large: raise the limit of the backend, or lower \
                 OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT{}",
                match self.compression {
                    Compression::None => ", or set OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
                    Compression::Gzip => "",
                }
            ),
            ExportError::Unavailable(code) => format!(
                "it answered {code}: it is overloaded or down; put a collector in front of it, or keep fewer traces with \
                 OTEL_TRACES_SAMPLER"
            ),
            ExportError::Redirected(code) => format!(
                "it answered {code}, and redirects are not followed: set {setting} to the final URL (perhaps with \
                 https://)"
            ),
            ExportError::UnexpectedResponse(code) => {
                format!("it answered {code}: see the log of the backend")
            }
            ExportError::PartiallyRejected(message) if message.is_empty() => {
                "it rejected them without a reason: see the log of the backend".to_owned()
            }
            ExportError::PartiallyRejected(message) => format!("it rejected them: {message}"),
            ExportError::NotOtlp(answer) => format!(
                "it answered with {answer} instead of OTLP, so it may not have taken the spans: check {setting} (a proxy or a \
                 login page may have answered in its place)"
            ),
            ExportError::ConnectionRefused => format!(
                "connection refused: start the backend, or check host and port in {setting}{}",
                self.port_hint()
            ),
            ExportError::UnknownHost => format!("its host name does not resolve: check {setting}"),
            ExportError::TimedOut => format!(
                "no response within {} ms: check whether the backend hangs, or raise OTEL_EXPORTER_OTLP_TIMEOUT",
                self.timeout.as_millis()
            ),
            ExportError::Tls(problem) => format!(
                "TLS failed ({problem}): write http:// in {setting} if the backend has no TLS, or set \
                 OTEL_EXPORTER_OTLP_CERTIFICATE to the file of its certificate"
            ),
            ExportError::ProtocolMismatch => {
                let protocol = match self.protocol {
                    Protocol::HttpProtobuf => "HTTP/1.1",
                    Protocol::Grpc => "gRPC",
                };
                format!("the server does not speak {protocol}: {}", self.protocol_hint())
            }
            ExportError::ConnectionClosed => format!(
                "the server closed the connection without a response: see the log of the backend; {}",
                self.protocol_hint()
            ),
            ExportError::SpoolFull => {
                "they were the oldest of a full spool: raise PIPECAT_TRACE_SPOOL_MAX_BYTES, or check why the backend is slow"
                    .to_owned()
            }
            ExportError::SpoolDamaged => {
                "their file in the spool was damaged, as by a loss of power: check the disk".to_owned()
            }
            ExportError::NotSpooled(problem) => format!("they could not be spooled: {problem}"),
            ExportError::Other(problem) => format!("the request failed ({problem}): check {setting}"),
        }
    }

    fn path_hint(&self) -> String {
        if self.protocol == Protocol::Grpc {
            format!(", as it accepts no traces over gRPC: {}", self.protocol_hint())
        } else if self.endpoint.setting() == TRACES_ENDPOINT {
            ", which is used as it is: most backends need /v1/traces at its end".to_owned()
        } else {
            ", as it accepts no traces at that path".to_owned()
        }
    }

    fn port_hint(&self) -> &'static str {
        match (self.backend, self.protocol) {
            (Some(Backend::Phoenix), Protocol::HttpProtobuf) => " (Phoenix listens on 6006)",
            (Some(Backend::Zipkin), Protocol::HttpProtobuf) => " (Zipkin listens on 9411)",
            (Some(Backend::OpenObserve), Protocol::HttpProtobuf) => " (OpenObserve listens on 5080)",
            (_, Protocol::HttpProtobuf) => " (4318 is usual for OTLP over HTTP)",
            (_, Protocol::Grpc) => " (4317 is usual for gRPC)",
        }
    }

    fn protocol_hint(&self) -> String {
        let setting = self.endpoint.setting();
        match self.protocol {
            Protocol::HttpProtobuf => format!(
                "if this is the port for gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or another port in {setting} (4318 is \
                 usual for OTLP over HTTP); if it expects https://, write that"
            ),
            Protocol::Grpc => format!(
                "if this is the port for HTTP, set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or another port in {setting} \
                 (4317 is usual for gRPC)"
            ),
        }
    }
}
