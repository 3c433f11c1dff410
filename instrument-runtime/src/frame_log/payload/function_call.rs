//! Function calls.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::engine::frame::{FunctionCall, FunctionCallList, FunctionCallResult, Json};
use crate::json::RawJson;

/// The calls that a language model asks for.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct CallsPayload<'a> {
    #[serde(default)]
    function_calls: Vec<CallPayload<'a>>,
}

impl CallsPayload<'static> {
    /// A list shows its calls only one by one: they are copied.
    pub(super) fn of(calls: &dyn FunctionCallList) -> Self {
        let mut function_calls = Vec::new();
        calls.for_each(&mut |call| function_calls.push(CallPayload::from(call).into_owned()));
        Self { function_calls }
    }
}

impl FunctionCallList for CallsPayload<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.function_calls.iter().for_each(|call| visit(call.call()));
    }
}

/// One call, what it is called with, and what came of it.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct CallPayload<'a> {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    function_name: Cow<'a, str>,
    #[serde(default)]
    tool_call_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<JsonText>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text_or_json")]
    error: Option<Cow<'a, str>>,
}

impl<'a> CallPayload<'a> {
    /// A call that was called off.
    pub(super) fn cancelled(tool_call_id: &'a str) -> Self {
        Self {
            function_name: Cow::default(),
            tool_call_id: tool_call_id.into(),
            arguments: None,
            result: None,
            error: None,
        }
    }

    pub(super) fn tool_call_id(&self) -> &str {
        &self.tool_call_id
    }

    pub(super) fn call(&self) -> FunctionCall<'_> {
        FunctionCall {
            name: &self.function_name,
            tool_call_id: &self.tool_call_id,
            arguments: self.arguments.as_ref().map(|arguments| arguments as &dyn Json),
        }
    }

    pub(super) fn result(&self) -> FunctionCallResult<'_> {
        FunctionCallResult {
            name: &self.function_name,
            tool_call_id: &self.tool_call_id,
            result: self.result.as_ref().map(|result| result as &dyn Json),
            error: self.error.as_deref(),
        }
    }

    fn into_owned(self) -> CallPayload<'static> {
        CallPayload {
            function_name: self.function_name.into_owned().into(),
            tool_call_id: self.tool_call_id.into_owned().into(),
            arguments: self.arguments,
            result: self.result,
            error: self.error.map(|error| error.into_owned().into()),
        }
    }
}

impl<'a> From<FunctionCall<'a>> for CallPayload<'a> {
    fn from(call: FunctionCall<'a>) -> Self {
        Self {
            function_name: call.name.into(),
            arguments: call.arguments.and_then(JsonText::of),
            ..Self::cancelled(call.tool_call_id)
        }
    }
}

impl<'a> From<FunctionCallResult<'a>> for CallPayload<'a> {
    fn from(result: FunctionCallResult<'a>) -> Self {
        Self {
            function_name: result.name.into(),
            result: result.result.and_then(JsonText::of),
            error: result.error.map(Cow::from),
            ..Self::cancelled(result.tool_call_id)
        }
    }
}

/// JSON that goes through unchanged.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct JsonText(Box<RawValue>);

impl JsonText {
    /// The text of `json`. It is checked, as the adapter's word alone must not break a line of the log.
    fn of(json: &dyn Json) -> Option<Self> {
        let text = json.to_text();
        let text = match RawValue::from_string(text) {
            Ok(whole) if !whole.get().contains('\n') => whole,
            Ok(broken) => RawValue::from_string(RawJson(broken.get()).to_text()).ok()?,
            Err(_) => serde_json::value::to_raw_value(&json.to_text()).ok()?,
        };
        Some(Self(text))
    }
}

impl Json for JsonText {
    fn to_text(&self) -> String {
        RawJson(self.0.get()).to_text()
    }

    fn error_text(&self) -> Option<String> {
        RawJson(self.0.get()).error_text()
    }
}

/// A text; anything else that is there counts by its JSON.
fn text_or_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'static, str>>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        None => None,
        Some(Value::String(text)) => Some(text.into()),
        Some(other) => Some(other.to_string().into()),
    })
}
