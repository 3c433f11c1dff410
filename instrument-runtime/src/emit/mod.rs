//! From finished span records to OpenTelemetry spans.
//!
//! The [`Emitter`] of a conversation is where its core sends spans: it starts an OpenTelemetry span with each record
//! and writes down what the record tells when it ends, in the words of one or several [`Conventions`].
//!
//! | file | subject |
//! |---|---|
//! | `otel` | the OpenTelemetry spans of one conversation, and what the application says of them |
//! | `remote_parent` | where a conversation came from: the parent of its roots, and what they link to |
//! | `conversation` | the span of the whole conversation, in the [layout](TraceLayout) that has one |
//! | `span` | one record as the attributes of one span, in order of importance |
//! | `attributes` | their gathering: each key once, none the prefix of another, no more than fit |
//! | `openinference`, `gen_ai`, `pipecat`, `langfuse`, `openobserve` | the words, one file a convention |
//! | `names` | what spans are called |
//! | `cut` | values that are too long |
//! | `messages` | chat messages, and which of them fit |
//! | `metrics` | records as numbers, of all conversations together (feature `metrics`) |
//! | [`keys`] | every attribute key, spelled once |

mod attributes;
mod conventions;
mod conversation_span;
mod emitter;
mod gen_ai;
mod json;
pub mod keys;
mod langfuse;
mod layout;
mod messages;
#[cfg(feature = "metrics")]
mod metrics;
mod openinference;
mod openobserve;
mod parse_name;
mod pipecat;
mod preset;
mod record_processor;
mod remote_parent;
mod service_attributes;
mod session;
mod settings;
mod span_attributes;
mod span_names;
mod span_scope;
#[cfg(test)]
pub(crate) mod test_records;
mod tracers;
mod truncate;
mod unfinished_span;

pub use conventions::Conventions;
pub use emitter::Emitter;
pub use layout::TraceLayout;
#[cfg(feature = "metrics")]
pub use metrics::MetricsRecorder;
pub use parse_name::UnknownNameError;
pub use preset::Preset;
pub use record_processor::RecordProcessor;
pub use remote_parent::RemoteParent;
pub use session::Session;
pub use settings::EmitSettings;
pub use span_names::SpanNaming;
pub use tracers::Tracers;

pub(crate) use emitter::Annotation;
pub(crate) use remote_parent::identity_of;
