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

mod instruction;

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::engine::content::ContentCopier;
use crate::engine::frame::{ChatContext, ImageUrl, Json, Message, MessageContent, MessagePart, ToolCall};
use crate::engine::truncate::{truncate, truncate_partial};

impl Json for Value {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn to_text_within(&self, max_length: usize) -> String {
        text_within(self, max_length)
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

    /// Text that is too long is not parsed.
    fn to_text_within(&self, max_length: usize) -> String {
        match truncate(self.0, max_length) {
            Cow::Owned(truncated) => truncated,
            Cow::Borrowed(same) if same.len() < self.0.len() => same.to_owned(),
            Cow::Borrowed(_) => self.parsed().to_text_within(max_length),
        }
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

    fn copy_message(&self, index: usize, copier: &mut ContentCopier) -> Message {
        self.messages.get(index).map(|message| copy_message(message, copier)).unwrap_or_default()
    }

    fn tool_count(&self) -> usize {
        self.tools.len()
    }

    fn tool(&self, index: usize) -> String {
        self.tools.get(index).map(Value::to_string).unwrap_or_default()
    }

    fn copy_tool(&self, index: usize, copier: &mut ContentCopier) -> String {
        let tool = self.tools.get(index);
        tool.map(|tool| copier.converted_tool(|length| text_within(tool, length))).unwrap_or_default()
    }
}

/// Returns the role of a message; empty if it has none. Every role of a context is read for each request. Nearly always it
/// is the first of a few fields, and comparing a name costs less than hashing one.
pub(crate) fn role_of(message: &Value) -> &str {
    let mut fields = message.as_object().into_iter().flatten();
    fields.find(|(name, _)| *name == "role").and_then(|(_, role)| role.as_str()).unwrap_or_default()
}

/// Converts a message from JSON.
pub(crate) fn message_from_json(message: &Value) -> Message {
    copy_message(message, &mut ContentCopier::unlimited())
}

/// Copies a message from JSON. Iterates over the fields: a context has hundreds of messages, and looking up absent fields
/// would cost as much as reading present ones.
pub(crate) fn copy_message(message: &Value, copier: &mut ContentCopier) -> Message {
    let role = role_of(message);
    let mut converted = copier.empty_message(role);
    for (name, value) in message.as_object().into_iter().flatten() {
        match name.as_str() {
            "content" => converted.content = copy_content(role, value, copier),
            "name" => converted.name = copy_name(value, copier),
            "tool_call_id" => converted.tool_call_id = copy_name(value, copier),
            "tool_calls" => {
                let calls = value.as_array().into_iter().flatten();
                converted.tool_calls = copier.tool_calls(calls, copy_tool_call);
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

fn copy_content(role: &str, content: &Value, copier: &mut ContentCopier) -> MessageContent {
    match content {
        Value::Null => MessageContent::None,
        Value::String(text) => MessageContent::Text(copier.text(role, text).into_owned()),
        Value::Array(parts) if parts.is_empty() => MessageContent::None,
        // A tool result may be a list, too. A list of parts is one whose members all have a type.
        Value::Array(parts) if parts.iter().all(is_part) => {
            MessageContent::Parts(copier.parts(parts.iter(), |copier, part| copy_part(role, part, copier)))
        }
        other => {
            MessageContent::Text(copier.converted_text(role, |max_length| text_within(other, max_length)))
        }
    }
}

fn is_part(part: &Value) -> bool {
    part.is_string() || part.get("type").is_some_and(Value::is_string)
}

fn copy_part(role: &str, part: &Value, copier: &mut ContentCopier) -> MessagePart {
    if let Some(text) = part.as_str() {
        return MessagePart::Text(copier.text(role, text).into_owned());
    }
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    let known = match kind {
        "text" | "input_text" | "output_text" => part
            .get("text")
            .and_then(Value::as_str)
            .map(|text| MessagePart::Text(copier.text(role, text).into_owned())),
        "image_url" | "input_image" => {
            image_url(part).map(|url| MessagePart::Image(ImageUrl(copier.image_url(url).into_owned())))
        }
        _ => None,
    };
    known.unwrap_or_else(|| MessagePart::Other(copier.name(kind).into_owned()))
}

/// Returns the URL of an image part, which is a string or the field of an object.
fn image_url(part: &Value) -> Option<&str> {
    let image = part.get("image_url")?;
    image.as_str().or_else(|| image.get("url")?.as_str())
}

fn copy_name(name: &Value, copier: &mut ContentCopier) -> Option<String> {
    Some(copier.name(name.as_str()?).into_owned())
}

fn copy_tool_call(call: &Value, copier: &mut ContentCopier) -> ToolCall {
    let function = call.get("function").unwrap_or(call);
    let mut name_in = |object: &Value, key| object.get(key).and_then(|name| copy_name(name, copier));
    ToolCall {
        id: name_in(call, "id").unwrap_or_default(),
        name: name_in(function, "name").unwrap_or_default(),
        arguments: match function.get("arguments") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => copier.arguments(text).into_owned(),
            Some(other) => copier.converted_arguments(|max_length| text_within(other, max_length)),
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

/// Returns the JSON text of `value`, truncated to `max_length` characters. Does not convert what is cut.
fn text_within(value: &Value, max_length: usize) -> String {
    // A character has at most four bytes.
    let mut buffer = BoundedBuffer { bytes: Vec::new(), max_bytes: max_length.saturating_mul(4) };
    let is_complete = serde_json::to_writer(&mut buffer, value).is_ok();
    let text = buffer.into_text();
    if !is_complete {
        return truncate_partial(&text, max_length);
    }
    match truncate(&text, max_length) {
        Cow::Borrowed(same) if same.len() == text.len() => text,
        truncated => truncated.into_owned(),
    }
}

/// A buffer that fails when it is full.
struct BoundedBuffer {
    bytes: Vec<u8>,
    max_bytes: usize,
}

impl BoundedBuffer {
    /// Returns the written text, without a last character of which only some bytes fit.
    fn into_text(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_else(|error| {
            let valid = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(valid);
            String::from_utf8(bytes).unwrap_or_default()
        })
    }
}

impl Write for BoundedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = bytes.len().min(self.max_bytes - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..fitting]);
        if fitting < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fitting) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
