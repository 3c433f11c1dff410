//! The declaration of a key.

use crate::emit::Conventions;

/// The declaration of a key: a row of `docs/attributes.md`.
///
/// ```
/// use pipecat_instrument_runtime::emit::Conventions;
/// use pipecat_instrument_runtime::emit::keys::{self, AttributeTarget, ValueKind};
///
/// let ttfb = keys::info("metrics.ttfb").ok_or("unknown key")?;
/// assert_eq!((ttfb.convention, ttfb.value), (Conventions::PIPECAT, ValueKind::Seconds));
/// assert_eq!(ttfb.targets, [AttributeTarget::Stt, AttributeTarget::Llm, AttributeTarget::Tts]);
///
/// let role = keys::info("llm.input_messages.3.message.role").ok_or("unknown key")?;
/// assert_eq!(role.key, "llm.input_messages.N.message.role");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The key. `N` and `M` stand for any number, `*` at the end for any name.
    pub key: &'static str,
    /// A description of the value.
    pub about: &'static str,
    /// The convention that writes it.
    pub convention: Conventions,
    /// The type and unit of the value.
    pub value: ValueKind,
    /// The spans and events that carry the attribute.
    pub targets: &'static [AttributeTarget],
    /// The frames that its value comes from.
    pub source: &'static str,
}

impl KeyInfo {
    /// Returns whether `key` is this key, or matches its placeholders.
    ///
    /// ```
    /// use pipecat_instrument_runtime::emit::keys;
    ///
    /// let tool = keys::info("llm.tools.0.tool.json_schema").ok_or("unknown key")?;
    /// assert!(tool.matches("llm.tools.12.tool.json_schema"));
    /// assert!(!tool.matches("llm.tools.first.tool.json_schema"));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn matches(&self, key: &str) -> bool {
        if let Some(prefix) = self.key.strip_suffix('*') {
            return key.strip_prefix(prefix).is_some_and(|name| !name.is_empty());
        }
        let (mut pattern, mut segments) = (self.key.split('.'), key.split('.'));
        loop {
            match (pattern.next(), segments.next()) {
                (None, None) => return true,
                (Some("N" | "M"), Some(number)) if number.parse::<usize>().is_ok() => {}
                (Some(expected), Some(segment)) if expected == segment => {}
                _ => return false,
            }
        }
    }
}

/// The type and unit of an attribute's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// A text.
    Text,
    /// A text that is JSON.
    Json,
    /// Several texts.
    Texts,
    /// `true` or `false`.
    Flag,
    /// An integer.
    Integer,
    /// A floating-point number.
    Number,
    /// A text, number or flag.
    Scalar,
    /// A number of tokens.
    Tokens,
    /// A number of characters.
    Characters,
    /// Samples per second.
    Hertz,
    /// Seconds, with fractions.
    Seconds,
    /// Milliseconds, with fractions.
    Milliseconds,
}

impl ValueKind {
    /// Returns the type of the attribute, as OpenTelemetry calls it.
    ///
    /// ```
    /// use pipecat_instrument_runtime::emit::keys::ValueKind;
    ///
    /// assert_eq!((ValueKind::Seconds.type_name(), ValueKind::Seconds.unit()), ("double", Some("s")));
    /// ```
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Json => "string (JSON)",
            Self::Texts => "string[]",
            Self::Flag => "boolean",
            Self::Integer | Self::Tokens | Self::Characters | Self::Hertz => "int",
            Self::Number | Self::Seconds | Self::Milliseconds => "double",
            Self::Scalar => "string, int, double or boolean",
        }
    }

    /// Returns the unit; `None` for values without one.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Tokens => Some("tokens"),
            Self::Characters => Some("characters"),
            Self::Hertz => Some("Hz"),
            Self::Seconds => Some("s"),
            Self::Milliseconds => Some("ms"),
            _ => None,
        }
    }
}

/// A kind of span or event that carries attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeTarget {
    /// The span of a conversation, in the layout that has one.
    Conversation,
    /// The span of a turn.
    Turn,
    /// The span of an utterance.
    Stt,
    /// The span of an LLM call.
    Llm,
    /// The span of a synthesis.
    Tts,
    /// The span of a tool call.
    Tool,
    /// The event `exception` of any span.
    Exception,
    /// The event `note` of a turn or a conversation.
    Note,
    /// The event `gen_ai.evaluation.result` of a turn or a conversation.
    Evaluation,
}

pub(super) const EVERY_SPAN: &[AttributeTarget] = &[
    AttributeTarget::Conversation,
    AttributeTarget::Turn,
    AttributeTarget::Stt,
    AttributeTarget::Llm,
    AttributeTarget::Tts,
    AttributeTarget::Tool,
];
pub(super) const TURN_AND_BELOW: &[AttributeTarget] = &[
    AttributeTarget::Turn,
    AttributeTarget::Stt,
    AttributeTarget::Llm,
    AttributeTarget::Tts,
    AttributeTarget::Tool,
];
pub(super) const SERVICES: &[AttributeTarget] =
    &[AttributeTarget::Stt, AttributeTarget::Llm, AttributeTarget::Tts];
pub(super) const SPEECH: &[AttributeTarget] = &[AttributeTarget::Stt, AttributeTarget::Tts];
pub(super) const RESPONSES: &[AttributeTarget] = &[AttributeTarget::Llm, AttributeTarget::Tts];
pub(super) const ROOTS: &[AttributeTarget] = &[AttributeTarget::Conversation, AttributeTarget::Turn];
pub(super) const CONVERSATION: &[AttributeTarget] = &[AttributeTarget::Conversation];
pub(super) const TURN: &[AttributeTarget] = &[AttributeTarget::Turn];
pub(super) const STT: &[AttributeTarget] = &[AttributeTarget::Stt];
pub(super) const LLM: &[AttributeTarget] = &[AttributeTarget::Llm];
pub(super) const TTS: &[AttributeTarget] = &[AttributeTarget::Tts];
pub(super) const TOOL: &[AttributeTarget] = &[AttributeTarget::Tool];
pub(super) const LLM_AND_TOOL: &[AttributeTarget] = &[AttributeTarget::Llm, AttributeTarget::Tool];
pub(super) const EXCEPTION: &[AttributeTarget] = &[AttributeTarget::Exception];
pub(super) const NOTE: &[AttributeTarget] = &[AttributeTarget::Note];
pub(super) const EVALUATION: &[AttributeTarget] = &[AttributeTarget::Evaluation];
