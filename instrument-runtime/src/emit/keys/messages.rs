//! Keys with numbers in them: those of messages and tools.

use super::table::{KeyInfo, LLM, ValueKind};
use crate::emit::Conventions;

/// The family of the tools' keys.
pub(in crate::emit) const LLM_TOOLS: &str = "llm.tools";

/// The key of the tool at `index`: its whole object, as JSON.
pub fn tool_schema(index: usize) -> String {
    format!("{LLM_TOOLS}.{index}.tool.json_schema")
}

/// Which of a span's two lists of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageList {
    /// What the model was sent.
    Input,
    /// What it answered.
    Output,
}

impl MessageList {
    /// What every key of the list begins with, up to the first dot after it.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Input => "llm.input_messages",
            Self::Output => "llm.output_messages",
        }
    }
}

/// What a message has keys for. A number is the index of a part or of a tool call, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageField {
    /// Who says it.
    Role,
    /// The text, in a message that is one text.
    Content,
    /// Who says it, where several share a role.
    Name,
    /// The call that it answers.
    ToolCallId,
    /// What kind of part.
    PartType(usize),
    /// The text of a part.
    PartText(usize),
    /// Where the picture of a part is.
    PartImageUrl(usize),
    /// Which call it asks for.
    CallId(usize),
    /// The function of a call.
    CallName(usize),
    /// The arguments of a call, as JSON.
    CallArguments(usize),
}

/// The keys of one message. What they have in common is put together once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageKeys {
    prefix: String,
}

impl MessageKeys {
    /// The keys of the message at `index` of `list`.
    pub fn new(list: MessageList, index: usize) -> Self {
        Self { prefix: [list.family(), ".", &index.to_string(), ".message."].concat() }
    }

    /// The key of `field`.
    pub fn key(&self, field: MessageField) -> String {
        let (list, index, leaf) = match field {
            MessageField::Role => return self.leaf("role"),
            MessageField::Content => return self.leaf("content"),
            MessageField::Name => return self.leaf("name"),
            MessageField::ToolCallId => return self.leaf("tool_call_id"),
            MessageField::PartType(index) => ("contents", index, "message_content.type"),
            MessageField::PartText(index) => ("contents", index, "message_content.text"),
            MessageField::PartImageUrl(index) => ("contents", index, "message_content.image.image.url"),
            MessageField::CallId(index) => ("tool_calls", index, "tool_call.id"),
            MessageField::CallName(index) => ("tool_calls", index, "tool_call.function.name"),
            MessageField::CallArguments(index) => ("tool_calls", index, "tool_call.function.arguments"),
        };
        format!("{}{list}.{index}.{leaf}", self.prefix)
    }

    /// One allocation of the right size: contexts have hundreds of these.
    fn leaf(&self, leaf: &str) -> String {
        [&self.prefix, leaf].concat()
    }
}

/// The keys with numbers in them.
pub(super) const TABLE: &[KeyInfo] = &[
    sent("llm.input_messages.N.message.role", "Who says it: `system`, `user`, `assistant`, `tool`, …"),
    sent("llm.input_messages.N.message.content", "The text of a message that is one text."),
    sent(
        "llm.input_messages.N.message.contents.M.message_content.type",
        "What a part is: `text`, `image`, …",
    ),
    sent("llm.input_messages.N.message.contents.M.message_content.text", "The text of a part."),
    sent(
        "llm.input_messages.N.message.contents.M.message_content.image.image.url",
        "Where a part's picture is.",
    ),
    sent("llm.input_messages.N.message.name", "Who says it, where several share a role."),
    sent("llm.input_messages.N.message.tool_call_id", "The call that a `tool` message answers."),
    sent("llm.input_messages.N.message.tool_calls.M.tool_call.id", "Which call a message asks for."),
    sent("llm.input_messages.N.message.tool_calls.M.tool_call.function.name", "The function of a call."),
    KeyInfo {
        value: ValueKind::Json,
        ..sent(
            "llm.input_messages.N.message.tool_calls.M.tool_call.function.arguments",
            "What a function is to be called with.",
        )
    },
    answered("llm.output_messages.N.message.role", "Who answers: `assistant`.", "`LLMTextFrame`"),
    answered("llm.output_messages.N.message.content", "What the model answered.", "`LLMTextFrame`"),
    answered("llm.output_messages.N.message.tool_calls.M.tool_call.id", "Which call it asks for.", CALLS),
    answered(
        "llm.output_messages.N.message.tool_calls.M.tool_call.function.name",
        "The function of a call.",
        CALLS,
    ),
    KeyInfo {
        value: ValueKind::Json,
        ..answered(
            "llm.output_messages.N.message.tool_calls.M.tool_call.function.arguments",
            "What a function is to be called with.",
            CALLS,
        )
    },
    KeyInfo {
        value: ValueKind::Json,
        ..sent("llm.tools.N.tool.json_schema", "A tool that the model may call, the whole object.")
    },
];

/// Where the calls of an answer come from.
const CALLS: &str = "`FunctionCallsStartedFrame`, `FunctionCallInProgressFrame`";

const fn sent(key: &'static str, about: &'static str) -> KeyInfo {
    answered(key, about, "`LLMContextFrame`")
}

const fn answered(key: &'static str, about: &'static str, source: &'static str) -> KeyInfo {
    let (convention, value, bearers) = (Conventions::OPENINFERENCE, ValueKind::Text, LLM);
    KeyInfo { key, about, convention, value, bearers, source }
}
