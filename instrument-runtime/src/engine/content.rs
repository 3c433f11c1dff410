//! Content: the texts and images of frames, their kinds, and the limits within which they are copied.
//!
//! A frame may hold megabytes that no span will carry. Content that would be hidden, truncated or left out later is not
//! copied in the first place:
//!
//! | content | is copied as |
//! |---|---|
//! | hidden by the [limits](ContentLimits) | [`REDACTED`] |
//! | an image in a `data:` URL that is too long | [`REDACTED`] |
//! | a text that is too long | its beginning and a [mark](super::truncate::truncate) |
//! | beyond [`MAX_CONTEXT_LENGTH`] in one context | a mark |

use std::borrow::Cow;

use super::frame::{ImageUrl, Message, MessageContent, MessagePart, ToolCall};
use super::truncate::{MAX_TEXT_LENGTH, is_longer, mark, mark_in_place_of, truncate, truncate_partial};

/// The text that replaces a hidden text.
///
/// ```
/// assert_eq!(pipecat_instrument_runtime::privacy::REDACTED, "__REDACTED__");
/// ```
pub const REDACTED: &str = "__REDACTED__";

/// Maximum length in bytes of the messages of one context together, and of its tools together. By default, a collector
/// refuses longer requests. The newest messages have precedence.
pub const MAX_CONTEXT_LENGTH: usize = 4 << 20;

/// Maximum length of a role, a name or an id in a context, in characters.
const MAX_NAME_LENGTH: usize = 4 << 10;

/// Maximum length of a `data:` URL in `OpenInference`, in characters.
pub const DEFAULT_DATA_URL_LENGTH: usize = 32_000;

/// Bytes of [`MAX_CONTEXT_LENGTH`] that a message, part or call takes besides its texts. They bound its number.
const OVERHEAD: usize = 64;

/// The kind of a text, as passed to a [redaction hook](crate::privacy::TraceConfig::redact_with).
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
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::UserText,
        Self::Instruction,
        Self::BotText,
        Self::ToolArguments,
        Self::ToolResult,
        Self::ToolDefinition,
        Self::ImageUrl,
        Self::Error,
    ];

    /// Returns the kind of the texts in a message of `role`. An unknown role counts as a user's.
    pub(crate) fn of_role(role: &str) -> Self {
        match role {
            "system" | "developer" => Self::Instruction,
            "assistant" | "model" => Self::BotText,
            "tool" | "function" => Self::ToolResult,
            _ => Self::UserText,
        }
    }
}

/// A set of [`ContentKind`]s.
///
/// ```
/// use pipecat_instrument_runtime::engine::content::{ContentKind, ContentKinds};
///
/// let hidden = ContentKinds::default().with(ContentKind::ImageUrl);
/// assert!(hidden.contains(ContentKind::ImageUrl) && !hidden.contains(ContentKind::UserText));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContentKinds(u8);

impl ContentKinds {
    /// Returns the set with `kind` added.
    #[must_use]
    pub const fn with(self, kind: ContentKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Returns whether the set contains `kind`.
    pub const fn contains(self, kind: ContentKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}

impl FromIterator<ContentKind> for ContentKinds {
    fn from_iter<I: IntoIterator<Item = ContentKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::default(), Self::with)
    }
}

/// The limits within which the content of frames is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentLimits {
    /// Length of a text in characters, at most [`MAX_TEXT_LENGTH`].
    pub text_length: usize,
    /// Length of the `data:` URL of an image, in characters.
    pub data_url_length: usize,
    /// The kinds that are hidden in requests to models. Tools are left out, the others redacted.
    pub hidden_in_requests: ContentKinds,
}

impl Default for ContentLimits {
    fn default() -> Self {
        Self {
            text_length: MAX_TEXT_LENGTH,
            data_url_length: DEFAULT_DATA_URL_LENGTH,
            hidden_in_requests: ContentKinds::default(),
        }
    }
}

impl ContentLimits {
    /// Returns the same limits, but with all texts shown and all images hidden.
    pub(crate) fn text_only(self) -> Self {
        Self { hidden_in_requests: ContentKinds::default().with(ContentKind::ImageUrl), ..self }
    }

