//! Transports, which carry spans to a destination.
//!
//! `opentelemetry-otlp` encodes the spans and repeats requests. It also reads environment variables, and prefers their
//! headers to those set in code, so each transport sets everything that it sends.

#[cfg(feature = "otlp-grpc")]
mod grpc;
#[cfg(feature = "otlp")]
mod http;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

#[cfg(feature = "otlp-grpc")]
use self::grpc::GrpcTransport;
#[cfg(feature = "otlp")]
use self::http::HttpTransport;
use super::settings::{Destination, OtlpSettings};
use super::{ExportError, SetupError};
use crate::console::{Color, ConsoleExporter, TreeStyle};

/// A transport to one destination.
#[derive(Debug)]
pub(super) enum Transport {
    Console(Box<ConsoleExporter>),
    #[cfg(feature = "otlp")]
    Http(Box<HttpTransport>),
    #[cfg(feature = "otlp-grpc")]
    Grpc(Box<GrpcTransport>),
}

/// The response of a destination that took a request: it may have rejected some of the spans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) rejected_spans: u64,
    pub(super) message: String,
}

impl Transport {
    /// Opens a transport. Connections are made when spans are sent.
    pub(super) fn open(destination: &Destination, resource: &Resource) -> Result<Self, SetupError> {
        match destination {
            Destination::Console => Ok(Self::Console(Box::new(console()))),
            Destination::Otlp(settings) => Self::open_otlp(settings, resource),
        }
    }

    #[cfg(feature = "otlp")]
    fn open_otlp(settings: &OtlpSettings, resource: &Resource) -> Result<Self, SetupError> {
        match settings.protocol {
            super::Protocol::HttpProtobuf => {
                HttpTransport::open(settings, resource).map(|http| Self::Http(Box::new(http)))
            }
            #[cfg(feature = "otlp-grpc")]
            super::Protocol::Grpc => {
                GrpcTransport::open(settings, resource).map(|grpc| Self::Grpc(Box::new(grpc)))
            }
            #[cfg(not(feature = "otlp-grpc"))]
            super::Protocol::Grpc => Err(missing_feature(settings, "otlp-grpc")),
        }
    }

    #[cfg(not(feature = "otlp"))]
    fn open_otlp(settings: &OtlpSettings, _resource: &Resource) -> Result<Self, SetupError> {
        Err(missing_feature(settings, "otlp"))
    }

    /// Sends one request, with retries where they may help.
    pub(super) async fn send(&self, spans: Vec<SpanData>) -> Result<Receipt, ExportError> {
        match self {
            Self::Console(console) => {
                let result = console.export(spans).await;
                result.map(|()| Receipt::default()).map_err(|error| ExportError::Other(error.to_string()))
            }
            #[cfg(feature = "otlp")]
            Self::Http(http) => http.send(spans).await,
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => grpc.send(spans).await,
        }
    }
}

fn console() -> ConsoleExporter {
    use std::io::IsTerminal;

    let color = if std::io::stdout().is_terminal() { Color::Always } else { Color::Never };
    ConsoleExporter::stdout(TreeStyle { color, ..TreeStyle::default() })
}

#[cfg(not(feature = "otlp-grpc"))]
fn missing_feature(settings: &OtlpSettings, feature: &'static str) -> SetupError {
    SetupError::MissingFeature {
        needed_for: format!("sending traces to {}", settings.endpoint.display_url()),
        feature,
        alternative: ", or set OTEL_TRACES_EXPORTER to console or none",
    }
}

#[cfg(feature = "otlp")]
impl OtlpSettings {
    fn exporter_error(&self, problem: &impl ToString) -> SetupError {
        SetupError::Exporter { url: self.endpoint.display_url().to_owned(), problem: problem.to_string() }
    }
}
