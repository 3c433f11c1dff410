//! JSON that is put together here: compact, in source order, UTF-8.

use serde_json::{Map, Value, json};

use crate::core::frame::{Setting, ToolCall};

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
