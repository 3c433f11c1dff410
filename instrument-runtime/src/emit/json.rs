//! JSON values of attributes: compact, in source order, UTF-8.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::engine::frame::{Message, MessageContent, MessagePart, Setting, ToolCall};

/// The MIME type of JSON values. Plain text has no MIME type.
pub(super) const MIME_TYPE: &str = "application/json";

/// A setting that is sent as the first message, not as a request parameter.
const SYSTEM_INSTRUCTION: &str = "system_instruction";

/// Returns the settings as one object, without nulls (at any depth) and the system instruction; `None` if nothing is
/// left.
pub(super) fn invocation_parameters(settings: &[(String, Setting)]) -> Option<String> {
    let parameters = Parameters(settings);
    let any = parameters.names_and_values().next().is_some();
    any.then(|| serde_json::to_string(&parameters).ok()).flatten()
}

/// Settings, serialized without building a map.
struct Parameters<'a>(&'a [(String, Setting)]);

impl<'a> Parameters<'a> {
    fn names_and_values(&self) -> impl Iterator<Item = (&'a str, &'a Setting)> {
        let is_parameter =
            |(name, setting): &&(String, Setting)| name != SYSTEM_INSTRUCTION && !is_null(setting);
        self.0.iter().filter(is_parameter).map(|(name, setting)| (name.as_str(), setting))
    }
}

impl Serialize for Parameters<'_> {
    /// Writes a repeated name once, in its first position and with its last value, as a JSON object would.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let first = |index, name| self.names_and_values().take(index).all(|(before, _)| before != name);
        let last = |name| self.names_and_values().filter(|(other, _)| *other == name).last();
        let once = self.names_and_values().enumerate().filter(|(index, (name, _))| first(*index, *name));
        serializer.collect_map(
            once.filter_map(|(_, (name, _))| last(name)).map(|(name, setting)| (name, SettingValue(setting))),
        )
    }
}

/// Returns the calls as `[{"id", "name", "arguments"}]`.
pub(super) fn tool_calls(calls: &[ToolCall]) -> String {
    let calls = calls
        .iter()
        .map(|call| json!({"id": call.id, "name": call.name, "arguments": parsed(&call.arguments)}));
    Value::Array(calls.collect()).to_string()
}

/// Returns the messages in `OpenAI`'s chat format, `[{"role", "content", …}]`; `None` if there are none.
pub(super) fn chat<'a>(messages: impl Iterator<Item = Cow<'a, Message>>) -> Option<String> {
    let messages: Vec<Value> = messages.map(|message| chat_message(&message)).collect();
    (!messages.is_empty()).then(|| Value::Array(messages).to_string())
}

fn chat_message(message: &Message) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("role", message.role.as_str().into());
    put("content", chat_content(&message.content));
    if let Some(name) = &message.name {
        put("name", name.as_str().into());
    }
    if let Some(id) = &message.tool_call_id {
        put("tool_call_id", id.as_str().into());
    }
    if !message.tool_calls.is_empty() {
        put("tool_calls", message.tool_calls.iter().map(chat_call).collect());
    }
    Value::Object(object)
}

fn chat_content(content: &MessageContent) -> Value {
    match content {
        MessageContent::None => Value::Null,
        MessageContent::Text(text) => text.as_str().into(),
        MessageContent::Parts(parts) => parts.iter().map(chat_part).collect(),
    }
}

fn chat_part(part: &MessagePart) -> Value {
    match part {
        MessagePart::Text(text) => json!({"type": "text", "text": text}),
        MessagePart::Image(url) => json!({"type": "image_url", "image_url": {"url": url.0}}),
        MessagePart::Other(kind) => json!({"type": kind}),
    }
}

/// Returns a tool call with its arguments as text, as the model wrote them.
fn chat_call(call: &ToolCall) -> Value {
    let function = json!({"name": call.name, "arguments": call.arguments});
    json!({"id": call.id, "type": "function", "function": function})
}

/// Returns whether JSON would write the setting as null, as it does infinity and NaN.
fn is_null(setting: &Setting) -> bool {
    match setting {
        Setting::Float(value) => !value.is_finite(),
        Setting::Json(text) => text.trim_matches([' ', '\t', '\n', '\r']) == "null",
        Setting::Bool(_) | Setting::Int(_) | Setting::Text(_) => false,
    }
}

/// Serializes a setting.
struct SettingValue<'a>(&'a Setting);

impl Serialize for SettingValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Setting::Bool(value) => value.serialize(serializer),
            Setting::Int(value) => value.serialize(serializer),
            Setting::Float(value) => value.serialize(serializer),
            Setting::Text(value) => value.serialize(serializer),
            Setting::Json(text) => without_nulls(parsed(text)).serialize(serializer),
        }
    }
}

/// Removes the fields that are null: a provider's object lists all of its fields, and most are not set.
fn without_nulls(mut value: Value) -> Value {
    remove_nulls(&mut value);
    value
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the JSON value in `text`; if it is not valid JSON, the text itself.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{chat, invocation_parameters};
    use crate::emit::test_records::clock_call;
    use crate::engine::frame::{ImageUrl, Message, MessageContent, MessagePart, Setting};

    #[test]
    fn parameters_have_no_nulls_at_any_depth() {
        let session =
            r#"{"voice":null,"audio":{"input":{"format":null,"rate":24000}},"tools":[{"name":null}]}"#;
        let settings = [
            ("temperature".to_owned(), Setting::Float(0.5)),
            ("session_properties".to_owned(), Setting::Json(session.into())),
            ("seed".to_owned(), Setting::Json("null".into())),
        ];
        assert_eq!(
            invocation_parameters(&settings).as_deref(),
            Some(
                r#"{"temperature":0.5,"session_properties":{"audio":{"input":{"rate":24000}},"tools":[{}]}}"#
            )
        );
    }

    #[test]
    fn chat_has_the_format_of_openai_messages() {
        let parts = vec![
            MessagePart::Text("What is this?".into()),
            MessagePart::Image(ImageUrl("https://example.com/cat.png".into())),
            MessagePart::Other("input_audio".into()),
        ];
        let messages = [
            Message::text("system", "Be brief."),
            Message {
                name: Some("ann".into()),
                content: MessageContent::Parts(parts),
                ..Message::text("user", "")
            },
            Message {
                tool_calls: vec![clock_call()],
                ..Message { role: "assistant".into(), ..Message::default() }
            },
            Message { tool_call_id: Some("call_1".into()), ..Message::text("tool", "12:00") },
        ];
        assert_eq!(
            chat(messages.iter().map(Cow::Borrowed)).unwrap(),
            concat!(
                r#"[{"role":"system","content":"Be brief."},"#,
                r#"{"role":"user","content":[{"type":"text","text":"What is this?"},"#,
                r#"{"type":"image_url","image_url":{"url":"https://example.com/cat.png"}},{"type":"input_audio"}],"#,
                r#""name":"ann"},"#,
                r#"{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","#,
                r#""function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}]},"#,
                r#"{"role":"tool","content":"12:00","tool_call_id":"call_1"}]"#,
            )
        );
        assert_eq!(chat(std::iter::empty()), None);
    }
}