    /// Returns `url`, or [`REDACTED`] if it is a `data:` URL that is too long.
    pub(crate) fn limit_url(self, url: &str) -> &str {
        let is_data = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        if is_data && is_longer(url, self.data_url_length) { REDACTED } else { url }
    }
}

/// The limits within which the request to a model is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// The number of attributes of its span.
    pub attributes: usize,
    /// The limits on messages and tools.
    pub content: ContentLimits,
}

/// Copies messages or tools of one context within limits. Copy the most important ones first.
///
/// ```
/// use pipecat_instrument_runtime::engine::content::{ContentCopier, ContentLimits};
/// use pipecat_instrument_runtime::engine::frame::Message;
///
/// let mut copier = ContentCopier::new(ContentLimits { text_length: 16, ..ContentLimits::default() });
/// let message = copier.message(&Message::text("user", "a very long sentence"));
/// assert_eq!(message, Message::text("user", "a ver… [15 more]"));
/// ```
#[derive(Debug)]
pub struct ContentCopier {
    limits: ContentLimits,
    /// The bytes left of [`MAX_CONTEXT_LENGTH`].
    left: usize,
}

impl ContentCopier {
    /// Creates a copier for the messages or the tools of a context.
    pub const fn new(limits: ContentLimits) -> Self {
        Self { limits, left: MAX_CONTEXT_LENGTH }
    }

    /// Creates a copier that copies everything.
    pub const fn unlimited() -> Self {
        let limits = ContentLimits {
            text_length: usize::MAX,
            data_url_length: usize::MAX,
            hidden_in_requests: ContentKinds(0),
        };
        Self { limits, left: usize::MAX }
    }

    /// Returns whether only marks are copied from now on. A few bytes that are left after a text that did not fit count
    /// as none, so that a copy of the copy is the same.
    pub const fn is_exhausted(&self) -> bool {
        self.left < OVERHEAD
    }

    /// Returns whether content of `kind` is replaced by [`REDACTED`].
    pub const fn hides(&self, kind: ContentKind) -> bool {
        self.limits.hidden_in_requests.contains(kind)
    }

    /// Begins the copy of a message of `role`.
    pub fn empty_message(&mut self, role: &str) -> Message {
        self.take(OVERHEAD);
        Message { role: self.name(role).into_owned(), ..Message::default() }
    }

    /// Copies a message.
    pub fn message(&mut self, message: &Message) -> Message {
        let role = &*message.role;
        let mut copied = self.empty_message(role);
        copied.content = match &message.content {
            MessageContent::None => MessageContent::None,
            MessageContent::Text(text) => MessageContent::Text(self.text(role, text).into_owned()),
            MessageContent::Parts(parts) => {
                MessageContent::Parts(self.parts(parts.iter(), |copier, part| copier.part(role, part)))
            }
        };
        copied.name = message.name.as_deref().map(|name| self.name(name).into_owned());
        copied.tool_call_id = message.tool_call_id.as_deref().map(|id| self.name(id).into_owned());
        copied.tool_calls = self.tool_calls(&message.tool_calls, |call, copier| ToolCall {
            id: copier.name(&call.id).into_owned(),
            name: copier.name(&call.name).into_owned(),
            arguments: copier.arguments(&call.arguments).into_owned(),
        });
        copied
    }

    fn part(&mut self, role: &str, part: &MessagePart) -> MessagePart {
        match part {
            MessagePart::Text(text) => MessagePart::Text(self.text(role, text).into_owned()),
            MessagePart::Image(url) => MessagePart::Image(ImageUrl(self.image_url(&url.0).into_owned())),
            MessagePart::Other(kind) => MessagePart::Other(self.name(kind).into_owned()),
        }
    }

