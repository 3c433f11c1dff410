//! Kinds of content, and what hides them where.

use super::hidden::{Decisions, Topic};

/// What a text is: what a [redaction hook](super::TraceConfig::redact_with) is told of it.
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
    /// What the user said or typed.
    UserText,
    /// An instruction for a model: a message of the system or a developer, or a setting that stands for one.
    Instruction,
    /// What the bot said, or was asked to say.
    BotText,
    /// The arguments of a function call, as JSON.
    ToolArguments,
    /// The result of a function call, as JSON, or as the text of a message.
    ToolResult,
    /// A tool that a model may call, as JSON.
    ToolDefinition,
    /// The URL of a picture, which may be the picture itself.
    ImageUrl,
    /// What an error says.
    Error,
}

/// Where a text would be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// As what a span has as input.
    Input,
    /// As what a span has as output.
    Output,
    /// In a message that a model is sent.
    InputMessage,
    /// In a message that a model answers with.
    OutputMessage,
    /// Anywhere else.
    Aside,
}

impl Decisions {
    /// Whether content of this kind is hidden in this place: because of where it is, or of what it repeats.
    pub(super) fn hide_content(&self, kind: ContentKind, place: Place) -> bool {
        let by_place = match place {
            Place::Input => self.hide(Topic::Inputs),
            Place::Output => self.hide(Topic::Outputs),
            Place::InputMessage => {
                self.hide_input_messages() || (kind.is_words() && self.hide(Topic::InputText))
            }
            Place::OutputMessage => {
                self.hide_output_messages() || (kind.is_words() && self.hide(Topic::OutputText))
            }
            Place::Aside => false,
        };
        let by_kind = match kind {
            ContentKind::UserText
            | ContentKind::Instruction
            | ContentKind::ToolArguments
            | ContentKind::ToolDefinition
            | ContentKind::ImageUrl => self.hide(Topic::Inputs),
            ContentKind::BotText | ContentKind::ToolResult => self.hide(Topic::Outputs),
            ContentKind::Error => false,
        };
        by_place || by_kind
    }

    /// Whether messages that models are sent are hidden altogether.
    pub(super) fn hide_input_messages(&self) -> bool {
        self.hide(Topic::Inputs) || self.hide(Topic::InputMessages)
    }

    /// Whether messages that models answer with are hidden altogether.
    pub(super) fn hide_output_messages(&self) -> bool {
        self.hide(Topic::Outputs) || self.hide(Topic::OutputMessages)
    }

    /// Whether the tools that models may call are hidden altogether.
    pub(super) fn hide_tools(&self) -> bool {
        self.hide(Topic::Inputs) || self.hide(Topic::LlmTools)
    }
}

impl ContentKind {
    /// Whether it is what a message says, and not what it carries.
    const fn is_words(self) -> bool {
        match self {
            Self::UserText | Self::Instruction | Self::BotText | Self::ToolResult => true,
            Self::ToolArguments | Self::ToolDefinition | Self::ImageUrl | Self::Error => false,
        }
    }
}
