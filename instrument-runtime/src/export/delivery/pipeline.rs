//! The export pipeline of one destination, from the span processor to the transport.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::DestinationReport;
use super::shared::SharedDelivery;
use super::worker::Worker;
use crate::export::SetupError;
use crate::export::clock::Deadline;
use crate::export::settings::{BatchSettings, Destination};
use crate::export::transport::Transport;

/// The time limit of the provider's own `force_flush`, which has none. It is that of the SDK's batch processor.
const FORCE_FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// The export pipeline of one destination. Its worker thread ends after the shutdown.
#[derive(Debug)]
pub(in crate::export) struct ExportPipeline {
    delivery: Arc<SharedDelivery>,
}

impl ExportPipeline {
    /// Opens a transport to `destination` and starts the thread that sends.
    pub(in crate::export) fn open(
        destination: Destination,
        batch: BatchSettings,
        resource: &Resource,
    ) -> Result<Self, SetupError> {
        let transport = Transport::open(&destination, resource)?;
        let delivery = Arc::new(SharedDelivery::new(destination, batch));
        let worker = Worker::new(Arc::clone(&delivery), transport);
        let started = thread::Builder::new().name("pipecat-export".to_owned()).spawn(move || worker.run());
        started.map_err(|error| SetupError::Exporter {
            url: delivery.destination().name(),
            problem: format!("cannot start a thread for it: {error}"),
        })?;
        Ok(Self { delivery })
    }

    /// Returns the processor, to be added to the tracer provider.
    pub(in crate::export) fn processor(&self) -> QueueProcessor {
        QueueProcessor { delivery: Arc::clone(&self.delivery) }
    }

    pub(in crate::export) fn destination(&self) -> &Destination {
        self.delivery.destination()
    }

    /// Starts to send all queued spans, without waiting.
    pub(in crate::export) fn start_flush(&self) {
        self.delivery.start_flush();
    }

    /// Waits until every span received so far has an outcome, or until `deadline`.
    pub(in crate::export) fn wait_until_settled(&self, deadline: Deadline) {
        self.delivery.wait_until_settled(deadline);
    }

    /// Sends what is queued until `deadline`, and stops.
    pub(in crate::export) fn shut_down(&self, deadline: Deadline) {
        shut_down(&self.delivery, deadline);
    }

    pub(in crate::export) fn report(&self) -> DestinationReport {
        self.delivery.report()
    }
}

impl Drop for ExportPipeline {
    fn drop(&mut self) {
        // Ends the thread if the setup fails before it has a provider.
        self.delivery.close();
    }
}

fn shut_down(delivery: &SharedDelivery, deadline: Deadline) {
    delivery.close();
    delivery.wait_until_settled(deadline);
    delivery.abandon();
}

/// Passes ended spans to the delivery.
#[derive(Debug)]
pub(in crate::export) struct QueueProcessor {
    delivery: Arc<SharedDelivery>,
}

impl SpanProcessor for QueueProcessor {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.delivery.admit(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.delivery.start_flush();
        self.delivery.wait_until_settled(Deadline::within(FORCE_FLUSH_TIMEOUT));
        match self.delivery.report().queued {
            0 => Ok(()),
            _ => Err(OTelSdkError::Timeout(FORCE_FLUSH_TIMEOUT)),
        }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.delivery.is_abandoned() {
            return Ok(());
        }
        self.delivery.start_flush();
        shut_down(&self.delivery, Deadline::within(timeout));
        let report = self.delivery.report();
        if report.is_complete() { Ok(()) } else { Err(OTelSdkError::InternalFailure(report.to_string())) }
    }
}
