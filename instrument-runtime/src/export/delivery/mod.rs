//! Delivery: counts every ended span once when it arrives, and once when it is exported, lost or dropped.
//!
//! ```text
//!  span ends ─▶ AdmissionProcessor ─▶ SpanQueue ─▶ BatchSpanProcessor ─▶ QueueExporter ─▶ Transport ─▶ backend
//!                      │                              (of the SDK)            │
//!                      ▼                                                      ▼
//!            dropped: the queue is full                     exported, or failed with an ExportError
//!            late: after the shutdown
//!
//!  received = queued + exported + failed + dropped + late
//! ```
//!
//! The SDK's batch processor returns `Ok` from a shutdown after a 401, and does not report how many spans it dropped.
//! Therefore the [`AdmissionProcessor`](pipeline::AdmissionProcessor) in front of it admits no more spans than fit, so that
//! the SDK never drops one, and the `QueueExporter` behind it records the outcome of every request.
//!
//! A policy for retries belongs in `QueueExporter::deliver`, which sees the outcome of each request before the queue
//! does. A spool belongs beside [`SpanQueue`](queue::SpanQueue), which knows the spans that it would drop and those left at
//! a shutdown.

mod export_error;
mod pipeline;
mod queue;
mod report;

pub use export_error::{ExportError, ResponseCode};
pub(super) use pipeline::ExportPipeline;
pub use report::{DeliveryError, DeliveryReport, DestinationReport, FailedSpans};
