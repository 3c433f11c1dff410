//! What stands before the batch processor: it counts, and lets in what there is room for.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use super::Ledger;

/// The batch processor of one destination, with its counts. Clones share it.
///
/// The batch processor is handed no more spans than it has room for, and so never drops one by itself.
#[derive(Debug, Clone)]
pub(in crate::setup) struct Admission {
    batches: Arc<BatchSpanProcessor>,
    ledger: Arc<Ledger>,
}

impl Admission {
    pub(in crate::setup) fn new(batches: BatchSpanProcessor, ledger: Arc<Ledger>) -> Self {
        Self { batches: Arc::new(batches), ledger }
    }
}

impl SpanProcessor for Admission {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if let Some(span) = self.ledger.admit(span) {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.ledger.close();
        self.batches.shutdown_with_timeout(timeout)
    }
}
