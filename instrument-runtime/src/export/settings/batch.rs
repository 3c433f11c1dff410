//! How spans wait, and how many go together: `OTEL_BSP_…`, and how much memory they may wait in.

use std::time::Duration;

use super::Overrides;
use crate::export::env_reader::Reader;

const MAX_QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const MAX_EXPORT_BATCH_SIZE: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
const SCHEDULE_DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
const EXPORT_TIMEOUT: &str = "OTEL_BSP_EXPORT_TIMEOUT";
const MAX_QUEUE_BYTES: &str = "PIPECAT_TRACE_MAX_QUEUE_BYTES";

/// Where the specification has 2,048, which a burst of 5,000 overflows.
const QUEUE_SPANS: usize = 65_536;
const QUEUE_BYTES: usize = 128 * 1024 * 1024;
const BATCH_SPANS: usize = 512;
/// Where the specification has 5 s: a turn should be seen when it is over.
const DELAY: Duration = Duration::from_secs(1);

/// What code has said of it.
#[derive(Debug, Clone, Default)]
pub(in crate::export) struct SaidBatch {
    pub(in crate::export) queue_spans: Option<usize>,
    pub(in crate::export) queue_bytes: Option<usize>,
    pub(in crate::export) request_spans: Option<usize>,
    pub(in crate::export) delay: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) struct Batch {
    /// How many spans wait, at most.
    pub(in crate::export) queue_spans: usize,
    /// How many bytes they hold, at most.
    pub(in crate::export) queue_bytes: usize,
    /// How many go in one request, at most.
    pub(in crate::export) request_spans: usize,
    /// How long a span waits for others, at most.
    pub(in crate::export) delay: Duration,
}

pub(super) fn read(said: &Overrides, reader: &mut Reader<'_>) -> Batch {
    let said = &said.batch;
    if reader.text(EXPORT_TIMEOUT).is_some() {
        reader
            .warn(EXPORT_TIMEOUT, "has no effect: set OTEL_EXPORTER_OTLP_TIMEOUT, which is for one request");
    }
    let mut number = |said: Option<usize>, variable, example, default| {
        said.filter(|number| *number > 0)
            .or_else(|| reader.number(variable, 1_usize, example))
            .unwrap_or(default)
    };
    let queue_spans = number(said.queue_spans, MAX_QUEUE_SIZE, "spans, as 65536", QUEUE_SPANS);
    let queue_bytes = number(said.queue_bytes, MAX_QUEUE_BYTES, "bytes, as 134217728", QUEUE_BYTES);
    let request_spans = number(said.request_spans, MAX_EXPORT_BATCH_SIZE, "spans, as 512", BATCH_SPANS);
    if request_spans > queue_spans {
        reader.warn(
            MAX_EXPORT_BATCH_SIZE,
            format!("is more than {MAX_QUEUE_SIZE}, and so counts as that: set it to less"),
        );
    }
    Batch {
        queue_spans,
        queue_bytes,
        request_spans: request_spans.min(queue_spans),
        delay: said.delay.or_else(|| reader.milliseconds(SCHEDULE_DELAY)).unwrap_or(DELAY),
    }
}
