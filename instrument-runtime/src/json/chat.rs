//! Chat contexts in `OpenAI`'s format, and messages from and to it.

use serde_json::{Map, Value, json};

use crate::engine::frame::{ChatContext, ImageUrl, Message, MessageContent, MessagePart, ToolCall};

/// A chat context in `OpenAI`'s chat format. Messages are read only as they are asked for.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{ChatContext, Message};
/// use pipecat_instrument_runtime::json::JsonContext;
/// use serde_json::json;
///
/// let messages = [json!({"role": "system", "content": "Be brief."}), json!({"role": "user", "content": "Hi"})];
/// let context = JsonContext { messages: &messages, tools: &[] };
/// assert_eq!(context.role(1), "user");
/// assert_eq!(context.message(1), Message::text("user", "Hi"));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonContext<'a> {
    /// The messages, oldest first.
    pub messages: &'a [Value],
    /// The tools that the model may call.
    pub tools: &'a [Value],
}

impl ChatContext for JsonContext<'_> {
    fn message_count(&self) -> usize {
        self.messages.len()
    }

    fn role(&self, index: usize) -> &str {
        self.messages.get(index).map_or("", role_of)
    }

    fn message(&self, index: usize) -> Message {
        self.messages.get(index).map(message_from_json).unwrap_or_default()
    }

    fn tool_count(&self) -> usize {
        self.tools.len()
    }

    fn tool(&self, index: usize) -> String {
        self.tools.get(index).map(Value::to_string).unwrap_or_default()
    }
}

/// Who says the message; empty where it does not tell.
pub(crate) fn role_of(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

/// The message that its JSON form tells. Each field is looked at once: a context has hundreds of messages, and the
/// fields that most of them lack would cost as much as those that they have.
pub(crate) fn message_from_json(message: &Value) -> Message {
    let mut read = Message::default();
    for (name, value) in message.as_object().into_iter().flatten() {
        match name.as_str() {
            "role" => read.role = text(value).unwrap_or_default(),
            "content" => read.content = content_from_json(value),
            "name" => read.name = text(value),
            "tool_call_id" => read.tool_call_id = text(value),
            "tool_calls" => {
                let calls = value.as_array().into_iter().flatten();
                read.tool_calls = calls.map(tool_call_from_json).collect();
            }
            _ => {}
        }
    }
    read
}

/// The JSON form of a message; the inverse of [`message_from_json`].
pub(crate) fn message_to_json(message: Message) -> Value {
    let mut json = Map::new();
    json.insert("role".into(), message.role.into());
    json.insert("content".into(), content_to_json(message.content));
    if let Some(name) = message.name {
        json.insert("name".into(), name.into());
    }
    if !message.tool_calls.is_empty() {
        json.insert("tool_calls".into(), message.tool_calls.into_iter().map(tool_call_to_json).collect());
    }
    if let Some(id) = message.tool_call_id {
        json.insert("tool_call_id".into(), id.into());
    }
    Value::Object(json)
}

fn content_from_json(content: &Value) -> MessageContent {
    match content {
        Value::Null => MessageContent::None,
        Value::String(text) => MessageContent::Text(text.clone()),
        Value::Array(parts) if parts.is_empty() => MessageContent::None,
        // A tool may well return a list of its own: a list of parts is one whose members all name their type.
        Value::Array(parts) => match parts.iter().map(part_from_json).collect() {
            Some(parts) => MessageContent::Parts(parts),
            None => MessageContent::Text(content.to_string()),
        },
        other => MessageContent::Text(other.to_string()),
    }
}

fn part_from_json(part: &Value) -> Option<MessagePart> {
    if let Some(text) = part.as_str() {
        return Some(MessagePart::Text(text.to_owned()));
    }
    let kind = part.get("type")?.as_str()?;
    let known = match kind {
        "text" | "input_text" | "output_text" => text_of(part, "text").map(MessagePart::Text),
        "image_url" | "input_image" => image_url(part).map(|url| MessagePart::Image(ImageUrl(url))),
        _ => None,
    };
    Some(known.unwrap_or_else(|| MessagePart::Other(kind.to_owned())))
}

/// The URL of an image part, which stands in an object or by itself.
fn image_url(part: &Value) -> Option<String> {
    let image = part.get("image_url")?;
    image.as_str().or_else(|| image.get("url")?.as_str()).map(str::to_owned)
}

fn tool_call_from_json(call: &Value) -> ToolCall {
    let function = call.get("function").unwrap_or(call);
    ToolCall {
        id: text_of(call, "id").unwrap_or_default(),
        name: text_of(function, "name").unwrap_or_default(),
        arguments: match function.get("arguments") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        },
    }
}

fn content_to_json(content: MessageContent) -> Value {
    match content {
        MessageContent::None => Value::Null,
        MessageContent::Text(text) => text.into(),
        MessageContent::Parts(parts) => parts.into_iter().map(part_to_json).collect(),
    }
}

fn part_to_json(part: MessagePart) -> Value {
    match part {
        MessagePart::Text(text) => json!({"type": "text", "text": text}),
        MessagePart::Image(ImageUrl(url)) => json!({"type": "image_url", "image_url": {"url": url}}),
        MessagePart::Other(kind) => json!({"type": kind}),
    }
}

fn tool_call_to_json(call: ToolCall) -> Value {
    let ToolCall { id, name, arguments } = call;
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn text_of(object: &Value, key: &str) -> Option<String> {
    text(object.get(key)?)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