    /// Copies the parts of a message, each with `copy`. A mark counts those beyond the limit.
    pub fn parts<P>(
        &mut self,
        parts: impl ExactSizeIterator<Item = P>,
        mut copy: impl FnMut(&mut Self, P) -> MessagePart,
    ) -> Vec<MessagePart> {
        let mut copied = Vec::new();
        let mut missing = parts.len();
        for part in parts {
            if self.is_exhausted() {
                copied.push(MessagePart::Text(mark(missing)));
                break;
            }
            missing -= 1;
            self.take(OVERHEAD);
            copied.push(copy(self, part));
        }
        copied
    }

    /// Copies the tool calls of a message, each with `copy`, as far as the limit allows.
    pub fn tool_calls<C>(
        &mut self,
        calls: impl IntoIterator<Item = C>,
        mut copy: impl FnMut(C, &mut Self) -> ToolCall,
    ) -> Vec<ToolCall> {
        let mut copied = Vec::new();
        for call in calls {
            if self.is_exhausted() {
                break;
            }
            self.take(OVERHEAD);
            copied.push(copy(call, self));
        }
        copied
    }

    /// Returns a text of a message of `role`, redacted or truncated if necessary.
    pub fn text<'text>(&mut self, role: &str, text: &'text str) -> Cow<'text, str> {
        self.content(ContentKind::of_role(role), text)
    }

    /// Returns a text of a message of `role` that `convert` creates, given the maximum length in characters.
    pub fn converted_text(&mut self, role: &str, convert: impl FnOnce(usize) -> String) -> String {
        self.converted(ContentKind::of_role(role), convert)
    }

    /// Returns the URL of an image, redacted or truncated if necessary.
    pub fn image_url<'text>(&mut self, url: &'text str) -> Cow<'text, str> {
        self.content(ContentKind::ImageUrl, self.limits.limit_url(url))
    }

    /// Returns the arguments of a tool call, which are JSON, redacted or truncated if necessary.
    pub fn arguments<'text>(&mut self, arguments: &'text str) -> Cow<'text, str> {
        self.content(ContentKind::ToolArguments, arguments)
    }

    /// Returns the arguments of a tool call that `convert` creates, given the maximum length in characters.
    pub fn converted_arguments(&mut self, convert: impl FnOnce(usize) -> String) -> String {
        self.converted(ContentKind::ToolArguments, convert)
    }

    /// Returns a tool, which is JSON, redacted or truncated if necessary.
    pub fn tool<'text>(&mut self, tool: &'text str) -> Cow<'text, str> {
        self.take(OVERHEAD);
        self.content(ContentKind::ToolDefinition, tool)
    }

    /// Returns a tool that `convert` creates, given the maximum length in characters.
    pub fn converted_tool(&mut self, convert: impl FnOnce(usize) -> String) -> String {
        self.take(OVERHEAD);
        self.converted(ContentKind::ToolDefinition, convert)
    }

    /// Returns a role, a name or an id, truncated if necessary. It is never hidden.
    pub fn name<'text>(&mut self, name: &'text str) -> Cow<'text, str> {
        let copied = truncate(name, MAX_NAME_LENGTH);
        self.take(copied.len());
        copied
    }

    fn content<'text>(&mut self, kind: ContentKind, text: &'text str) -> Cow<'text, str> {
        // White space is never hidden.
        if self.hides(kind) && !text.trim().is_empty() {
            return Cow::Borrowed(REDACTED);
        }
        self.bounded(text)
    }

    fn converted(&mut self, kind: ContentKind, convert: impl FnOnce(usize) -> String) -> String {
        if self.hides(kind) {
            return REDACTED.to_owned();
        }
        if self.is_exhausted() {
            return truncate_partial("", usize::MAX);
        }
        let copied = convert(self.available());
        self.take(copied.len());
        copied
    }

    fn bounded<'text>(&mut self, text: &'text str) -> Cow<'text, str> {
        if self.is_exhausted() && !text.is_empty() {
            return Cow::Owned(mark_in_place_of(text));
        }
        let copied = truncate(text, self.available());
        self.take(copied.len());
        copied
    }

    /// Returns the maximum length of the next text in characters.
    fn available(&self) -> usize {
        self.limits.text_length.min(self.left)
    }

    const fn take(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests;
