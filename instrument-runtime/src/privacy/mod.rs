//! Hides content: settings and their application to spans and frame logs.
//!
//! See [Privacy] in `docs/spans.md` for the contract.
//!
//! ```text
//!   SpanRecord ──▶ redact_record       ──▶ conventions ──▶ span
//!   Frame      ──▶ with_redacted_frame ──▶ frame log
//! ```
//!
//! Records are redacted before any convention reads them, so hidden text is hidden under every attribute key. The
//! settings are the variables of `OpenInference`, or [`TraceConfig`] in code. Code wins over the environment, the
//! environment over the defaults. Every variable begins with `OPENINFERENCE_`.
//!
//! | option | hides |
//! |---|---|
//! | `HIDE_INPUTS` | span inputs and whatever repeats them: text that the user said or typed, instructions, messages and tools of requests (dropped), arguments of tool calls, the input of TTS |
//! | `HIDE_OUTPUTS` | span outputs and whatever repeats them: text that the bot said, also in the messages of later requests and as the input of TTS; results of tools and the errors in them; response messages (dropped) |
//! | `HIDE_INPUT_MESSAGES`, `HIDE_OUTPUT_MESSAGES` | those messages (dropped) |
//! | `HIDE_INPUT_TEXT`, `HIDE_OUTPUT_TEXT` | the texts in those messages |
//! | `HIDE_INPUT_IMAGES` | images in messages (dropped) |
//! | `BASE64_IMAGE_MAX_LENGTH` | `data:` URLs of more characters than this number; default 32,000 |
//! | `HIDE_LLM_INVOCATION_PARAMETERS` | the settings of models, under every key (dropped) |
//! | `HIDE_LLM_TOOLS` | the tools of requests (dropped) |
//! | `HIDE_PROMPTS`, `HIDE_CHOICES`, `HIDE_EMBEDDINGS_VECTORS`, `HIDE_EMBEDDINGS_TEXT`, `HIDE_RETRIEVAL_DOCUMENTS` | nothing, as such content is never written here; only the variables exist |
//!
//! Content that is not dropped is replaced by [`REDACTED`]. A redacted value has no MIME type.
//!
//! Details that `OpenInference` leaves open:
//!
//! - A transcript is user input everywhere, so `HIDE_INPUTS` also hides it as the output of its STT span. `HIDE_OUTPUTS`
//!   hides that output only, and leaves the same text where it is input.
//! - Error messages are not content and stay, except the message in a tool's result, which is hidden with results. Hooks
//!   get both.
//! - Names and ids are not content: tools, services, models, voices, calls, users, conversations.
//! - Attributes, annotations and scores that the program sets, including `metadata`, stay.
//! - Metrics contain no text, except error types that are one word.
//! - Counts stay: messages, tokens, characters.
//!
//! The frame log contains no more than spans may. It keeps its structure for replay: it redacts what a span drops, except
//! tools, settings and images, which it drops, too. With a [hook](TraceConfig::redact_with), chunks of streams are
//! redacted in the log, because a hook would miss a number that spans two chunks.
//!
//! [Privacy]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#privacy

mod config;
mod policy;
mod redact_frame;
mod redact_record;
mod redaction_hook;
#[cfg(test)]
mod tests;

pub use crate::engine::content::{ContentKind, REDACTED};
pub use config::TraceConfig;
pub use policy::Privacy;
pub(crate) use redaction_hook::caught_panics;
