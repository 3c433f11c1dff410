//! The export pipeline of one destination, from the span processor to the transport.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::DestinationReport;
use super::shared::SharedDelivery;
use super::spooler::Spooler;
use super::worker::Worker;
use crate::export::SetupError;
use crate::export::clock::Deadline;
use crate::export::settings::{BatchSettings, Destination, SpoolSettings};
use crate::export::spool::Spool;
use crate::export::transport::Transport;

/// The time limit of the provider's own `force_flush`, which has none. It is that of the SDK's batch processor.
const FORCE_FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// The time at the end of a shutdown in which spans that are left are spooled, besides that for their bytes. If the timeout
/// leaves less, the shutdown takes as long as the disk needs, but no longer than this.
const SPOOL_TIME: Duration = Duration::from_secs(1);
/// The bytes that are spooled in a millisecond, even on a slow disk.
const SPOOL_BYTES_PER_MILLISECOND: usize = 64 * 1024;

/// The export pipeline of one destination. Its worker thread ends after the shutdown.
#[derive(Debug)]
pub(in crate::export) struct ExportPipeline {
    delivery: Arc<SharedDelivery>,
    spooler: Option<Arc<Spooler>>,
}

impl ExportPipeline {
    /// Opens a transport to `destination` and starts the thread that sends.
    pub(in crate::export) fn open(
        destination: Destination,
        batch: BatchSettings,
        spool: Option<&SpoolSettings>,
        resource: &Resource,
    ) -> Result<Self, SetupError> {
        let transport = Arc::new(Transport::open(&destination, resource)?);
        let spool = open_spool(&destination, spool)?;
        let directory = spool.as_ref().map(|spool| spool.directory().to_owned());
        let delivery = Arc::new(SharedDelivery::new(destination, batch, directory));
        let spooler =
            spool.map(|spool| Arc::new(Spooler::new(Arc::clone(&delivery), Arc::clone(&transport), spool)));
        let worker = Worker::new(Arc::clone(&delivery), transport, spooler.clone());
        let started = thread::Builder::new().name("pipecat-export".to_owned()).spawn(move || worker.run());
        started.map_err(|error| SetupError::Exporter {
            url: delivery.destination().name(),
            problem: format!("cannot start a thread for it: {error}"),
        })?;
        Ok(Self { delivery, spooler })
    }

    /// Returns the processor, to be added to the tracer provider.
    pub(in crate::export) fn processor(&self) -> QueueProcessor {
        QueueProcessor { delivery: Arc::clone(&self.delivery), spooler: self.spooler.clone() }
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

    /// Sends what is queued until `deadline`, spools what is left, and stops.
    pub(in crate::export) fn shut_down(&self, deadline: Deadline) {
        shut_down(&self.delivery, self.spooler.as_ref(), deadline);
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

/// Returns the spool of a destination. The console has none.
fn open_spool(
    destination: &Destination,
    settings: Option<&SpoolSettings>,
) -> Result<Option<Spool>, SetupError> {
    let (Destination::Otlp(otlp), Some(settings)) = (destination, settings) else { return Ok(None) };
    let url = otlp.endpoint.display_url();
    let spool = Spool::new(settings.directory.clone(), settings.max_bytes, url);
    let too_long = "is too long for the name of a folder in the spool: shorten it, or use no spool";
    spool.ok_or_else(|| SetupError::invalid(otlp.endpoint.setting(), too_long)).map(Some)
}

fn shut_down(delivery: &SharedDelivery, spooler: Option<&Arc<Spooler>>, deadline: Deadline) {
    delivery.close();
    let Some(spooler) = spooler else {
        delivery.wait_until_settled(deadline);
        // Frees the spans.
        return drop(delivery.abandon());
    };
    let write_millis = delivery.queued_bytes() / SPOOL_BYTES_PER_MILLISECOND;
    let spool_time = SPOOL_TIME + Duration::from_millis(write_millis as u64);
    delivery.wait_until_settled(deadline.earlier_by(spool_time));
    // A thread of its own, as a disk may hang.
    let (done, is_done) = mpsc::channel();
    let spool_rest = {
        let spooler = Arc::clone(spooler);
        move || {
            spooler.spool_rest();
            let _ = done.send(());
        }
    };
    if thread::Builder::new().name("pipecat-spool".to_owned()).spawn(spool_rest).is_err() {
        return spooler.spool_rest();
    }
    let _ = is_done.recv_timeout(deadline.left().unwrap_or_default().max(spool_time));
    // A disk that hangs may have kept the thread from it.
    drop(delivery.abandon());
}

/// Passes ended spans to the delivery.
#[derive(Debug)]
pub(in crate::export) struct QueueProcessor {
    delivery: Arc<SharedDelivery>,
    spooler: Option<Arc<Spooler>>,
}

impl SpanProcessor for QueueProcessor {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && !self.delivery.is_of_parent() {
            self.delivery.admit(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        if self.delivery.is_of_parent() {
            return Ok(());
        }
        let before = self.delivery.report();
        self.delivery.start_flush();
        self.delivery.wait_until_settled(Deadline::within(FORCE_FLUSH_TIMEOUT));
        let after = self.delivery.report();
        if after.queued > 0 {
            Err(OTelSdkError::Timeout(FORCE_FLUSH_TIMEOUT))
        } else if after.failed != before.failed {
            Err(OTelSdkError::InternalFailure(after.to_string()))
        } else {
            Ok(())
        }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.delivery.is_of_parent() || self.delivery.is_abandoned() {
            return Ok(());
        }
        self.delivery.start_flush();
        shut_down(&self.delivery, self.spooler.as_ref(), Deadline::within(timeout));
        let report = self.delivery.report();
        if report.is_complete() { Ok(()) } else { Err(OTelSdkError::InternalFailure(report.to_string())) }
    }
}
