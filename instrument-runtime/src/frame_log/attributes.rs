//! Attributes of a conversation, as the header holds them.

use opentelemetry::{Array, KeyValue, Value as Attribute};
use serde_json::{Map, Value};

/// The attributes as JSON, with their types kept.
pub(super) fn to_json(attributes: &[KeyValue]) -> Map<String, Value> {
    attributes
        .iter()
        .map(|attribute| (attribute.key.as_str().to_owned(), attribute_to_json(&attribute.value)))
        .collect()
}

/// The attributes that JSON tells. What no attribute can be (an object, a mixed list) is one of JSON text.
pub(super) fn from_json(attributes: &Map<String, Value>) -> Vec<KeyValue> {
    attributes
        .iter()
        .filter_map(|(key, value)| Some(KeyValue::new(key.clone(), attribute_from_json(value)?)))
        .collect()
}

fn attribute_to_json(attribute: &Attribute) -> Value {
    match attribute {
        Attribute::Bool(value) => Value::from(*value),
        Attribute::I64(value) => Value::from(*value),
        Attribute::F64(value) => Value::from(*value),
        Attribute::String(text) => Value::from(text.as_str()),
        Attribute::Array(Array::Bool(values)) => Value::from(values.clone()),
        Attribute::Array(Array::I64(values)) => Value::from(values.clone()),
        Attribute::Array(Array::F64(values)) => Value::from(values.clone()),
        Attribute::Array(Array::String(texts)) => {
            texts.iter().map(|text| Value::from(text.as_str())).collect()
        }
        other => Value::from(other.to_string()),
    }
}

fn attribute_from_json(value: &Value) -> Option<Attribute> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => Attribute::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Attribute::I64(whole),
            None => Attribute::F64(number.as_f64()?),
        },
        Value::String(text) => Attribute::String(text.clone().into()),
        Value::Array(values) => {
            list(values).map_or_else(|| Attribute::from(value.to_string()), Attribute::Array)
        }
        Value::Object(_) => Attribute::from(value.to_string()),
    })
}

/// A list of one type.
fn list(values: &[Value]) -> Option<Array> {
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

    use super::{from_json, to_json};

    #[test]
    fn attributes_keep_their_types() {
        let Value::Object(attributes) = json!({
            "tenant": "acme", "seats": 12, "share": 0.5, "trial": false,
            "tags": ["a", "b"], "rates": [0.5, 1.5], "days": [1, 2], "flags": [true],
        }) else {
            unreachable!("it is an object")
        };
        assert_eq!(to_json(&from_json(&attributes)), attributes);
    }

    #[test]
    fn what_no_attribute_can_be_is_json_text() {
        let Value::Object(attributes) = json!({"who": {"id": 1}, "mixed": [1, "a"], "none": null}) else {
            unreachable!("it is an object")
        };
        let texts = json!({"who": r#"{"id":1}"#, "mixed": r#"[1,"a"]"#});
        assert_eq!(Value::Object(to_json(&from_json(&attributes))), texts);
    }
}
