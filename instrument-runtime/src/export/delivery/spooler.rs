//! The way of spans into the spool and out of it.

use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use super::ExportError;
use super::queue::QueuedSpan;
use super::shared::SharedDelivery;
use super::worker::attempt;
use crate::export::spool::{SpanCounts, Spool, SpoolError, SpooledBy, SpooledRequest, Taken};
use crate::export::transport::{EncodedRequest, FailedAttempt, NextStep, Transport};

/// Writes spans of one destination to the spool, and sends those that wait there. The outcomes are recorded in the
/// delivery.
///
/// The lock of the spool is held while the disk is used, never while something is sent.
#[derive(Debug)]
pub(super) struct Spooler {
    delivery: Arc<SharedDelivery>,
    transport: Arc<Transport>,
    spool: Mutex<Spool>,
    warned: Once,
}

impl Spooler {
    /// Creates a spooler. The spool is not touched yet.
    pub(super) fn new(delivery: Arc<SharedDelivery>, transport: Arc<Transport>, spool: Spool) -> Self {
        Self { delivery, transport, spool: Mutex::new(spool), warned: Once::new() }
    }

    /// Creates the directory, and warns now if it cannot be written, not first in an outage.
    pub(super) fn prepare(&self) {
        let prepared = self.lock().prepare();
        if let Err(problem) = prepared {
            self.warn_not_written(&problem.to_string());
        }
    }

    /// Writes the spans in flight to the spool.
    pub(super) fn spool(&self, spans: &[QueuedSpan]) {
        let mut spool = self.lock();
        if self.delivery.is_abandoned() {
            // The shutdown spools them.
            return;
        }
        match self.write(&mut spool, spans) {
            Ok(()) => self.delivery.on_spooled(spans.len()),
            Err(problem) => {
                self.delivery.on_not_spooled();
                self.warn_not_written(&problem);
            }
        }
    }

    /// Stops the delivery, and writes the spans that are left to the spool.
    pub(super) fn spool_rest(&self) {
        let mut spool = self.lock();
        for spans in self.delivery.abandon() {
            match self.write(&mut spool, &spans) {
                Ok(()) => self.delivery.on_spooled(spans.len()),
                Err(problem) => self.delivery.fail_left(spans.len(), ExportError::NotSpooled(problem)),
            }
        }
    }

    /// Sends the oldest request of the spool.
    pub(super) fn drain(&self) {
        let Taken { request, damaged } = self.lock().take();
        self.count_lost(damaged, &ExportError::SpoolDamaged);
        let Some(request) = request else { return self.delivery.on_drained() };
        let (by, spans) = (request.spooled_by(), request.spans());
        match attempt(|| self.transport.send_encoded(request.bytes())) {
            Ok(receipt) => {
                self.remove(request);
                self.delivery.on_recovered(by, spans, receipt);
            }
            Err(FailedAttempt { next: NextStep::Retry(wait), error }) => {
                drop(request);
                self.delivery.retry_later(error, wait);
            }
            Err(FailedAttempt { next: NextStep::Split, error }) => self.split(request, by, error),
            Err(FailedAttempt { next: NextStep::GiveUp, error }) => {
                self.remove(request);
                self.delivery.on_refused(by, spans, error);
            }
        }
    }

    /// Replaces a request that is too large by two. If they cannot be written, its spans are lost: a request that stays
    /// would be refused again and again.
    fn split(&self, request: SpooledRequest, by: SpooledBy, error: ExportError) {
        let spans = request.spans();
        let Some(halves) = Transport::split_encoded(request.bytes()) else {
            self.remove(request);
            return self.delivery.on_refused(by, spans, error);
        };
        let halves = halves.map(|EncodedRequest { bytes, spans }| (bytes, spans));
        let written = self.lock().append_halves(&request, &halves);
        self.remove(request);
        if let Err(problem) = written {
            self.delivery.on_refused(by, spans, ExportError::NotSpooled(problem.to_string()));
        }
    }

    fn write(&self, spool: &mut Spool, spans: &[QueuedSpan]) -> Result<(), String> {
        let data = spans.iter().map(|span| span.span().as_ref().clone()).collect();
        let request = self.transport.encode(data).ok_or("this destination has no spool")?;
        let mut evicted = SpanCounts::default();
        let written = spool.append(&request.bytes, request.spans, &mut evicted);
        self.count_lost(evicted, &ExportError::SpoolFull);
        written.map_err(|error: SpoolError| error.to_string())
    }

    fn remove(&self, request: SpooledRequest) {
        if let Err(error) = request.remove() {
            // It would be sent again at once.
            self.delivery.on_drained();
            self.warned.call_once(|| {
                let name = self.delivery.destination().name();
                tracing::warn!(
                    "a request for {name} stays in the spool and is sent again: {error} (logged once)"
                );
            });
        }
    }

    fn warn_not_written(&self, problem: &str) {
        self.warned.call_once(|| {
            let name = self.delivery.destination().name();
            tracing::warn!("spans for {name} cannot be spooled: {problem} (logged once)");
        });
    }

    fn count_lost(&self, spans: SpanCounts, error: &ExportError) {
        for by in [SpooledBy::This, SpooledBy::Other] {
            self.delivery.on_lost(by, spans.get(by), error.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Spool> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
