//! What stands behind the batch processor: it sends, and notes what became of it.

use std::sync::Arc;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::{SpanQueue, Transport, size};

/// How many bytes one request holds, unless a single span has more. Receivers of gRPC take 4 MiB unless told otherwise,
/// and a span of a language model, with all that was said, may have hundreds of thousands.
const REQUEST_BYTES: usize = 3 * 1024 * 1024;

/// Sends spans to one destination.
#[derive(Debug)]
pub(in crate::export) struct Delivery {
    transport: Transport,
    queue: Arc<SpanQueue>,
    most_spans: usize,
}

impl Delivery {
    /// Sends by `transport`, up to `most_spans` in a request.
    pub(in crate::export) fn new(transport: Transport, queue: Arc<SpanQueue>, most_spans: usize) -> Self {
        Self { transport, queue, most_spans }
    }

    /// Whether all of it was taken.
    async fn deliver(&self, batch: Vec<SpanData>) -> bool {
        let mut is_taken = true;
        for (request, bytes) in Requests::of(batch) {
            let spans = request.len();
            let outcome = self.transport.send(request).await;
            is_taken &= outcome.is_ok();
            self.queue.settle(spans, bytes, outcome);
        }
        is_taken
    }
}

impl SpanExporter for Delivery {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.queue.take_handed(batch.len());
        let mut is_taken = self.deliver(batch).await;
        // What had no room in the batch processor comes after it, at once.
        while let Some(batch) = self.queue.take_behind(self.most_spans) {
            is_taken &= self.deliver(batch).await;
        }
        // The queue has the reason; the SDK would only repeat it.
        if is_taken {
            Ok(())
        } else {
            Err(OTelSdkError::InternalFailure("not all spans were taken".to_owned()))
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
