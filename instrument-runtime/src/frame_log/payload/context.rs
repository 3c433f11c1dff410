//! The context of a language model, which a log holds once per frame id.

use std::sync::Arc;

use lru::LruCache;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use crate::engine::content::{ContentCopier, ContentKind, ContentLimits};
use crate::engine::frame::{ChatContext, FrameId, ImageUrl, Message, MessageContent, MessagePart, ToolCall};
use crate::engine::truncate::truncate_partial;
use crate::json::{RawJson, copy_message, message_from_json, message_to_json, role_of};

/// Upper bound on the contexts that a log's writer or reader remembers. Contexts are the largest frames, and the hops
/// of one follow each other closely.
const MAX_CONTEXTS: usize = 64;

/// A value for each of the newest contexts, by frame id.
pub(in crate::frame_log) struct ContextCache<T> {
    // Unbounded, as a bounded cache would allocate for all its entries at once.
    contexts: LruCache<FrameId, T>,
}

impl<T> ContextCache<T> {
    pub(in crate::frame_log) fn new() -> Self {
        Self { contexts: LruCache::unbounded() }
    }

    pub(in crate::frame_log) fn get(&self, id: FrameId) -> Option<&T> {
        self.contexts.peek(&id)
    }

    /// Adds a value, and removes the oldest one beyond the limit.
    pub(in crate::frame_log) fn insert(&mut self, id: FrameId, value: T) {
        self.contexts.put(id, value);
        if self.contexts.len() > MAX_CONTEXTS {
            self.contexts.pop_lru();
        }
    }
}

/// A copy of a context, which the writer thread encodes.
pub(in crate::frame_log) struct ContextSnapshot {
    messages: Vec<Message>,
    tools: Vec<String>,
}

impl ContextSnapshot {
    /// Copies as much of `context` as `limits` allow. Copies the same messages first as a request does, so that a replay
    /// makes the same spans. Of each of the others, only the role is left, and a mark.
    pub(in crate::frame_log) fn new(context: &dyn ChatContext, limits: ContentLimits) -> Self {
        // What has no role is not a message.
        let mut indices =
            (0..context.message_count()).filter(|&index| !context.role(index).is_empty()).peekable();
        let mut copier = ContentCopier::new(limits);
        let mut copy = |index| {
            if copier.is_exhausted() {
                return Message::text(context.role(index), truncate_partial("", usize::MAX));
            }
            context.copy_message(index, &mut copier)
        };
        let system = indices.next_if(|&index| context.role(index) == "system").map(&mut copy);
        let mut messages: Vec<Message> = indices.rev().map(copy).chain(system).collect();
        messages.reverse();

        let mut copier = ContentCopier::new(limits);
        let is_shown = !copier.hides(ContentKind::ToolDefinition);
        let tools = (0..if is_shown { context.tool_count() } else { 0 })
            .map_while(|index| (!copier.is_exhausted()).then(|| context.copy_tool(index, &mut copier)));
        Self { tools: tools.collect(), messages }
    }

    /// Returns the memory that it takes, in bytes.
    pub(in crate::frame_log) fn bytes(&self) -> usize {
        let tools = self.tools.iter().map(|tool| size_of::<String>() + tool.len());
        self.messages.iter().map(bytes_of_message).chain(tools).sum()
    }
}

fn bytes_of_message(message: &Message) -> usize {
    let content = match &message.content {
        MessageContent::None => 0,
        MessageContent::Text(text) => text.len(),
        MessageContent::Parts(parts) => parts.iter().map(bytes_of_part).sum(),
    };
    let calls = message.tool_calls.iter();
    let calls =
        calls.map(|call| size_of::<ToolCall>() + call.id.len() + call.name.len() + call.arguments.len());
    size_of::<Message>() + message.role.len() + content + calls.sum::<usize>()
}

fn bytes_of_part(part: &MessagePart) -> usize {
    let (MessagePart::Text(text) | MessagePart::Image(ImageUrl(text)) | MessagePart::Other(text)) = part;
    size_of::<MessagePart>() + text.len()
}

impl ChatContext for ContextSnapshot {
    fn message_count(&self) -> usize {
        self.messages.len()
    }

    fn role(&self, index: usize) -> &str {
        self.messages.role(index)
    }

    fn message(&self, index: usize) -> Message {
        self.messages.message(index)
    }

    fn tool_count(&self) -> usize {
        self.tools.len()
    }

    fn tool(&self, index: usize) -> String {
        self.tools.get(index).cloned().unwrap_or_default()
    }
}

