//! Spans, gathered as they are exported.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// An exporter that keeps what it is given. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct GatheringExporter {
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl GatheringExporter {
    /// What has been gathered since this was last asked.
    pub(crate) fn take(&self) -> Vec<SpanData> {
        mem::take(&mut *self.spans.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SpanExporter for GatheringExporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).append(&mut batch);
        Ok(())
    }
}
