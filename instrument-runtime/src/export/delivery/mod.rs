//! Delivery: counts every span once when it ends, and once when it has an outcome.
//!
//! ```text
//!  span ends ─▶ QueueProcessor ─▶ SharedDelivery ─▶ Worker ─▶ Transport ─▶ backend
//!                                  │    ▲              │
//!                                  │    └── failed, but may succeed later: sent again after a backoff
//!                                  ▼                   ▼
//!              dropped: the queue is full      exported, or failed with an ExportError
//!              late: after the shutdown
//!
//!  received = queued + exported + failed + dropped + late + spooled
//! ```
//!
//! [`DeliveryState`](state::DeliveryState) decides everything and is a state machine without clock, locks or I/O.
//! [`SharedDelivery`](shared::SharedDelivery) puts it behind a lock that is held for the time that it takes to move spans, never
//! while something is sent. A thread of its own, the [`Worker`](worker::Worker), sends.
//!
//! With a [spool](super::spool), the [`Spooler`](spooler::Spooler) writes the spans that exceed the queue's limits, and
//! those that a shutdown has not sent. The worker sends spooled requests while nothing else is due.
//!
//! The SDK's batch processor is not used: it drops the newest spans instead of the oldest and does not say how many, it drops a
//! batch that failed, and it returns `Ok` from a shutdown after a 401.

mod backoff;
mod export_error;
mod outcomes;
mod pipeline;
mod queue;
mod report;
mod shared;
mod span_size;
mod spool_schedule;
mod spooler;
mod state;
mod worker;

pub use export_error::{ExportError, ResponseCode};
pub(super) use pipeline::ExportPipeline;
pub use report::{DeliveryError, DeliveryReport, DestinationReport, FailedSpans};
