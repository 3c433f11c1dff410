//! The header of a log, as it is written and as it is read.

use std::time::Duration;

use opentelemetry::{Array, KeyValue, Value as AttributeValue};
use serde_json::{Map, Value};

use super::format::{HeaderLine, VERSION};
use crate::engine::conversation::{ConversationConfig, FrameSupport};
use crate::engine::time::Time;

/// The name of this writer.
const WRITER: &str = concat!("pipecat-instrument/", env!("CARGO_PKG_VERSION"));

/// The content of a new log's header.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::engine::time::Time;
/// use pipecat_instrument_runtime::frame_log::HeaderInfo;
///
/// let header = HeaderInfo {
///     turn_end_timeout: Some(Duration::from_millis(400)),
///     ..HeaderInfo::new("call-42", Time::from_unix_nanos(5))
/// };
/// ```
#[derive(Debug, Clone, Copy)]
pub struct HeaderInfo<'a> {
    /// The conversation's id.
    pub conversation_id: &'a str,
    /// The time at which the conversation begins.
    pub begun: Time,
    /// Attributes of every span of the conversation.
    pub attributes: &'a [KeyValue],
    /// Time from the end of the bot's speech to the end of its turn; `None` for the default.
    pub turn_end_timeout: Option<Duration>,
    /// The frames that the framework sends.
    pub frame_support: FrameSupport,
}

impl<'a> HeaderInfo<'a> {
    /// Creates a header with an id and a time, and defaults for everything else.
    pub fn new(conversation_id: &'a str, begun: Time) -> Self {
        Self {
            conversation_id,
            begun,
            attributes: &[],
            turn_end_timeout: None,
            frame_support: FrameSupport::default(),
        }
    }

    pub(super) fn to_line(self) -> HeaderLine<'static> {
        HeaderLine {
            frame_log: VERSION,
            writer: WRITER.into(),
            wall: self.begun.as_unix_nanos(),
            conversation_id: Some(self.conversation_id.to_owned().into()),
            attributes: (!self.attributes.is_empty()).then(|| attributes_to_json(self.attributes)),
            turn_end_timeout_ms: self
                .turn_end_timeout
                .map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            frame_support: self.frame_support,
            part: None,
        }
    }
}

/// The header of a log that is read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Header {
    /// The program that wrote the log, such as `pipecat_recorder/1 pipecat/1.14.0`.
    pub writer: String,
    /// The time at which the log begins.
    pub begun: Time,
    /// The conversation's id, if it has one.
    pub conversation_id: Option<String>,
    /// Attributes of every span of the conversation.
    pub attributes: Vec<KeyValue>,
    /// Time from the end of the bot's speech to the end of its turn; `None` for the default.
    pub turn_end_timeout: Option<Duration>,
    /// The frames that the framework sends.
    pub frame_support: FrameSupport,
    /// The number of this part, from 1; `None` where the log is not split into parts.
    pub part: Option<u32>,
}

impl Header {
    /// Returns `defaults` with the settings that the log contains.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
    /// use pipecat_instrument_runtime::frame_log::FrameLogReader;
    ///
    /// let log = "{\"frame_log\":1,\"writer\":\"me\",\"wall\":0,\"turn_end_timeout_ms\":400}\n";
    /// let reader = FrameLogReader::new(log.as_bytes())?;
    /// let config = reader.header().config(ConversationConfig::default());
    /// assert_eq!(config.turn_end_timeout.as_millis(), 400);
    /// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
    /// ```
    pub fn config(&self, mut defaults: ConversationConfig) -> ConversationConfig {
        if let Some(timeout) = self.turn_end_timeout {
            defaults.turn_end_timeout = timeout;
        }
        defaults.frame_support = self.frame_support;
        defaults
    }
}

impl From<HeaderLine<'_>> for Header {
    fn from(line: HeaderLine<'_>) -> Self {
        Self {
            writer: line.writer.into_owned(),
            begun: Time::from_unix_nanos(line.wall),
            conversation_id: line.conversation_id.map(std::borrow::Cow::into_owned),
            attributes: line.attributes.as_ref().map(attributes_from_json).unwrap_or_default(),
            turn_end_timeout: line.turn_end_timeout_ms.map(Duration::from_millis),
            frame_support: line.frame_support,
            part: line.part,
        }
    }
}

/// Converts attributes to JSON of the same types.
fn attributes_to_json(attributes: &[KeyValue]) -> Map<String, Value> {
    attributes
        .iter()
        .map(|attribute| (attribute.key.as_str().to_owned(), value_to_json(&attribute.value)))
        .collect()
}

/// Converts JSON to attributes. A value that cannot be an attribute (an object, a mixed list) becomes its JSON text.
fn attributes_from_json(attributes: &Map<String, Value>) -> Vec<KeyValue> {
    attributes
        .iter()
        .filter_map(|(key, value)| Some(KeyValue::new(key.clone(), value_from_json(value)?)))
        .collect()
}

fn value_to_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Bool(value) => Value::from(*value),
        AttributeValue::I64(value) => Value::from(*value),
        AttributeValue::F64(value) => Value::from(*value),
        AttributeValue::String(text) => Value::from(text.as_str()),
        AttributeValue::Array(Array::Bool(values)) => Value::from(values.clone()),
        AttributeValue::Array(Array::I64(values)) => Value::from(values.clone()),
        AttributeValue::Array(Array::F64(values)) => Value::from(values.clone()),
        AttributeValue::Array(Array::String(texts)) => {
            texts.iter().map(|text| Value::from(text.as_str())).collect()
        }
        other => Value::from(other.to_string()),
    }
}

fn value_from_json(value: &Value) -> Option<AttributeValue> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => AttributeValue::I64(integer),
            None => AttributeValue::F64(number.as_f64()?),
        },
        Value::String(text) => AttributeValue::String(text.clone().into()),
        Value::Array(values) => array_from_json(values)
            .map_or_else(|| AttributeValue::from(value.to_string()), AttributeValue::Array),
        Value::Object(_) => AttributeValue::from(value.to_string()),
    })
}

/// Converts a list whose values all have one type.
fn array_from_json(values: &[Value]) -> Option<Array> {
    fn all<T>(values: &[Value], each: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        values.iter().map(each).collect()
    }
    all(values, |value| value.as_str().map(|text| text.to_owned().into()))
        .map(Array::String)
        .or_else(|| all(values, Value::as_i64).map(Array::I64))
        .or_else(|| all(values, Value::as_f64).map(Array::F64))
        .or_else(|| all(values, Value::as_bool).map(Array::Bool))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{attributes_from_json, attributes_to_json};

    #[test]
    fn attributes_keep_their_types() {
        let Value::Object(attributes) = json!({
            "tenant": "acme", "seats": 12, "share": 0.5, "trial": false,
            "tags": ["a", "b"], "rates": [0.5, 1.5], "days": [1, 2], "flags": [true],
        }) else {
            unreachable!("it is an object")
        };
        assert_eq!(attributes_to_json(&attributes_from_json(&attributes)), attributes);
    }

    #[test]
    fn objects_and_mixed_lists_become_json_text() {
        let Value::Object(attributes) = json!({"who": {"id": 1}, "mixed": [1, "a"], "none": null}) else {
            unreachable!("it is an object")
        };
        let texts = json!({"who": r#"{"id":1}"#, "mixed": r#"[1,"a"]"#});
        assert_eq!(Value::Object(attributes_to_json(&attributes_from_json(&attributes))), texts);
    }
}
