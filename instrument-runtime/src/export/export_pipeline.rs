//! One destination, from one end to the other.

use std::sync::Arc;

use opentelemetry_sdk::Resource;

use super::SetupError;
use super::delivery::{AdmissionProcessor, SpanQueue, Transport};
use super::settings::OtlpSettings;

/// One destination: what counts before its queue, the counts, and how it is reached.
#[derive(Debug)]
pub(super) struct ExportPipeline {
    pub(super) processor: AdmissionProcessor,
    pub(super) queue: Arc<SpanQueue>,
    /// How a backend is reached; the console needs none of it.
    pub(super) otlp: Option<Box<OtlpSettings>>,
}

/// What carries spans to a backend.
#[cfg(feature = "otlp")]
pub(super) fn open(settings: &OtlpSettings, resource: &Resource) -> Result<Transport, SetupError> {
    match settings.protocol {
        super::Protocol::HttpProtobuf => {
            super::otlp::HttpTransport::open(settings, resource).map(|http| Transport::Http(Box::new(http)))
        }
        #[cfg(feature = "otlp-grpc")]
        super::Protocol::Grpc => {
            super::otlp::GrpcTransport::open(settings, resource).map(|grpc| Transport::Grpc(Box::new(grpc)))
        }
        #[cfg(not(feature = "otlp-grpc"))]
        super::Protocol::Grpc => Err(not_built_in(settings, "otlp-grpc")),
    }
}

/// What carries spans to a backend: nothing, in a program that was built without it.
#[cfg(not(feature = "otlp"))]
pub(super) fn open(settings: &OtlpSettings, _resource: &Resource) -> Result<Transport, SetupError> {
    Err(not_built_in(settings, "otlp"))
}

#[cfg(not(feature = "otlp-grpc"))]
fn not_built_in(settings: &OtlpSettings, feature: &'static str) -> SetupError {
    SetupError::NotBuiltIn {
        what: format!("sending traces to {}", settings.endpoint.shown()),
        feature,
        otherwise: ", or set OTEL_TRACES_EXPORTER to console or none",
    }
}
