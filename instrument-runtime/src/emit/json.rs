//! JSON that is put together here: compact, in source order, UTF-8.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::core::frame::{Content, Message, Part, Setting, ToolCall};

/// The type of a value that is JSON. Plain text says nothing of its type.
pub(super) const MIME_TYPE: &str = "application/json";

/// A setting that is no parameter of a request: it is the first message.
const SYSTEM_INSTRUCTION: &str = "system_instruction";

/// The settings as one object, without nulls and the system instruction; `None` where nothing is left.
pub(super) fn invocation_parameters(settings: &[(String, Setting)]) -> Option<String> {
    let parameters: Map<String, Value> = settings
        .iter()
        .filter(|(name, _)| name != SYSTEM_INSTRUCTION)
        .map(|(name, setting)| (name.clone(), setting_value(setting)))
        .filter(|(_, value)| !value.is_null())
        .collect();
    (!parameters.is_empty()).then(|| Value::Object(parameters).to_string())
}

/// The calls as `[{"id", "name", "arguments"}]`.
pub(super) fn tool_calls(calls: &[ToolCall]) -> String {
    let calls = calls
        .iter()
        .map(|call| json!({"id": call.id, "name": call.name, "arguments": parsed(&call.arguments)}));
    Value::Array(calls.collect()).to_string()
}

/// The messages as a chat of `OpenAI`'s form, `[{"role", "content", …}]`; `None` where there are none.
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

fn chat_content(content: &Content) -> Value {
    match content {
        Content::None => Value::Null,
        Content::Text(text) => text.as_str().into(),
        Content::Parts(parts) => parts.iter().map(chat_part).collect(),
    }
}

fn chat_part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(url) => json!({"type": "image_url", "image_url": {"url": url.0}}),
        Part::Other(kind) => json!({"type": kind}),
    }
}

/// The arguments of a call are a text, as the model wrote them.
fn chat_call(call: &ToolCall) -> Value {
    let function = json!({"name": call.name, "arguments": call.arguments});
    json!({"id": call.id, "type": "function", "function": function})
}

/// A number that JSON cannot write (an infinity) is null, and so left out.
fn setting_value(setting: &Setting) -> Value {
    match setting {
        Setting::Bool(value) => (*value).into(),
        Setting::Int(value) => (*value).into(),
        Setting::Float(value) => (*value).into(),
        Setting::Text(value) => value.as_str().into(),
        Setting::Json(text) => parsed(text),
    }
}

/// The value that `text` writes; a text that is no JSON is itself.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::chat;
    use crate::core::frame::{Content, ImageUrl, Message, Part};
    use crate::emit::samples::clock_call;

    #[test]
    fn messages_are_a_chat_as_a_model_is_sent_it() {
        let parts = vec![
            Part::Text("What is this?".into()),
            Part::Image(ImageUrl("https://example.com/cat.png".into())),
            Part::Other("input_audio".into()),
        ];
        let messages = [
            Message::text("system", "Be brief."),
            Message { name: Some("ann".into()), content: Content::Parts(parts), ..Message::text("user", "") },
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
