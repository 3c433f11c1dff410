//! From finished span records to OpenTelemetry spans.
//!
//! The [`Emitter`] of a conversation is where its core sends spans: it starts an OpenTelemetry span with each record
//! and writes down what the record tells when it ends, in the words of one or several [`Conventions`].
//!
//! | file | subject |
//! |---|---|
//! | `otel` | the OpenTelemetry spans of one conversation, and what the application says of them |
//! | `origin` | where a conversation came from: the parent of its roots, and what they link to |
//! | `conversation` | the span of the whole conversation, in the [layout](TraceLayout) that has one |
//! | `span` | one record as the attributes of one span, in order of importance |
//! | `attributes` | their gathering: each key once, none the prefix of another, no more than fit |
//! | `openinference`, `gen_ai`, `pipecat`, `langfuse`, `openobserve` | the words, one file a convention |
//! | `names` | what spans are called |
//! | `cut` | values that are too long |
//! | `messages` | chat messages, and which of them fit |
//! | `metrics` | records as numbers, of all conversations together (feature `metrics`) |
//! | [`keys`] | every attribute key, spelled once |

mod abandoned;
mod attributes;
mod choice;
mod conventions;
mod conversation;
mod cut;
mod gen_ai;
mod json;
pub mod keys;
mod langfuse;
mod layout;
mod measure;
mod messages;
#[cfg(feature = "metrics")]
mod metrics;
mod names;
mod openinference;
mod openobserve;
mod origin;
mod otel;
mod pipecat;
mod place;
mod preset;
#[cfg(test)]
pub(crate) mod samples;
mod service;
mod session;
mod settings;
mod span;
mod tracers;

pub use choice::UnknownNameError;
pub use conventions::Conventions;
pub use layout::TraceLayout;
pub use measure::Measure;
#[cfg(feature = "metrics")]
pub use metrics::MetricsRecorder;
pub use names::SpanNaming;
pub use origin::Origin;
pub use otel::Emitter;
pub use preset::Preset;
pub use session::Session;
pub use settings::EmitSettings;
pub use tracers::Tracers;

pub(crate) use origin::identity_of;
pub(crate) use otel::Note;
