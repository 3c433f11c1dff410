//! JSON and chat contexts, for adapters whose frames hold [`serde_json::Value`].
//!
//! ```
//! use pipecat_instrument_runtime::engine::frame::{Frame, FunctionCall};
//! use serde_json::json;
//!
//! let arguments = json!({"city": "Paris"});
//! let call = FunctionCall { name: "get_weather", tool_call_id: "call_1", arguments: Some(&arguments) };
//! let frame = Frame::FunctionCallInProgress(call);
//! ```

mod chat;
#[cfg(test)]
mod tests;

pub use chat::JsonContext;
pub(crate) use chat::{message_from_json, message_to_json, role_of};

use serde_json::Value;

use crate::engine::frame::Json;

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

/// JSON text, for adapters whose frames hold it unparsed. Text that is no JSON counts as a string.
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
    /// The value that the text tells.
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
