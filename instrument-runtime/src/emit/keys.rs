//! Every attribute key that is written or read, spelled here and nowhere else, with what there is to know of it.
//!
//! One file a convention, as the words themselves. `OpenInference`'s keys are constants of this crate, held against its
//! contract by a test; what OpenTelemetry itself defines takes its spelling from
//! `opentelemetry-semantic-conventions`. [`table`] is all of it as data; `docs/attributes.md` is made from that.
//!
//! ```
//! use pipecat_instrument_runtime::emit::keys::{self, MessageField, MessageKeys, MessageList};
//!
//! assert_eq!(keys::LLM_MODEL_NAME, "llm.model_name");
//! let third = MessageKeys::new(MessageList::Input, 2);
//! assert_eq!(third.key(MessageField::PartText(0)), "llm.input_messages.2.message.contents.0.message_content.text");
//! ```

use opentelemetry_semantic_conventions::attribute as otel;

/// Declares the keys of a convention, each with its documentation, its kind of value, what it stands on and the
/// frames that it comes from; and `TABLE`, which holds all of that.
macro_rules! keys {
    ($convention:ident;
     $($(#[doc = $doc:literal])+ $name:ident = $key:expr => $value:ident, $targets:expr, $source:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $key;)+

        pub(super) const TABLE: &[KeyInfo] = &[$(KeyInfo {
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
mod langfuse;
mod messages;
mod metrics;
mod openinference;
mod openobserve;
mod pipecat;

// Lists of constants by the hundred: to name each here would be to keep every list twice.
pub use gen_ai::*;
pub use langfuse::*;
pub use metrics::*;
pub use openinference::*;
pub use openobserve::*;
pub use pipecat::*;

pub use key_info::{AttributeTarget, KeyInfo, ValueKind};
pub(super) use messages::LLM_TOOLS;
pub use messages::{MessageField, MessageKeys, MessageList, tool_schema};

/// The attribute of a resource that says which project of Phoenix or Arize its spans belong to.
pub const PROJECT_NAME: &str = "openinference.project.name";

/// The event that is a remark of the application's.
pub const NOTE_EVENT: &str = "note";
/// The event that is a judgement of how well it went, as OpenTelemetry calls it.
pub const EVALUATION_EVENT: &str = "gen_ai.evaluation.result";

/// Every key, convention by convention.
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
        pipecat::TABLE,
        pipecat::SETTINGS_TABLE,
        langfuse::TABLE,
        openobserve::TABLE,
    ];
    tables.into_iter().flatten()
}

/// What is known of `key`; `None` for one that is not written here.
pub fn info(key: &str) -> Option<&'static KeyInfo> {
    table().find(|info| info.stands_for(key))
}

#[cfg(test)]
mod tests;
