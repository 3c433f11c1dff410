//! Function calls.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::engine::frame::{FunctionCall, FunctionCallList, FunctionCallResult, Json};
use crate::engine::truncate::MAX_TEXT_LENGTH;
use crate::json::RawJson;

/// The calls that a language model requests together.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct FunctionCallsPayload<'a> {
    #[serde(default)]
    function_calls: Vec<FunctionCallPayload<'a>>,
}

impl From<&dyn FunctionCallList> for FunctionCallsPayload<'_> {
    /// Copies the calls, as a list shows each only while it is visited.
    fn from(calls: &dyn FunctionCallList) -> Self {
        let mut function_calls = Vec::new();
        calls.for_each(&mut |call| function_calls.push(FunctionCallPayload::from(call).into_owned()));
        Self { function_calls }
    }
}

impl FunctionCallsPayload<'_> {
    pub(super) fn bytes(&self) -> usize {
        self.function_calls.iter().map(|call| size_of::<FunctionCallPayload<'_>>() + call.bytes()).sum()
    }

    pub(super) fn into_owned(self) -> FunctionCallsPayload<'static> {
        let calls = self.function_calls.into_iter().map(FunctionCallPayload::into_owned);
        FunctionCallsPayload { function_calls: calls.collect() }
    }
}

impl FunctionCallList for FunctionCallsPayload<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.function_calls.iter().for_each(|call| visit(call.into()));
    }
}

impl<'p> From<&'p FunctionCallsPayload<'_>> for &'p dyn FunctionCallList {
    fn from(payload: &'p FunctionCallsPayload<'_>) -> Self {
        payload
    }
}

/// One call, with its arguments, its result or its error.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct FunctionCallPayload<'a> {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    function_name: Cow<'a, str>,
    #[serde(default)]
    pub(super) tool_call_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<JsonText>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text_or_json")]
    error: Option<Cow<'a, str>>,
    /// Written only for an intermediate result, as `false`. Null is read as if it was absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_final: Option<bool>,
}

impl<'a> FunctionCallPayload<'a> {
    /// Returns the payload of a call with an id and nothing else.
    pub(super) fn with_id(tool_call_id: &'a str) -> Self {
        Self {
            function_name: Cow::default(),
            tool_call_id: tool_call_id.into(),
            arguments: None,
            result: None,
            error: None,
            is_final: None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let json = [&self.arguments, &self.result].into_iter().flatten().map(|json| json.0.len());
        self.function_name.len() + self.error.as_deref().map_or(0, str::len) + json.sum::<usize>()
    }

    pub(super) fn into_owned(self) -> FunctionCallPayload<'static> {
        FunctionCallPayload {
            function_name: self.function_name.into_owned().into(),
            tool_call_id: self.tool_call_id.into_owned().into(),
            arguments: self.arguments,
            result: self.result,
            error: self.error.map(|error| error.into_owned().into()),
            is_final: self.is_final,
        }
    }
}

impl<'a> From<FunctionCall<'a>> for FunctionCallPayload<'a> {
    fn from(call: FunctionCall<'a>) -> Self {
        Self {
            function_name: call.name.into(),
            arguments: call.arguments.map(JsonText::of),
            ..Self::with_id(call.tool_call_id)
        }
    }
}

impl<'a> From<FunctionCallResult<'a>> for FunctionCallPayload<'a> {
    fn from(result: FunctionCallResult<'a>) -> Self {
        Self {
            function_name: result.name.into(),
            result: result.result.map(JsonText::of),
            error: result.error.map(Cow::from),
            is_final: (!result.is_final).then_some(false),
            ..Self::with_id(result.tool_call_id)
        }
    }
}

impl<'p> From<&'p FunctionCallPayload<'_>> for FunctionCall<'p> {
    fn from(payload: &'p FunctionCallPayload<'_>) -> Self {
        Self {
            name: &payload.function_name,
            tool_call_id: &payload.tool_call_id,
            arguments: payload.arguments.as_ref().map(|arguments| arguments as &dyn Json),
        }
    }
}

impl<'p> From<&'p FunctionCallPayload<'_>> for FunctionCallResult<'p> {
    fn from(payload: &'p FunctionCallPayload<'_>) -> Self {
        Self {
            name: &payload.function_name,
            tool_call_id: &payload.tool_call_id,
            result: payload.result.as_ref().map(|result| result as &dyn Json),
            error: payload.error.as_deref(),
            is_final: payload.is_final.unwrap_or(true),
        }
    }
}

/// JSON that is passed on unchanged.
struct JsonText(String);

impl JsonText {
    /// Copies the text of `json`, within the limit of a text. Converting is all that the pipeline waits for.
    fn of(json: &dyn Json) -> Self {
        Self(json.to_text_within(MAX_TEXT_LENGTH))
    }
}

impl Serialize for JsonText {
    /// Checks the text, as an adapter's mistake must not break a line of the log: invalid JSON becomes a JSON string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<&RawValue>(&self.0) {
            Ok(one_line) if !one_line.get().contains('\n') => one_line.serialize(serializer),
            Ok(_) => RawJson(&self.0).parsed().serialize(serializer),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer)?.get().to_owned()))
    }
}

impl Json for JsonText {
    fn to_text(&self) -> String {
        RawJson(&self.0).to_text()
    }

    fn to_text_within(&self, max_length: usize) -> String {
        RawJson(&self.0).to_text_within(max_length)
    }

    fn error_text(&self) -> Option<String> {
        RawJson(&self.0).error_text()
    }
}

/// Reads a string; any other JSON but null is read as its text.
fn text_or_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'static, str>>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        None => None,
        Some(Value::String(text)) => Some(text.into()),
        Some(other) => Some(other.to_string().into()),
    })
}
