//! What is known of a key besides its spelling.

use crate::emit::Conventions;

/// What is known of a key: a row of `docs/attributes.md`.
///
/// ```
/// use pipecat_instrument_runtime::emit::Conventions;
/// use pipecat_instrument_runtime::emit::keys::{self, AttributeTarget, ValueKind};
///
/// let ttfb = keys::info("metrics.ttfb").ok_or("an unknown key")?;
/// assert_eq!((ttfb.convention, ttfb.value), (Conventions::PIPECAT, ValueKind::Seconds));
/// assert_eq!(ttfb.targets, [AttributeTarget::Stt, AttributeTarget::Llm, AttributeTarget::Tts]);
///
/// let role = keys::info("llm.input_messages.3.message.role").ok_or("an unknown key")?;
/// assert_eq!(role.key, "llm.input_messages.N.message.role");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The key. `N` and `M` in it stand for any number, `*` at its end for any name.
    pub key: &'static str,
    /// What its value tells.
    pub about: &'static str,
    /// The convention that writes it.
    pub convention: Conventions,
    /// What kind of value it has.
    pub value: ValueKind,
    /// What it stands on.
    pub targets: &'static [AttributeTarget],
    /// The frames that its value comes from.
    pub source: &'static str,
}

impl KeyInfo {
    /// Whether `key` is this one, or one of those that it stands for.
    ///
    /// ```
    /// use pipecat_instrument_runtime::emit::keys;
    ///
    /// let tool = keys::info("llm.tools.0.tool.json_schema").ok_or("an unknown key")?;
    /// assert!(tool.stands_for("llm.tools.12.tool.json_schema"));
    /// assert!(!tool.stands_for("llm.tools.first.tool.json_schema"));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn stands_for(&self, key: &str) -> bool {
        if let Some(beginning) = self.key.strip_suffix('*') {
            return key.strip_prefix(beginning).is_some_and(|name| !name.is_empty());
        }
        let (mut ours, mut theirs) = (self.key.split('.'), key.split('.'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some("N" | "M"), Some(number)) if number.parse::<usize>().is_ok() => {}
                (Some(our), Some(their)) if our == their => {}
                _ => return false,
            }
        }
    }
}

/// What kind of value an attribute has.
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
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A text, a number or a flag, as the service's setting is.
    Scalar,
    /// A number of tokens.
    Tokens,
    /// A number of characters.
    Characters,
    /// Samples a second.
    Hertz,
    /// Seconds, with their fraction.
    Seconds,
    /// Milliseconds, with their fraction.
    Milliseconds,
}

impl ValueKind {
    /// The type of the attribute, as OpenTelemetry calls it.
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

    /// What it is counted in; `None` for what is not counted.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Tokens => Some("tokens"),
            Self::Characters => Some("characters"),
            Self::Hertz => Some("Hz"),
            Self::Seconds => Some("s"),
            Self::Milliseconds => Some("ms"),
            Self::Text
            | Self::Json
            | Self::Texts
            | Self::Flag
            | Self::Integer
            | Self::Number
            | Self::Scalar => None,
        }
    }
}

/// What an attribute stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeTarget {
    /// The span of a conversation, in the layout that has one.
    Conversation,
    /// The span of a turn.
    Turn,
    /// The span of an utterance.
    Stt,
    /// The span of an invocation of a language model.
    Llm,
    /// The span of a reply that is spoken.
    Tts,
    /// The span of a function call.
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
pub(super) const WITHIN: &[AttributeTarget] = &[
    AttributeTarget::Turn,
    AttributeTarget::Stt,
    AttributeTarget::Llm,
    AttributeTarget::Tts,
    AttributeTarget::Tool,
];
pub(super) const SERVICES: &[AttributeTarget] =
    &[AttributeTarget::Stt, AttributeTarget::Llm, AttributeTarget::Tts];
pub(super) const SPEECH: &[AttributeTarget] = &[AttributeTarget::Stt, AttributeTarget::Tts];
pub(super) const ANSWERS: &[AttributeTarget] = &[AttributeTarget::Llm, AttributeTarget::Tts];
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
