//! What stands behind the batch processor: it sends, and notes what became of it.

use std::sync::Arc;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::{Ledger, Transport, size};

/// How many bytes one request holds, unless a single span has more. Receivers of gRPC take 4 MiB unless told otherwise,
/// and a span of a language model, with all that was said, may have hundreds of thousands.
const REQUEST_BYTES: usize = 3 * 1024 * 1024;

/// Sends spans to one destination.
#[derive(Debug)]
pub(in crate::setup) struct Delivery {
    transport: Transport,
    ledger: Arc<Ledger>,
}

impl Delivery {
    pub(in crate::setup) fn new(transport: Transport, ledger: Arc<Ledger>) -> Self {
        Self { transport, ledger }
    }
}

impl SpanExporter for Delivery {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut failed = false;
        for (request, bytes) in Requests::of(batch) {
            let spans = request.len();
            let outcome = self.transport.send(request).await;
            failed |= outcome.is_err();
            self.ledger.settle(spans, bytes, outcome);
        }
        // The ledger has the reason; the SDK would only repeat it.
        if failed {
            Err(OTelSdkError::InternalFailure("not all spans were taken".to_owned()))
        } else {
            Ok(())
        }
    }
}

/// A batch, in requests that receivers take.
struct Requests {
    spans: std::iter::Peekable<std::vec::IntoIter<SpanData>>,
}

impl Requests {
    fn of(batch: Vec<SpanData>) -> Self {
        Self { spans: batch.into_iter().peekable() }
    }
}

impl Iterator for Requests {
    type Item = (Vec<SpanData>, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.spans.next()?;
        let mut bytes = size::bytes(&first);
        let mut request = vec![first];
        while let Some(next) = self.spans.next_if(|next| bytes + size::bytes(next) <= REQUEST_BYTES) {
            bytes += size::bytes(&next);
            request.push(next);
        }
        Some((request, bytes))
    }
}
