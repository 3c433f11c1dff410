//! Keys with an index: messages and tools.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

use std::borrow::Cow;
use std::sync::LazyLock;

use super::key_info::{KeyInfo, LLM, ValueKind};
use crate::emit::Conventions;

/// The prefix of the tools' keys.
pub(in crate::emit) const LLM_TOOLS: &str = "llm.tools";

/// Returns the key of the tool at `index`, whose value is the tool's JSON object.
pub fn tool_schema(index: usize) -> String {
    format!("{LLM_TOOLS}.{index}.tool.json_schema")
}

/// One of the two lists of messages on an LLM span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageList {
    /// The request.
    Input,
    /// The response.
    Output,
}

impl MessageList {
    /// Returns the common prefix of the list's keys, without the dot after it.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Input => "llm.input_messages",
            Self::Output => "llm.output_messages",
        }
    }
}

/// A field of a message. The number is the index of a part or of a tool call, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageField {
    /// The role of the speaker.
    Role,
    /// The text of a message without parts.
    Content,
    /// The speaker's name, where several share a role.
    Name,
    /// The id of the tool call that the message answers.
    ToolCallId,
    /// The type of a part.
    PartType(usize),
    /// The text of a part.
    PartText(usize),
    /// The URL of an image part.
    PartImageUrl(usize),
    /// The id of a tool call.
    CallId(usize),
    /// The function of a tool call.
    CallName(usize),
    /// The arguments of a tool call, as JSON.
    CallArguments(usize),
}

/// The number of messages whose keys are cached for the process: a span with the usual limit of 128 attributes has at most
/// this many messages of role and content.
const MAX_CACHED: usize = 64;

/// The keys that nearly every message has, cached because a context has hundreds of messages.
#[derive(Debug)]
struct CachedKeys {
    role: String,
    content: String,
}

static INPUT_KEYS: LazyLock<Vec<CachedKeys>> = LazyLock::new(|| build_cache(MessageList::Input, MAX_CACHED));
static OUTPUT_KEYS: LazyLock<Vec<CachedKeys>> = LazyLock::new(|| build_cache(MessageList::Output, 1));

fn build_cache(list: MessageList, messages: usize) -> Vec<CachedKeys> {
    let keys =
        |index| CachedKeys { role: key_of(list, index, "role"), content: key_of(list, index, "content") };
    (0..messages).map(keys).collect()
}

fn key_of(list: MessageList, index: usize, leaf: &str) -> String {
    [list.prefix(), ".", &index.to_string(), ".message.", leaf].concat()
}

/// The keys of one message.
#[derive(Debug, Clone, Copy)]
pub struct MessageKeys {
    list: MessageList,
    index: usize,
    cached: Option<&'static CachedKeys>,
}

impl MessageKeys {
    /// Returns the keys of the message at `index` of `list`.
    pub fn new(list: MessageList, index: usize) -> Self {
        let cache = match list {
            MessageList::Input => &INPUT_KEYS,
            MessageList::Output => &OUTPUT_KEYS,
        };
        Self { list, index, cached: cache.get(index) }
    }

    /// Returns the key of `field`.
    pub fn key(&self, field: MessageField) -> Cow<'static, str> {
        match (field, self.cached) {
            (MessageField::Role, Some(keys)) => Cow::Borrowed(&keys.role),
            (MessageField::Content, Some(keys)) => Cow::Borrowed(&keys.content),
            (field, _) => Cow::Owned(self.build(field)),
        }
    }

    fn build(&self, field: MessageField) -> String {
        let leaf = |leaf| key_of(self.list, self.index, leaf);
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

/// The keys of messages and tools.
pub(super) const TABLE: &[KeyInfo] = &[
    input("llm.input_messages.N.message.role", "The role: `system`, `user`, `assistant`, `tool`, …"),
    input("llm.input_messages.N.message.content", "The text of a message without parts."),
    input(
        "llm.input_messages.N.message.contents.M.message_content.type",
        "The type of a part: `text`, `image`, …",
    ),
    input("llm.input_messages.N.message.contents.M.message_content.text", "The text of a part."),
    input(
        "llm.input_messages.N.message.contents.M.message_content.image.image.url",
        "The URL of an image part.",
    ),
    input("llm.input_messages.N.message.name", "The speaker's name, where several share a role."),
    input(
        "llm.input_messages.N.message.tool_call_id",
        "The id of the tool call that a `tool` message answers.",
    ),
    input("llm.input_messages.N.message.tool_calls.M.tool_call.id", "The id of a tool call."),
    input(
        "llm.input_messages.N.message.tool_calls.M.tool_call.function.name",
        "The function of a tool call.",
    ),
    KeyInfo {
        value: ValueKind::Json,
        ..input(
            "llm.input_messages.N.message.tool_calls.M.tool_call.function.arguments",
            "The arguments of a tool call.",
        )
    },
    output("llm.output_messages.N.message.role", "The role: `assistant`.", "`LLMTextFrame`"),
    output("llm.output_messages.N.message.content", "The text of the response.", "`LLMTextFrame`"),
    output("llm.output_messages.N.message.tool_calls.M.tool_call.id", "The id of a tool call.", TOOL_CALLS),
    output(
        "llm.output_messages.N.message.tool_calls.M.tool_call.function.name",
        "The function of a tool call.",
        TOOL_CALLS,
    ),
    KeyInfo {
        value: ValueKind::Json,
        ..output(
            "llm.output_messages.N.message.tool_calls.M.tool_call.function.arguments",
            "The arguments of a tool call.",
            TOOL_CALLS,
        )
    },
    KeyInfo {
        value: ValueKind::Json,
        ..input("llm.tools.N.tool.json_schema", "A tool that the model may call, as its JSON object.")
    },
];

/// The frames from which the tool calls of a response come.
const TOOL_CALLS: &str = "`FunctionCallsStartedFrame`, `FunctionCallInProgressFrame`";

const fn input(key: &'static str, about: &'static str) -> KeyInfo {
    output(key, about, "`LLMContextFrame`")
}

const fn output(key: &'static str, about: &'static str, source: &'static str) -> KeyInfo {
    let (convention, value, targets) = (Conventions::OPENINFERENCE, ValueKind::Text, LLM);
    KeyInfo { key, about, convention, value, targets, source }
}
