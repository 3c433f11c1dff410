//! Transports, which carry spans to a destination. Each sends one request and classifies its outcome, without retries.

#[cfg(feature = "otlp")]
mod answer;
#[cfg(feature = "otlp-grpc")]
mod grpc;
#[cfg(feature = "otlp")]
mod http;
#[cfg(feature = "otlp")]
mod network_error;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod retry_after;
#[cfg(feature = "otlp")]
mod sanitize;
#[cfg(feature = "otlp")]
mod split_request;

use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

#[cfg(feature = "otlp")]
use self::otlp::OtlpTransport;
use super::settings::{Destination, OtlpSettings};
use super::{ExportError, SetupError};
use crate::console::{Color, ConsoleExporter, TreeStyle};

/// A transport to one destination.
#[derive(Debug)]
pub(super) enum Transport {
    Console(Box<ConsoleExporter>),
    #[cfg(feature = "otlp")]
    Otlp(Box<OtlpTransport>),
}

/// A request in the encoding of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EncodedRequest {
    /// The protobuf of an `ExportTraceServiceRequest`.
    pub(super) bytes: Vec<u8>,
    pub(super) spans: u64,
}

/// The answer of a destination that took a request: it may have rejected some of the spans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) rejected_spans: u64,
    pub(super) message: String,
}

/// A request that the destination did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FailedAttempt {
    pub(super) error: ExportError,
    pub(super) next: NextStep,
}

/// The next step after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Sends the same request again, after the wait that the destination asks for, or after a backoff if it asks for none.
    Retry(Option<Duration>),
    /// Divides the request into smaller ones.
    Split,
    /// Counts the spans as failed, as the same request would fail again.
    GiveUp,
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
        OtlpTransport::open(settings, resource).map(|otlp| Self::Otlp(Box::new(otlp)))
    }

    #[cfg(not(feature = "otlp"))]
    fn open_otlp(settings: &OtlpSettings, _resource: &Resource) -> Result<Self, SetupError> {
        Err(missing_feature(settings, "otlp"))
    }

    /// Sends one request and waits for the answer, for the timeout of the settings at most.
    pub(super) fn send(&self, spans: Vec<SpanData>) -> Result<Receipt, FailedAttempt> {
        match self {
            Self::Console(console) => {
                let printed = futures_executor::block_on(console.export(spans));
                printed.map(|()| Receipt::default()).map_err(|error| FailedAttempt {
                    error: ExportError::Other(error.to_string()),
                    next: NextStep::GiveUp,
                })
            }
            #[cfg(feature = "otlp")]
            Self::Otlp(otlp) => otlp.send(&otlp.encode(spans)),
        }
    }

    /// Encodes spans, to be sent later. Returns `None` if the destination has no encoding, as the console.
    #[cfg_attr(not(feature = "otlp"), allow(unused_variables, reason = "only OTLP has an encoding"))]
    pub(super) fn encode(&self, spans: Vec<SpanData>) -> Option<EncodedRequest> {
        match self {
            Self::Console(_) => None,
            #[cfg(feature = "otlp")]
            Self::Otlp(otlp) => {
                let count = spans.len() as u64;
                Some(EncodedRequest { bytes: otlp.encode(spans).into(), spans: count })
            }
        }
    }

    /// Sends an encoded request as [`send`](Self::send) does.
    #[cfg_attr(not(feature = "otlp"), allow(unused_variables, reason = "only OTLP has an encoding"))]
    pub(super) fn send_encoded(&self, request: &[u8]) -> Result<Receipt, FailedAttempt> {
        match self {
            Self::Console(_) => Err(FailedAttempt {
                error: ExportError::Other("the console has no encoding".to_owned()),
                next: NextStep::GiveUp,
            }),
            #[cfg(feature = "otlp")]
            Self::Otlp(otlp) => otlp.send(&prost::bytes::Bytes::copy_from_slice(request)),
        }
    }

    /// Divides an encoded request. Returns `None` if it has a single span.
    #[cfg_attr(not(feature = "otlp"), allow(unused_variables, reason = "only OTLP has an encoding"))]
    pub(super) fn split_encoded(request: &[u8]) -> Option<[EncodedRequest; 2]> {
        #[cfg(feature = "otlp")]
        return split_request::split(request);
        #[cfg(not(feature = "otlp"))]
        None
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
