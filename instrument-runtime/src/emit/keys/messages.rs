//! Keys with numbers in them: those of messages and tools.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::key_info::{KeyInfo, LLM, ValueKind};
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

/// How many messages of a list have keys that are made once for the whole process: as many as fit, each with a role and a
/// content, into a span of the usual limit of 128 attributes.
const READY: usize = 64;

/// The keys that each message has: its role's and its content's. A context has hundreds of them.
#[derive(Debug)]
struct Ready {
    role: String,
    content: String,
}

static READY_OF_INPUT: LazyLock<Vec<Ready>> = LazyLock::new(|| ready(MessageList::Input));
static READY_OF_OUTPUT: LazyLock<Vec<Ready>> = LazyLock::new(|| ready(MessageList::Output));

fn ready(list: MessageList) -> Vec<Ready> {
    let messages = match list {
        MessageList::Input => READY,
        MessageList::Output => 1,
    };
    let of = |index| Ready { role: made(list, index, "role"), content: made(list, index, "content") };
    (0..messages).map(of).collect()
}

fn made(list: MessageList, index: usize, leaf: &str) -> String {
    [list.family(), ".", &index.to_string(), ".message.", leaf].concat()
}

/// The keys of one message.
#[derive(Debug, Clone, Copy)]
pub struct MessageKeys {
    list: MessageList,
    index: usize,
    ready: Option<&'static Ready>,
}

impl MessageKeys {
    /// The keys of the message at `index` of `list`.
    pub fn new(list: MessageList, index: usize) -> Self {
        let ready = match list {
            MessageList::Input => &READY_OF_INPUT,
            MessageList::Output => &READY_OF_OUTPUT,
        };
        Self { list, index, ready: ready.get(index) }
    }

    /// The key of `field`.
    pub fn key(&self, field: MessageField) -> Cow<'static, str> {
        match (field, self.ready) {
            (MessageField::Role, Some(ready)) => Cow::Borrowed(&ready.role),
            (MessageField::Content, Some(ready)) => Cow::Borrowed(&ready.content),
            (field, _) => Cow::Owned(self.made(field)),
        }
    }

    fn made(&self, field: MessageField) -> String {
        let leaf = |leaf| made(self.list, self.index, leaf);
        let (list, index, part) = match field {
            MessageField::Role => return leaf("role"),
            MessageField::Content => return leaf("content"),
            MessageField::Name => return leaf("name"),
            MessageField::ToolCallId => return leaf("tool_call_id"),
            MessageField::PartType(index) => ("contents", index, "message_content.type"),
            MessageField::PartText(index) => ("contents", index, "message_content.text"),
            MessageField::PartImageUrl(index) => ("contents", index, "message_content.image.image.url"),
            MessageField::CallId(index) => ("tool_calls", index, "tool_call.id"),
            MessageField::CallName(index) => ("tool_calls", index, "tool_call.function.name"),
            MessageField::CallArguments(index) => ("tool_calls", index, "tool_call.function.arguments"),
        };
        leaf(&format!("{list}.{index}.{part}"))
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
    let (convention, value, targets) = (Conventions::OPENINFERENCE, ValueKind::Text, LLM);
    KeyInfo { key, about, convention, value, targets, source }
}
