//! Observes one conversation: hops of frames in, through the engine, spans out.
//!
//! This is the only layer with a lock and a clock. There is one lock per conversation, so pipelines share nothing on the
//! way of a frame. The kind of a frame decides early what its hops cost:
//!
//! ```text
//!   on_push_frame(hop)
//!     ├─ frame log on?                               ──▶ a copy of the hop to the log's queue
//!     ├─ a kind that is not traced                   ──▶ done            no lock, no clock
//!     ├─ a later hop of a frame seen recently        ──▶ done            one atomic load
//!     ├─ outgoing audio that nothing waits for       ──▶ counted         a few atomics
//!     └─ any other hop                               ──▶ lock: counted audio, due timeouts, the hop itself
//! ```
//!
//! To read it, follow a hop through `handle`, `observed_conversation`, `recent_ids` and `audio_meter`.
//!
//! A panic on this way stops here, whether it comes from this crate, an exporter or the `view()` of a frame: it is counted,
//! logged once, and ends the tracing of that conversation. The pipeline goes on.

mod audio_meter;
mod catch_panic;
mod clock;
mod conversions;
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

pub use catch_panic::caught_panics;
pub use conversions::{
    AsTracingContext, FrameLogTarget, ToAttributes, ToConversationId, ToFrameLogTarget, ToParentContext,
};
pub use handle::{Observer, Ready};
pub use observer_provider::ObserverProvider;
pub use options::ObserveOptions;
pub use tracing_context::TracingContext;

pub(crate) use catch_panic::{PanicMessage, catch_panic, panic_message};
pub(crate) use conversions::forward_conversion;
pub(crate) use observer_provider::is_anything_observed;
pub(crate) use operation_span::{OperationSpan, OperationSpec};
