//! One conversation: hops of frames in, through the core, spans out.
//!
//! This is the only place with a lock, and there is one per conversation: pipelines share nothing on the way of a
//! frame. What a frame costs is decided early, by its kind:
//!
//! ```text
//!   on_push_frame(hop)
//!     ├─ frame log on?                       ──▶ a copy of the hop to the log's queue
//!     ├─ a kind that never matters           ──▶ done            no lock, no clock
//!     ├─ outgoing audio, nobody waits for it ──▶ counted         a few atomics
//!     ├─ a later hop of a frame seen lately  ──▶ done            one atomic load
//!     └─ anything else                       ──▶ lock: counted audio, deadlines that are due, the hop itself
//! ```
//!
//! A panic on this way, be it ours, an exporter's or that of a frame's own `view()`, stops here: it is counted, said
//! once, and ends the tracing of that conversation. The pipeline goes on.

mod audio_meter;
mod clock;
mod displaced;
mod done;
mod frame_log;
mod group;
mod handle;
mod in_conversation;
mod inside;
mod isolation;
mod log_choice;
#[cfg(loom)]
pub mod models;
mod operation;
mod options;
mod presence;
pub mod propagation;
mod recent;
mod running;
#[cfg(test)]
mod tests;
mod timer;
mod tracing_context;
mod watch;

pub use done::Ready;
pub use group::ObserverProvider;
pub use handle::Observer;
pub use in_conversation::AsTracingContext;
pub use isolation::caught_panics;
pub use log_choice::{FrameLogTarget, ToFrameLogTarget};
pub use options::{ObserveOptions, ToAttributes, ToConversationId};
pub use propagation::ToParentContext;
pub use tracing_context::TracingContext;

pub(crate) use displaced::displaced_by;
pub(crate) use isolation::{Panicked, isolate};
pub(crate) use operation::{OperationSpan, Whose};
pub(crate) use presence::anyone_present;
