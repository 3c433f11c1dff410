//! The export pipeline of one destination, from the span processor to the transport.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};

use super::DestinationReport;
use super::queue::{QueueLimits, SpanQueue, span_bytes};
use crate::export::SetupError;
use crate::export::clock::Deadline;
use crate::export::settings::{BatchSettings, Destination};
use crate::export::transport::Transport;

/// Bytes of spans in one request, unless a single span has more. Receivers of gRPC accept 4 MiB by default, and the span of
/// an LLM call holds its whole conversation, easily hundreds of kilobytes.
const MAX_REQUEST_BYTES: usize = 3 * 1024 * 1024;

/// Spans in the SDK's own queue, which allocates 352 bytes for each at the start. The others wait in [`SpanQueue`], which
/// allocates as they come.
const MAX_SDK_QUEUE_SPANS: usize = 2_048;

/// The export pipeline of one destination: its queue, and the span processor that fills it.
#[derive(Debug)]
pub(in crate::export) struct ExportPipeline {
    processor: AdmissionProcessor,
}

impl ExportPipeline {
    /// Opens a transport to `destination` and starts the thread that sends.
    pub(in crate::export) fn open(
        destination: Destination,
        batch: BatchSettings,
        resource: &Resource,
    ) -> Result<Self, SetupError> {
        let transport = Transport::open(&destination, resource)?;
        let sdk_spans = batch.max_queue_spans.min(MAX_SDK_QUEUE_SPANS.max(batch.max_batch_spans));
        let limits = QueueLimits { spans: batch.max_queue_spans, bytes: batch.max_queue_bytes, sdk_spans };
        let queue = Arc::new(SpanQueue::new(destination, limits));
        let exporter =
            QueueExporter { transport, queue: Arc::clone(&queue), max_batch_spans: batch.max_batch_spans };
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(sdk_spans)
            .with_max_export_batch_size(batch.max_batch_spans)
            .with_scheduled_delay(batch.schedule_delay)
            .build();
        let batches = Arc::new(BatchSpanProcessor::builder(exporter).with_batch_config(config).build());
        Ok(Self { processor: AdmissionProcessor { batches, queue } })
    }

    /// Returns the processor, to be added to the tracer provider.
    pub(in crate::export) fn processor(&self) -> AdmissionProcessor {
        self.processor.clone()
    }

    pub(in crate::export) fn destination(&self) -> &Destination {
        self.processor.queue.destination()
    }

    /// Starts to send all queued spans, without waiting.
    pub(in crate::export) fn start_flush(&self) {
        // The SDK's flush blocks for up to five seconds, which may be more than the caller has.
        let processor = self.processor();
        let flush = move || {
            let _ = processor.force_flush();
        };
        // Without a thread, the batch processor still sends at its next interval.
        let _ = thread::Builder::new().name("pipecat-flush".to_owned()).spawn(flush);
    }

    /// Waits until every span received so far is exported, rejected or dropped, or until `deadline`.
    pub(in crate::export) fn wait_until_settled(&self, deadline: Deadline) {
        self.processor.queue.wait_until_settled(deadline);
    }

    pub(in crate::export) fn report(&self) -> DestinationReport {
        self.processor.queue.report()
    }
}

/// Admits spans to the queue, in front of the SDK's batch processor. Clones share the queue.
#[derive(Debug, Clone)]
pub(in crate::export) struct AdmissionProcessor {
    batches: Arc<BatchSpanProcessor>,
    queue: Arc<SpanQueue>,
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

/// Sends batches, behind the SDK's batch processor, and records the outcomes in the queue.
#[derive(Debug)]
struct QueueExporter {
    transport: Transport,
    queue: Arc<SpanQueue>,
    max_batch_spans: usize,
}

impl QueueExporter {
    /// Sends a batch in one or more requests. Returns whether the destination accepted all of it.
    async fn deliver(&self, batch: Vec<SpanData>) -> bool {
        let mut is_complete = true;
        for (request, bytes) in Requests::new(batch) {
            let spans = request.len();
            let outcome = self.transport.send(request).await;
            is_complete &= outcome.is_ok();
            self.queue.settle(spans, bytes, outcome);
        }
        is_complete
    }
}

impl SpanExporter for QueueExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.queue.release_sdk_spans(batch.len());
        let mut is_complete = self.deliver(batch).await;
        // The spans that did not fit into the SDK's queue follow at once.
        while let Some(batch) = self.queue.take_overflow(self.max_batch_spans) {
            is_complete &= self.deliver(batch).await;
        }
        if is_complete {
            Ok(())
        } else {
            // The queue has the details, and has logged them.
            Err(OTelSdkError::InternalFailure("the destination did not accept all spans".to_owned()))
        }
    }
}

/// Splits a batch into requests of at most [`MAX_REQUEST_BYTES`], each with its size.
struct Requests {
    spans: std::iter::Peekable<std::vec::IntoIter<SpanData>>,
}

impl Requests {
    fn new(batch: Vec<SpanData>) -> Self {
        Self { spans: batch.into_iter().peekable() }
    }
}

impl Iterator for Requests {
    type Item = (Vec<SpanData>, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.spans.next()?;
        let mut bytes = span_bytes(&first);
        let mut request = vec![first];
        while let Some(next) = self.spans.next_if(|next| bytes + span_bytes(next) <= MAX_REQUEST_BYTES) {
            bytes += span_bytes(&next);
            request.push(next);
        }
        Some((request, bytes))
    }
}