/// A context in the form that the log stores.
#[derive(Debug)]
pub(in crate::frame_log) struct LoggedContext {
    messages: Vec<Value>,
    tools: Vec<Value>,
}

impl LoggedContext {
    /// Copies all messages and tools of `context`.
    pub(in crate::frame_log) fn of(context: &dyn ChatContext) -> Self {
        Self {
            messages: (0..context.message_count()).map(|i| message_to_json(context.message(i))).collect(),
            tools: (0..context.tool_count()).map(|i| RawJson(&context.tool(i)).parsed()).collect(),
        }
    }
}

impl ChatContext for LoggedContext {
    fn message_count(&self) -> usize {
        self.messages.len()
    }

    fn role(&self, index: usize) -> &str {
        self.messages.get(index).map_or("", role_of)
    }

    fn message(&self, index: usize) -> Message {
        self.messages.get(index).map(message_from_json).unwrap_or_default()
    }

    fn copy_message(&self, index: usize, copier: &mut ContentCopier) -> Message {
        self.messages.get(index).map(|message| copy_message(message, copier)).unwrap_or_default()
    }

    fn tool_count(&self) -> usize {
        self.tools.len()
    }

    fn tool(&self, index: usize) -> String {
        self.tools.get(index).map(Value::to_string).unwrap_or_default()
    }
}

/// The payload of one hop of a context.
pub(in crate::frame_log) enum ContextPayload {
    /// All messages and tools.
    Full(Arc<LoggedContext>),
    /// The number of messages, if known. An earlier hop of the same frame has the messages.
    Count(Option<usize>),
}

impl From<Option<&dyn ChatContext>> for ContextPayload {
    fn from(context: Option<&dyn ChatContext>) -> Self {
        Self::Count(context.map(ChatContext::message_count))
    }
}

impl<'p> From<&'p ContextPayload> for Option<&'p dyn ChatContext> {
    fn from(payload: &'p ContextPayload) -> Self {
        match payload {
            ContextPayload::Full(context) => Some(&**context),
            ContextPayload::Count(_) => None,
        }
    }
}

impl Serialize for ContextPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Full(context) => {
                map.serialize_entry("messages_count", &context.messages.len())?;
                map.serialize_entry("messages", &context.messages)?;
                if !context.tools.is_empty() {
                    map.serialize_entry("tools", &context.tools)?;
                }
            }
            Self::Count(Some(count)) => map.serialize_entry("messages_count", count)?,
            Self::Count(None) => {}
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ContextPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            messages_count: Option<usize>,
            messages: Option<Vec<Value>>,
            tools: Option<Vec<Value>>,
        }
        let fields = Fields::deserialize(deserializer)?;
        Ok(match fields.messages {
            Some(messages) => {
                let messages = messages.into_iter().filter_map(to_message).collect();
                Self::Full(Arc::new(LoggedContext { messages, tools: fields.tools.unwrap_or_default() }))
            }
            None => Self::Count(fields.messages_count),
        })
    }
}

/// Returns a message that has a role, also one that only one provider understands; `None` for what is not a message.
fn to_message(logged: Value) -> Option<Value> {
    let has_role = |message: &Value| message.get("role").is_some_and(Value::is_string);
    match logged {
        logged if has_role(&logged) => Some(logged),
        Value::Object(mut fields) => fields.remove("message").filter(has_role),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ContextCache, ContextPayload, MAX_CONTEXTS};
    use crate::engine::frame::{ChatContext, FrameId};

    #[test]
    fn messages_of_one_provider_count_if_they_have_a_role() {
        let logged = json!({"messages_count": 4, "messages": [
            {"role": "user", "content": "Hello."},
            {"llm": "google", "message": {"type": "thought", "text": "They greet me."}},
            {"llm": "openai", "message": {"role": "assistant", "content": "Hi."}},
            "a signature",
        ]});
        let payload: ContextPayload = serde_json::from_value(logged).unwrap();
        let context = Option::<&dyn ChatContext>::from(&payload).unwrap();
        let roles: Vec<_> = (0..context.message_count()).map(|index| context.role(index)).collect();
        assert_eq!(roles, ["user", "assistant"]);
    }

    #[test]
    fn a_full_cache_forgets_its_oldest_context() {
        let mut cache = ContextCache::new();
        for id in 0..=MAX_CONTEXTS as u64 {
            cache.insert(FrameId(id), id);
            cache.insert(FrameId(id), id * 10);
        }
        assert_eq!(cache.get(FrameId(0)), None);
        assert_eq!(cache.get(FrameId(1)), Some(&10));
        assert_eq!(cache.contexts.len(), MAX_CONTEXTS);
    }
}
