//! JSON and chat contexts, for adapters whose frames contain [`serde_json::Value`].
//!
//! ```
//! use pipecat_instrument_runtime::engine::frame::{Frame, FunctionCall};
//! use serde_json::json;
//!
//! let arguments = json!({"city": "Paris"});
//! let call = FunctionCall { name: "get_weather", tool_call_id: "call_1", arguments: Some(&arguments) };
//! let frame = Frame::FunctionCallInProgress(call);
//! ```

use serde_json::{Map, Value, json};

use crate::engine::frame::{ChatContext, ImageUrl, Json, Message, MessageContent, MessagePart, ToolCall};

impl Json for Value {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn error_text(&self) -> Option<String> {
        match self.get("error")? {
            Value::Null => None,
            Value::String(text) => (!text.is_empty()).then(|| text.clone()),
            other => Some(other.to_string()),
        }
    }
}

/// JSON text, for adapters whose frames contain it unparsed. Text that is not JSON counts as a string.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::Json;
/// use pipecat_instrument_runtime::json::RawJson;
///
/// assert_eq!(RawJson(r#"{ "city": "Paris" }"#).to_text(), r#"{"city":"Paris"}"#);
/// assert_eq!(RawJson("sunny").to_text(), r#""sunny""#);
/// assert_eq!(RawJson(r#"{"error": "no such city"}"#).error_text().as_deref(), Some("no such city"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawJson<'a>(pub &'a str);

impl RawJson<'_> {
    /// Parses the text.
    pub(crate) fn parsed(self) -> Value {
        serde_json::from_str(self.0).unwrap_or_else(|_| Value::from(self.0))
    }
}

impl Json for RawJson<'_> {
    fn to_text(&self) -> String {
        self.parsed().to_text()
    }

    fn error_text(&self) -> Option<String> {
        self.parsed().error_text()
    }
}

/// A chat context in `OpenAI`'s chat format. Messages are converted only when requested.
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

/// Returns the role of a message; empty if it has none.
pub(crate) fn role_of(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

/// Converts a message from JSON. Iterates over the fields: a context has hundreds of messages, and looking up absent
/// fields would cost as much as reading present ones.
pub(crate) fn message_from_json(message: &Value) -> Message {
    let mut converted = Message::default();
    for (name, value) in message.as_object().into_iter().flatten() {
        match name.as_str() {
            "role" => converted.role = text(value).unwrap_or_default(),
            "content" => converted.content = content_from_json(value),
            "name" => converted.name = text(value),
            "tool_call_id" => converted.tool_call_id = text(value),
            "tool_calls" => {
                let calls = value.as_array().into_iter().flatten();
                converted.tool_calls = calls.map(tool_call_from_json).collect();
            }
            _ => {}
        }
    }
    converted
}

/// Converts a message to JSON; the inverse of [`message_from_json`].
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
        // A tool result may be a list, too. A list of parts is one whose members all have a type.
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
    let part = match kind {
        "text" | "input_text" | "output_text" => text_of(part, "text").map(MessagePart::Text),
        "image_url" | "input_image" => image_url(part).map(|url| MessagePart::Image(ImageUrl(url))),
        _ => None,
    };
    Some(part.unwrap_or_else(|| MessagePart::Other(kind.to_owned())))
}

/// Returns the URL of an image part, which is a string or the field of an object.
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

#[cfg(test)]
mod tests;
