//! Converts finished records to OpenTelemetry spans and metrics.
//!
//! The [`Emitter`] of a conversation is the [`SpanSink`](crate::engine::record::SpanSink) of its engine. It starts an
//! OpenTelemetry span with each record, and writes the record's attributes when it ends, in one or several
//! [`Conventions`].
//!
//! | file | subject |
//! |---|---|
//! | `outbox`, `emitter` | starts and ends in order, emitted after the conversation is unlocked, or at once |
//! | `span_writer`, `open_span`, `conversation_span` | OpenTelemetry spans from start to end |
//! | `conversation_handle` | the open conversation of a span, for span processors |
//! | `annotations` | attributes, notes and scores that the application adds to a turn |
//! | `remote_parent` | the parent and links of root spans |
//! | `settings`, `preset` | layout, span names, conventions, and their presets for backends |
//! | `span_scope` | the conversation and turn of a span, and span names |
//! | `span_attributes` | the attributes of one span, in order of importance |
//! | `openinference`, `gen_ai`, `pipecat`, `langfuse`, `openobserve` | one file a convention |
//! | `service_attributes`, `messages`, `json` | values that several conventions write |
//! | `attributes` | a list of attributes: unique keys, no prefixes, limits on number and length |
//! | `metrics` | metrics over all conversations (feature `metrics`) |
//! | [`keys`] | every attribute key and metric, declared once |

mod annotations;
mod attributes;
mod conversation_handle;
mod conversation_span;
mod emitter;
mod gen_ai;
mod json;
pub mod keys;
mod langfuse;
mod messages;
#[cfg(feature = "metrics")]
mod metrics;
mod open_span;
mod openinference;
mod openobserve;
mod otel;
mod outbox;
mod pipecat;
mod preset;
mod record_processor;
mod remote_parent;
mod service_attributes;
mod settings;
mod span_attributes;
mod span_scope;
mod span_writer;
#[cfg(test)]
pub(crate) mod test_records;

pub use conversation_handle::ConversationHandle;
pub use emitter::Emitter;
#[cfg(feature = "metrics")]
pub use metrics::MetricsRecorder;
pub use otel::Tracers;
pub use outbox::dropped_spans;
pub use preset::Preset;
pub use record_processor::RecordProcessor;
pub use remote_parent::RemoteParent;
pub use settings::{Conventions, EmitSettings, SpanNaming, TraceLayout, UnknownNameError};
pub use span_scope::Session;

pub(crate) use annotations::Annotation;
pub(crate) use conversation_handle::OpenConversation;
pub(crate) use outbox::Outbox;
pub(crate) use remote_parent::identity_of;
