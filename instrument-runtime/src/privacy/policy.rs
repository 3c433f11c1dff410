//! [`Privacy`]: redacts each text by its kind and placement.

use std::borrow::Cow;
use std::sync::Arc;

use super::TraceConfig;
use super::config::{HideOption, HideOptions};
use super::redaction_hook::RedactionHook;
use crate::engine::content::{ContentKind, ContentLimits, DEFAULT_DATA_URL_LENGTH, REDACTED};
use crate::engine::frame::Json;
use crate::engine::truncate::{MAX_TEXT_LENGTH, is_truncated, truncate};
use crate::json::RawJson;

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
            base64_image_max_length: base64_image_max_length.unwrap_or(DEFAULT_DATA_URL_LENGTH),
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

    /// Returns the limits within which content is copied from frames. They hide and cut only content that neither spans
    /// nor frame logs may contain.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{ContentKind, Privacy, TraceConfig};
    ///
    /// let limits = Privacy::new(TraceConfig::default().hide_input_images(true)).content_limits();
    /// assert!(limits.hidden_in_requests.contains(ContentKind::ImageUrl));
    /// ```
    pub fn content_limits(&self) -> ContentLimits {
        let rules = &*self.0;
        let is_hidden = |kind| match kind {
            ContentKind::ToolDefinition => rules.hides_tools(),
            ContentKind::ImageUrl if rules.hides(HideOption::InputImages) => true,
            kind => rules.is_hidden(kind, Placement::InputMessage),
        };
        ContentLimits {
            text_length: rules.copied_length(),
            data_url_length: rules.max_data_url_length(),
            hidden_in_requests: ContentKind::ALL.into_iter().filter(|kind| is_hidden(*kind)).collect(),
        }
    }

    /// Returns whether texts are passed to a redaction hook, which may be slow.
    pub(crate) fn has_hook(&self) -> bool {
        self.0.has_hook()
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
                self.hides_input_messages() || (is_message_text(kind) && self.hides(HideOption::InputText))
            }
            Placement::OutputMessage => {
                self.hides_output_messages() || (is_message_text(kind) && self.hides(HideOption::OutputText))
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

    /// Returns the length to which a text is copied, in characters. A hook must see all of a text, or it would miss content
    /// at the end.
    pub(super) fn copied_length(&self) -> usize {
        if self.has_hook() { MAX_TEXT_LENGTH } else { self.logged_length() }
    }

    /// Returns the length to which a text is truncated for the frame log, in characters.
    pub(super) fn logged_length(&self) -> usize {
        self.max_value_length.map_or(MAX_TEXT_LENGTH, |length| length.min(MAX_TEXT_LENGTH))
    }

    fn max_data_url_length(&self) -> usize {
        self.base64_image_max_length.min(self.max_value_length.unwrap_or(usize::MAX))
    }

    /// Redacts a text without limiting its length. White space is never hidden. A text that was truncated when it was
    /// copied is not passed to a hook, which could miss content at its end.
    pub(super) fn redact_text<'text>(
        &self,
        kind: ContentKind,
        placement: Placement,
        text: &'text str,
    ) -> Cow<'text, str> {
        if text.trim().is_empty() || text == REDACTED {
            return Cow::Borrowed(text);
        }
        if self.is_hidden(kind, placement) {
            return Cow::Borrowed(REDACTED);
        }
        match &self.hook {
            None => Cow::Borrowed(text),
            Some(_) if is_truncated(text) => Cow::Borrowed(REDACTED),
            Some(hook) => hook.redact(kind, text),
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
        let limits =
            ContentLimits { data_url_length: self.max_data_url_length(), ..ContentLimits::default() };
        let url = limits.limit_url(url);
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

/// Whether `kind` is the text of a message, as opposed to its tool calls and images.
const fn is_message_text(kind: ContentKind) -> bool {
    match kind {
        ContentKind::UserText | ContentKind::Instruction | ContentKind::BotText | ContentKind::ToolResult => {
            true
        }
        ContentKind::ToolArguments
        | ContentKind::ToolDefinition
        | ContentKind::ImageUrl
        | ContentKind::Error => false,
    }
}

/// Replaces `text` with the result of `rule`.
pub(super) fn apply(text: &mut String, rule: impl FnOnce(&str) -> Cow<'_, str>) {
    let redacted = rule(text);
    if redacted != text.as_str() {
        *text = redacted.into_owned();
    }
}
