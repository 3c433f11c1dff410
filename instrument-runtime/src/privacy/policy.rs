//! [`Privacy`]: redacts each text by its kind and placement.

use std::borrow::Cow;
use std::sync::Arc;

use super::config::{HideOption, HideOptions};
use super::redaction_hook::RedactionHook;
use super::{REDACTED, TraceConfig};
use crate::engine::frame::Json;
use crate::json::RawJson;

/// The limit of `OpenInference` for `data:` URLs, in characters.
const DEFAULT_BASE64_IMAGE_MAX_LENGTH: usize = 32_000;

/// The kind of a text, as passed to a [redaction hook](TraceConfig::redact_with).
///
/// ```
/// use std::borrow::Cow;
///
/// use pipecat_instrument_runtime::privacy::{ContentKind, TraceConfig};
///
/// let config = TraceConfig::default().redact_with(|kind, text| match kind {
///     ContentKind::UserText => Cow::Owned(text.replace(|c: char| c.is_ascii_digit(), "#")),
///     _ => Cow::Borrowed(text),
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentKind {
    /// Text that the user said or typed.
    UserText,
    /// An instruction for a model: a system or developer message, or a setting that stands for one.
    Instruction,
    /// Text that the bot said or was asked to say.
    BotText,
    /// The arguments of a tool call, as JSON.
    ToolArguments,
    /// The result of a tool call, as JSON or as the text of a message.
    ToolResult,
    /// A tool that a model may call, as JSON.
    ToolDefinition,
    /// The URL of an image, which may contain the image.
    ImageUrl,
    /// The message of an error.
    Error,
}

impl ContentKind {
    /// The kind of the texts in a message of `role`. An unknown role counts as a user's.
    pub(super) fn of_role(role: &str) -> Self {
        match role {
            "system" | "developer" => Self::Instruction,
            "assistant" | "model" => Self::BotText,
            "tool" | "function" => Self::ToolResult,
            _ => Self::UserText,
        }
    }

    /// Whether it is the text of a message, as opposed to its tool calls and images.
    const fn is_message_text(self) -> bool {
        match self {
            Self::UserText | Self::Instruction | Self::BotText | Self::ToolResult => true,
            Self::ToolArguments | Self::ToolDefinition | Self::ImageUrl | Self::Error => false,
        }
    }
}

/// The place of a text in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    /// The input of a span.
    Input,
    /// The output of a span.
    Output,
    /// A message in the request to a model.
    InputMessage,
    /// A message in the response of a model.
    OutputMessage,
    /// Anywhere else.
    Elsewhere,
}

/// The privacy settings of a process, ready to be applied. Cheap to clone.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Frame, Transcript};
/// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
///
/// let privacy = Privacy::new(TraceConfig::default().hide_inputs(true));
/// privacy.with_redacted_frame(&Frame::Transcription(Transcript::from("My PIN is 1234")), |frame| {
///     assert!(matches!(frame, Frame::Transcription(Transcript { text: "__REDACTED__", .. })));
/// });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privacy(pub(super) Arc<Rules>);

/// The settings with their defaults filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rules {
    hide: HideOptions,
    hook: Option<RedactionHook>,
    base64_image_max_length: usize,
    max_value_length: Option<usize>,
    /// Whether images are the only content that needs a check: true with default settings.
    pub(super) only_images: bool,
}

impl Privacy {
    /// Creates the policy for `config`, with defaults for options that are not set.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// assert_eq!(Privacy::new(TraceConfig::default()), Privacy::default());
    /// ```
    pub fn new(config: TraceConfig) -> Self {
        let TraceConfig { hide, base64_image_max_length, max_value_length, hook } = config;
        Self(Arc::new(Rules {
            only_images: hide.hides_nothing() && hook.is_none() && max_value_length.is_none(),
            hide,
            hook,
            base64_image_max_length: base64_image_max_length.unwrap_or(DEFAULT_BASE64_IMAGE_MAX_LENGTH),
            max_value_length,
        }))
    }

    /// Creates the policy from environment variables.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// assert_eq!(Privacy::from_env(), Privacy::new(TraceConfig::from_env()));
    /// ```
    pub fn from_env() -> Self {
        Self::new(TraceConfig::from_env())
    }

    /// Returns the maximum length of a value, in characters; `None` if unlimited.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::Privacy;
    ///
    /// assert_eq!(Privacy::default().max_value_length(), None);
    /// ```
    pub fn max_value_length(&self) -> Option<usize> {
        self.0.max_value_length
    }

    /// Returns `value`, truncated if it is longer than the maximum.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// let privacy = Privacy::new(TraceConfig::default().max_value_length(16));
    /// assert_eq!(privacy.truncate("a very long sentence"), "a ver… [15 more]");
    /// ```
    pub fn truncate<'text>(&self, value: &'text str) -> Cow<'text, str> {
        self.0.truncate(value)
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Self::new(TraceConfig::default())
    }
}

impl Rules {
    pub(super) fn hides(&self, option: HideOption) -> bool {
        self.hide.hides(option)
    }

    /// Whether all messages of requests are hidden.
    pub(super) fn hides_input_messages(&self) -> bool {
        self.hides(HideOption::Inputs) || self.hides(HideOption::InputMessages)
    }

    /// Whether all messages of responses are hidden.
    pub(super) fn hides_output_messages(&self) -> bool {
        self.hides(HideOption::Outputs) || self.hides(HideOption::OutputMessages)
    }

