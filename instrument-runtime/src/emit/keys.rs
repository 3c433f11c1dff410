//! Attribute keys and metrics, each declared here and nowhere else.
//!
//! A key is declared with its description, its type of value, the spans that carry it, and the frames that its value comes
//! from. [`table`] returns all declarations, from which `docs/attributes.md` is generated. A test checks the keys of
//! `OpenInference`, which are constants of this crate, against [docs/spans.md][spans]; the keys that OpenTelemetry defines come
//! from `opentelemetry-semantic-conventions`.
//!
//! ```
//! use pipecat_instrument_runtime::emit::keys::{self, MessageField, MessageKeys, MessageList};
//!
//! assert_eq!(keys::LLM_MODEL_NAME, "llm.model_name");
//! let third = MessageKeys::new(MessageList::Input, 2);
//! assert_eq!(third.key(MessageField::PartText(0)), "llm.input_messages.2.message.contents.0.message_content.text");
//! ```
//!
//! [spans]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#openinference

use opentelemetry_semantic_conventions::attribute as otel;

/// Declares the keys of a convention, each with its documentation, its type of value, its targets and the frames that it
/// comes from; and the table of these declarations.
macro_rules! keys {
    ($convention:ident in $table:ident;
     $($(#[doc = $doc:literal])+ $name:ident = $key:expr => $value:ident, $targets:expr, $source:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $key;)+

        pub(super) const $table: &[KeyInfo] = &[$(KeyInfo {
            key: $name,
            about: concat!($($doc),+),
            convention: Conventions::$convention,
            value: ValueKind::$value,
            targets: $targets,
            source: $source,
        }),+];
    };
}

mod gen_ai;
mod key_info;
mod latency;
mod messages;
mod metrics;
mod openinference;
mod opt_in;

// Globs, as naming a hundred constants here would keep every list twice.
pub use gen_ai::*;
pub use metrics::*;
pub use openinference::*;
pub use opt_in::*;

pub use key_info::{AttributeTarget, KeyInfo, ValueKind};
pub use latency::{latency, latency_owner};
pub(super) use messages::LLM_TOOLS;
pub use messages::{MessageField, MessageKeys, MessageList, tool_schema};

/// The resource attribute that names the project in Phoenix or Arize.
pub const PROJECT_NAME: &str = "openinference.project.name";

/// The name of the event for a note of the application.
pub const NOTE_EVENT: &str = "note";
/// The name of the event for a score, as OpenTelemetry calls it.
pub const EVALUATION_EVENT: &str = "gen_ai.evaluation.result";

/// Returns every key, convention by convention.
///
/// ```
/// use pipecat_instrument_runtime::emit::keys;
///
/// let in_ms = keys::table().filter(|info| info.value.unit() == Some("ms")).map(|info| info.key);
/// assert_eq!(in_ms.collect::<Vec<_>>(), ["metrics.ttfb_ms", "ai.response.msToFirstChunk"]);
/// ```
pub fn table() -> impl Iterator<Item = &'static KeyInfo> {
    let tables = [
        openinference::TABLE,
        messages::TABLE,
        gen_ai::TABLE,
        opt_in::PIPECAT_TABLE,
        opt_in::SETTINGS_TABLE,
        opt_in::LANGFUSE_TABLE,
        opt_in::OPENOBSERVE_TABLE,
    ];
    tables.into_iter().flatten()
}

/// Returns the declaration of `key`; `None` if this crate does not write it.
pub fn info(key: &str) -> Option<&'static KeyInfo> {
    table().find(|info| info.matches(key))
}

#[cfg(test)]
mod tests;
