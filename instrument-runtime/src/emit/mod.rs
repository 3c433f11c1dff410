//! From finished span records to OpenTelemetry spans.
//!
//! The [`Emitter`] of a conversation is where its core sends spans: it starts an OpenTelemetry span with each record
//! and writes down what the record tells when it ends, in the words of one or several [`Conventions`].
//!
//! | file | subject |
//! |---|---|
//! | `otel` | the OpenTelemetry spans of one conversation, and what the application says of them |
//! | `origin` | where a conversation came from: the parent of its spans, and what they link to |
//! | `span` | one record as the attributes of one span, in order of importance |
//! | `attributes` | their gathering: each key once, none the prefix of another, no more than fit |
//! | `openinference`, `gen_ai` | the words, one file a convention |
//! | `messages` | chat messages, and which of them fit |
//! | [`keys`] | every attribute key, spelled once |

mod abandoned;
mod attributes;
mod gen_ai;
mod json;
pub mod keys;
mod messages;
mod openinference;
mod origin;
mod otel;
#[cfg(test)]
pub(crate) mod samples;
mod service;
mod session;
mod settings;
mod span;
mod tracers;

pub use origin::Origin;
pub use otel::Emitter;
pub use session::Session;
pub use settings::{Conventions, EmitSettings};
pub use tracers::Tracers;

pub(crate) use origin::identity_of;
pub(crate) use otel::Note;
