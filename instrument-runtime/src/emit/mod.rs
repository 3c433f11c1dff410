//! From finished span records to OpenTelemetry spans.

mod otel;
mod session;
mod settings;
mod tracers;

pub use otel::Emitter;
pub use session::Session;
pub use settings::{Conventions, EmitSettings};
pub use tracers::Tracers;
