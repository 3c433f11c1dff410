//! What stands before the batch processor: it counts, and lets in what there is room for.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use super::SpanQueue;

/// The batch processor of one destination, with its counts. Clones share it.
///
/// The batch processor is handed no more spans than it has room for, and so never drops one by itself.
#[derive(Debug, Clone)]
pub(in crate::export) struct AdmissionProcessor {
    batches: Arc<BatchSpanProcessor>,
    queue: Arc<SpanQueue>,
}

impl AdmissionProcessor {
    pub(in crate::export) fn new(batches: BatchSpanProcessor, queue: Arc<SpanQueue>) -> Self {
        Self { batches: Arc::new(batches), queue }
    }
}

impl SpanProcessor for AdmissionProcessor {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if let Some(span) = self.queue.admit(span) {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.queue.close();
        self.batches.shutdown_with_timeout(timeout)
    }
}
