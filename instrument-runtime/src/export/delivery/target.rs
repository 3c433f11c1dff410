//! Where spans go, as messages name it, and what to change if they do not arrive.

use std::time::Duration;

use super::ExportError;
use crate::export::endpoint::Origin;
use crate::export::settings::{Compression, OtlpSettings};
use crate::export::{Backend, Protocol};

/// Where spans go, as messages name it.
#[derive(Debug, Clone)]
pub(in crate::export) enum Target {
    Console,
    Backend(BackendTarget),
}

#[derive(Debug, Clone)]
pub(in crate::export) struct BackendTarget {
    url: String,
    backend: Option<Backend>,
    protocol: Protocol,
    origin: Origin,
    credentials: &'static str,
    signs_in: bool,
    timeout: Duration,
    compression: Compression,
}

impl From<&OtlpSettings> for Target {
    fn from(settings: &OtlpSettings) -> Self {
        Self::Backend(BackendTarget {
            url: settings.endpoint.shown().to_owned(),
            backend: settings.backend,
            protocol: settings.protocol,
            origin: settings.endpoint.origin,
            credentials: settings.credentials,
            signs_in: settings.headers.iter().any(|(name, _)| name == "authorization"),
            timeout: settings.timeout,
            compression: settings.compression,
        })
    }
}

impl Target {
    /// `Phoenix at http://localhost:6006/v1/traces`.
    pub(in crate::export) fn name(&self) -> String {
        match self {
            Self::Console => "the console".to_owned(),
            Self::Backend(target) => match target.backend {
                Some(backend) => format!("{backend} at {}", target.url),
                None => target.url.clone(),
            },
        }
    }

    /// Why spans did not arrive there, and what to change: one sentence, without a full stop.
    pub(in crate::export) fn explain(&self, cause: &ExportError) -> String {
        match self {
            Self::Console => format!("{cause}"),
            Self::Backend(target) => target.explain(cause),
        }
    }
}

impl BackendTarget {
    fn explain(&self, cause: &ExportError) -> String {
        let (setting, credentials) = (self.origin.setting(), self.credentials);
        match cause {
            ExportError::Unauthorized(answer) if self.signs_in => {
                format!("it answered {answer}: check {credentials}")
            }
            ExportError::Unauthorized(answer) => format!("it answered {answer}: set {credentials}"),
            ExportError::NotFound(answer) => {
                format!("it answered {answer}: check {setting}{}", self.path_hint())
            }
            ExportError::TooLarge(answer) => format!(
                "it answered {answer}, too large a request: lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE{}",
                match self.compression {
                    Compression::None => ", or set OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
                    Compression::Gzip => "",
                }
            ),
            ExportError::Busy(answer) => format!(
                "it answered {answer}, also when tried again: it has too much to do, or is down; put a collector between, \
                 or keep fewer traces with OTEL_TRACES_SAMPLER"
            ),
            ExportError::Redirected(answer) => {
                format!(
                    "it answered {answer}, which sends one elsewhere: set {setting} to that place (https:// perhaps)"
                )
            }
            ExportError::Answered(answer) => format!("it answered {answer}: see the log of the backend"),
            ExportError::Partly(remark) if remark.is_empty() => {
                "it rejected them, and did not say why: see the log of the backend".to_owned()
            }
            ExportError::Partly(remark) => format!("it rejected them: {remark}"),
            ExportError::NotListening => {
                format!(
                    "nobody listens there: start the backend, or check host and port in {setting}{}",
                    self.port_hint()
                )
            }
            ExportError::UnknownHost => format!("there is no such host: check {setting}"),
            ExportError::TimedOut => format!(
                "no answer came in {} ms: see whether the backend hangs, or set OTEL_EXPORTER_OTLP_TIMEOUT to more",
                self.timeout.as_millis()
            ),
            ExportError::Tls(problem) => format!(
                "no secure connection can be made ({problem}): write http:// in {setting} if it has none, or name its \
                 certificate in OTEL_EXPORTER_OTLP_CERTIFICATE"
            ),
            ExportError::OtherProtocol => {
                let spoken = match self.protocol {
                    Protocol::HttpProtobuf => "HTTP/1.1",
                    Protocol::Grpc => "gRPC",
                };
                format!("what listens there does not speak {spoken}: {}", self.other_protocol())
            }
            ExportError::HungUp => {
                format!("it hung up without an answer: see the log of the backend; {}", self.other_protocol())
            }
            ExportError::Broken(problem) => format!("the connection broke ({problem}): check {setting}"),
        }
    }

    fn path_hint(&self) -> String {
        match (self.protocol, self.origin) {
            (Protocol::Grpc, _) => {
                format!(", no traces are taken there over gRPC: {}", self.other_protocol())
            }
            (_, Origin::TracesVariable) => {
                ", which is taken as it is: most backends want /v1/traces at its end".to_owned()
            }
            _ => ": no traces are taken at that path".to_owned(),
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

    fn other_protocol(&self) -> String {
        let setting = self.origin.setting();
        match self.protocol {
            Protocol::HttpProtobuf => format!(
                "if it is the port for gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or another port in {setting} (4318 is \
                 usual for OTLP over HTTP); if it wants https://, write that"
            ),
            Protocol::Grpc => format!(
                "if it is the port for HTTP, set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or another port in {setting} \
                 (4317 is usual for gRPC)"
            ),
        }
    }
}