    /// Whether all tool definitions are hidden.
    pub(super) fn hides_tools(&self) -> bool {
        self.hides(HideOption::Inputs) || self.hides(HideOption::LlmTools)
    }

    pub(super) const fn has_hook(&self) -> bool {
        self.hook.is_some()
    }

    /// Whether content of `kind` is hidden at `placement`, either there or where the same content also appears.
    pub(super) fn is_hidden(&self, kind: ContentKind, placement: Placement) -> bool {
        let by_placement = match placement {
            Placement::Input => self.hides(HideOption::Inputs),
            Placement::Output => self.hides(HideOption::Outputs),
            Placement::InputMessage => {
                self.hides_input_messages() || (kind.is_message_text() && self.hides(HideOption::InputText))
            }
            Placement::OutputMessage => {
                self.hides_output_messages() || (kind.is_message_text() && self.hides(HideOption::OutputText))
            }
            Placement::Elsewhere => false,
        };
        let by_kind = match kind {
            ContentKind::UserText
            | ContentKind::Instruction
            | ContentKind::ToolArguments
            | ContentKind::ToolDefinition
            | ContentKind::ImageUrl => self.hides(HideOption::Inputs),
            ContentKind::BotText | ContentKind::ToolResult => self.hides(HideOption::Outputs),
            ContentKind::Error => false,
        };
        by_placement || by_kind
    }

    /// Redacts a text without limiting its length. White space is never hidden.
    pub(super) fn redact_text<'text>(
        &self,
        kind: ContentKind,
        placement: Placement,
        text: &'text str,
    ) -> Cow<'text, str> {
        if text.trim().is_empty() {
            Cow::Borrowed(text)
        } else if self.is_hidden(kind, placement) {
            Cow::Borrowed(REDACTED)
        } else {
            self.hook.as_ref().map_or(Cow::Borrowed(text), |hook| hook.redact(kind, text))
        }
    }

    /// Redacts a JSON text. The result is JSON, too.
    pub(super) fn redact_json<'text>(
        &self,
        kind: ContentKind,
        placement: Placement,
        json: &'text str,
    ) -> Cow<'text, str> {
        let text = self.redact_text(kind, placement, json);
        if text == json || text == REDACTED { text } else { Cow::Owned(RawJson(&text).to_text()) }
    }

    /// Redacts the URL of an image.
    pub(super) fn redact_image_url<'text>(&self, url: &'text str) -> Cow<'text, str> {
        let is_data = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        let max_length = self.base64_image_max_length.min(self.max_value_length.unwrap_or(usize::MAX));
        // There are never more characters than bytes, and bytes need no counting.
        if is_data && url.len() > max_length && url.chars().count() > max_length {
            return Cow::Borrowed(REDACTED);
        }
        self.redact_text(ContentKind::ImageUrl, Placement::InputMessage, url)
    }

    /// Redacts the message of an error.
    pub(super) fn redact_error<'text>(&self, message: &'text str) -> Cow<'text, str> {
        self.redact_text(ContentKind::Error, Placement::Elsewhere, message)
    }

    pub(super) fn truncate<'text>(&self, text: &'text str) -> Cow<'text, str> {
        self.max_value_length.map_or(Cow::Borrowed(text), |max_length| truncate(text, max_length))
    }
}

/// Replaces `text` with the result of `rule`.
pub(super) fn apply(text: &mut String, rule: impl FnOnce(&str) -> Cow<'_, str>) {
    let redacted = rule(text);
    if redacted != text.as_str() {
        *text = redacted.into_owned();
    }
}

/// Truncates `text` to `max_length` characters. The last ones say how many are missing, if that fits.
fn truncate(text: &str, max_length: usize) -> Cow<'_, str> {
    // There are never more characters than bytes, and bytes need no counting.
    if text.len() <= max_length {
        return Cow::Borrowed(text);
    }
    let length = text.chars().count();
    if length <= max_length {
        return Cow::Borrowed(text);
    }
    // The number of missing characters has at most as many digits as the number of all.
    let longest_mark = mark(length).chars().count();
    match max_length.checked_sub(longest_mark) {
        Some(kept) => Cow::Owned(format!("{}{}", prefix(text, kept), mark(length - kept))),
        None => Cow::Borrowed(prefix(text, max_length)),
    }
}

fn mark(missing: usize) -> String {
    format!("… [{missing} more]")
}

/// Returns the first `length` characters of `text`.
fn prefix(text: &str, length: usize) -> &str {
    let end = text.char_indices().nth(length).map_or(text.len(), |(index, _)| index);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::truncate;

    #[test]
    fn the_mark_says_how_many_characters_are_missing() {
        assert_eq!(truncate("Grüße aus Köln, und bis bald", 20), "Grüße aus… [19 more]");
        assert_eq!(truncate("Grüße aus Köln", 14), "Grüße aus Köln");
        assert_eq!(truncate("日本語日本語日本語日本語日本語", 12), "日… [14 more]");
    }

    #[test]
    fn a_text_too_short_for_the_mark_is_truncated_without_it() {
        assert_eq!(truncate("Grüße aus Köln", 4), "Grüß");
        assert_eq!(truncate("Grüße", 0), "");
    }

    proptest! {
        #[test]
        fn truncating_keeps_to_the_length_and_is_idempotent(text in ".{0,60}", max_length in 0..60_usize) {
            let once = truncate(&text, max_length);
            prop_assert!(once.chars().count() <= max_length);
            prop_assert_eq!(truncate(&once, max_length), &*once);
        }
    }
}
