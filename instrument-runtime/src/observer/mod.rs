//! Observes one conversation: passes hops to the engine, and emits its spans.
//!
//! This is the only layer with a lock and a clock. Each conversation has its own lock, so pipelines do not contend. The
//! kind of a frame determines the cost of its hops early:
//!
//! ```text
//!   on_push_frame(hop)
//!     ├─ frame log on?                               ──▶ a copy of the hop to the log's queue
//!     ├─ a kind that is not traced                   ──▶ done            no lock, no clock
//!     ├─ a later hop of a frame seen recently        ──▶ done            one atomic load
//!     ├─ outgoing audio that nothing waits for       ──▶ counted         a few atomics
//!     └─ any other hop                               ──▶ read what the program provides; lock; counted audio,
//!                                                        due timeouts, the hop itself; unlock; emit spans
//! ```
//!
//! To read this module, follow a hop through `handle`, `observed_conversation`, `recent_ids` and `audio_meter`.
//!
//! This layer catches panics of this crate and of the `view()` of a frame. It counts a panic, logs it once, and ends the
//! tracing of that conversation. The pipeline continues. (A panic in a span processor or an exporter loses one span.)

mod audio_meter;
mod clock;
mod conversions;
mod detached_hop;
mod emission_thread;
mod handle;
#[cfg(loom)]
pub mod loom;
mod observed_conversation;
mod observer_provider;
mod operation_span;
mod options;
pub mod propagation;
mod recent_ids;
#[cfg(test)]
mod tests;
mod timer;
mod tracing_context;

pub use crate::catch_panic::caught_panics;
pub use conversions::{
    AsTracingContext, FrameLogTarget, ToAttributes, ToConversationId, ToFrameLogTarget, ToParentContext,
};
pub use handle::{Observer, Ready};
pub use observer_provider::ObserverProvider;
pub use options::{Emission, ObserveOptions, Timer};
pub use tracing_context::TracingContext;

pub(crate) use conversions::forward_conversion;
pub(crate) use observer_provider::is_anything_observed;
pub(crate) use operation_span::{OperationSpan, OperationSpec};
