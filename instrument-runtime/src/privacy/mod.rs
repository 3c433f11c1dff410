//! What may leave: the settings that hide content, and where they are obeyed.
//!
//! ```text
//!   core ──SpanRecord──▶ release ──SpanRecord that may leave──▶ every convention ──▶ span
//!   hop  ──Frame───────▶ show    ──Frame that may be written──▶ frame log
//! ```
//!
//! Records are cleaned before any convention sees them, so that a convention cannot forget to: whatever it calls a
//! text, the text is gone. `OpenInference`'s variables decide, or the same by code ([`TraceConfig`]): code wins over
//! environment, environment over default. Every variable begins with `OPENINFERENCE_`.
//!
//! | option | what it hides |
//! |---|---|
//! | `HIDE_INPUTS` | what a span has as input, and whatever repeats it: what the user said or typed, instructions, messages and tools of a request (dropped), arguments of function calls, what TTS was asked to say |
//! | `HIDE_OUTPUTS` | what a span has as output, and whatever repeats it: what the bot said, also in the messages of later requests and as the input of TTS; results of tools, and the errors that they tell; the model's answer as a message (dropped) |
//! | `HIDE_INPUT_MESSAGES`, `HIDE_OUTPUT_MESSAGES` | those messages (dropped) |
//! | `HIDE_INPUT_TEXT`, `HIDE_OUTPUT_TEXT` | the texts in those messages |
//! | `HIDE_INPUT_IMAGES` | pictures in messages (dropped) |
//! | `BASE64_IMAGE_MAX_LENGTH` | not a switch: `data:` URLs of more characters than this, 32,000 by default |
//! | `HIDE_LLM_INVOCATION_PARAMETERS` | the settings of a model, under every name (dropped) |
//! | `HIDE_LLM_TOOLS` | the tools of a request (dropped) |
//! | `HIDE_PROMPTS`, `HIDE_CHOICES`, `HIDE_EMBEDDINGS_VECTORS`, `HIDE_EMBEDDINGS_TEXT`, `HIDE_RETRIEVAL_DOCUMENTS` | nothing: such keys are never written here |
//!
//! What is not dropped becomes [`REDACTED`]. A value that is redacted has no MIME type.
//!
//! Decided where the settings leave room:
//!
//! - A transcript is the user's input wherever it stands, so `HIDE_INPUTS` hides it also as the output of its STT span.
//!   `HIDE_OUTPUTS` hides that output, and leaves the same words where they are input.
//! - An error message is no content, and stays; the message that a tool's *result* tells is, and goes with the results.
//!   A hook of one's own is shown both.
//! - Names are no content: of tools, services, models, voices; ids of calls, users and conversations.
//! - Attributes, notes and scores that a program gives, `metadata` among them, are its own to choose: they stay.
//! - Metrics bear no text. Of errors they tell the type, where that is a word.
//! - Counts stay: of messages, tokens, characters.
//!
//! The frame log holds no more than a span may. It keeps its structure, so that it can be replayed: what a span drops,
//! it redacts, but for tools, settings and pictures. Where a [hook](TraceConfig::redact_with) is set, pieces of a
//! stream are redacted in the log: a number that the hook would find in the whole text may be cut in two by them.

mod config;
mod content;
mod cut;
mod environment;
mod frame;
mod hidden;
mod hook;
mod message;
mod options;
mod policy;
mod processor;
mod span;
#[cfg(test)]
mod tests;

pub use config::TraceConfig;
pub use content::ContentKind;
pub(crate) use hook::caught_panics;
pub use policy::Privacy;

/// What stands where a text was hidden.
///
/// ```
/// assert_eq!(pipecat_instrument_runtime::privacy::REDACTED, "__REDACTED__");
/// ```
pub const REDACTED: &str = "__REDACTED__";
