//! The thread that sends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry_sdk::trace::SpanData;

use super::ExportError;
use super::queue::QueuedSpan;
use super::shared::{SharedDelivery, Work};
use super::spooler::Spooler;
use crate::export::transport::{FailedAttempt, NextStep, Receipt, Transport};

/// Sends the spans of one destination, one request after the other, and records each outcome.
#[derive(Debug)]
pub(super) struct Worker {
    delivery: Arc<SharedDelivery>,
    transport: Arc<Transport>,
    spooler: Option<Arc<Spooler>>,
}

impl Worker {
    /// Creates a worker that does not run yet.
    pub(super) fn new(
        delivery: Arc<SharedDelivery>,
        transport: Arc<Transport>,
        spooler: Option<Arc<Spooler>>,
    ) -> Self {
        Self { delivery, transport, spooler }
    }

    /// Sends until the delivery is closed and empty, or abandoned.
    pub(super) fn run(&self) {
        // Spans of the transport itself, of an instrumented HTTP library for example, would never end.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        if let Some(spooler) = &self.spooler {
            spooler.prepare();
        }
        while let Some(work) = self.delivery.wait_for_work() {
            match (work, &self.spooler) {
                (Work::Spool(spans), Some(spooler)) => spooler.spool(&spans),
                (Work::Drain, Some(spooler)) => spooler.drain(),
                (Work::Send(spans) | Work::Spool(spans), _) => self.send(spans),
                (Work::Drain, None) => self.delivery.on_drained(),
            }
        }
    }

    /// Sends spans in one request, or in several if it is too large.
    fn send(&self, spans: Vec<QueuedSpan>) {
        let mut requests = vec![spans];
        while let Some(mut spans) = requests.pop() {
            if self.delivery.is_abandoned() {
                return;
            }
            match self.attempt(&spans) {
                Ok(receipt) => self.delivery.on_exported(spans.len(), receipt),
                Err(FailedAttempt { next: NextStep::Split, .. }) if spans.len() > 1 => {
                    self.delivery.lower_request_limit(spans.iter().map(QueuedSpan::bytes).sum());
                    let rest = spans.split_off(spans.len() / 2);
                    requests.extend([rest, spans]);
                }
                Err(FailedAttempt { next: NextStep::Retry(wait), error }) => {
                    self.delivery.retry_later(error, wait);
                    return;
                }
                Err(FailedAttempt { error, .. }) => self.delivery.on_failed(spans.len(), error),
            }
        }
    }

    fn attempt(&self, spans: &[QueuedSpan]) -> Result<Receipt, FailedAttempt> {
        let spans: Vec<SpanData> = spans.iter().map(|span| SpanData::clone(span.span())).collect();
        attempt(|| self.transport.send(spans))
    }
}

/// Makes one attempt. A panic of the transport must not end the thread, as spans would be queued for ever.
pub(super) fn attempt(
    send: impl FnOnce() -> Result<Receipt, FailedAttempt>,
) -> Result<Receipt, FailedAttempt> {
    catch_unwind(AssertUnwindSafe(send)).unwrap_or_else(|_| {
        Err(FailedAttempt {
            error: ExportError::Other("the exporter panicked".to_owned()),
            next: NextStep::GiveUp,
        })
    })
}
