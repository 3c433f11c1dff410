//! Spans on their way out: counted when they are given, when they wait, and by what became of them.
//!
//! ```text
//!   given ──▶ waiting ──────────────▶ exported
//!     │         some handed to the  ╲
//!     ▼         batch processor,     ▶ refused: by the backend, or on the way there
//!   dropped:    the rest behind them
//!   no room
//!   late: after the shutdown
//! ```
//!
//! The SDK's batch processor says `Ok` at a shutdown after a 401, and of what it drops only that it does. Here, what comes
//! in is counted [before](AdmissionProcessor) it, so that it never drops anything itself, and what goes out [behind](Delivery) it.

mod export_error;
mod exporter;
mod processor;
mod queue;
mod report;
mod size;
mod target;

pub use export_error::{ExportError, ResponseCode};
pub(super) use exporter::Delivery;
pub(super) use processor::AdmissionProcessor;
pub(super) use queue::{QueueLimits, SpanQueue};
pub use report::{DeliveryError, DeliveryReport, DestinationReport, FailedSpans};
pub(super) use target::Target;

use opentelemetry_sdk::trace::{SpanData, SpanExporter};

#[cfg(feature = "otlp-grpc")]
use super::otlp::GrpcTransport;
#[cfg(feature = "otlp")]
use super::otlp::HttpTransport;
use crate::console::ConsoleExporter;

/// What carries spans to where they go.
#[derive(Debug)]
pub(super) enum Transport {
    Console(Box<ConsoleExporter>),
    #[cfg(feature = "otlp")]
    Http(Box<HttpTransport>),
    #[cfg(feature = "otlp-grpc")]
    Grpc(Box<GrpcTransport>),
}

/// What a backend says that took spans: how many it did not, and a remark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) rejected: u64,
    pub(super) remark: String,
}

impl Transport {
    /// Carries them there, trying again where that may help.
    pub(super) async fn send(&self, spans: Vec<SpanData>) -> Result<Receipt, ExportError> {
        match self {
            Self::Console(console) => {
                let printed = console.export(spans).await;
                printed.map(|()| Receipt::default()).map_err(|error| ExportError::Broken(error.to_string()))
            }
            #[cfg(feature = "otlp")]
            Self::Http(http) => http.send(spans).await,
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => grpc.send(spans).await,
        }
    }
}

#[cfg(test)]
mod tests;
