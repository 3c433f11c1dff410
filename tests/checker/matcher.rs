//! Expected values, and whether a value matches them.

use std::fmt;

use serde_json::{Map, Number, Value};

use super::Outcome;
use super::fields::Fields;
use super::report::Verdict;

/// An expected value, exact or with leeway.
#[derive(Debug, Clone)]
pub(crate) enum Matcher {
    /// This value. Numbers may differ by a millionth; null matches an absent or empty value.
    Exact(Value),
    /// Anything but empty text.
    Present,
    /// No value.
    Absent,
    /// No value, or false.
    Falsy,
    /// A value that one of these matches.
    AnyOf(Vec<Matcher>),
    /// One of these values.
    In(Vec<Value>),
    /// JSON text of this value.
    Json(Value),
    /// JSON text of an object with at least these fields.
    JsonContains(Map<String, Value>),
    /// Text that contains this.
    Contains(String),
    /// A list of texts, at least one with this in it.
    OneContains(String),
    /// A number from `min` to `max`.
    Between { min: f64, max: f64 },
}

impl Matcher {
    /// Reads a matcher as expectations spell it: an object of one of the known keys, or else the value itself.
    pub(crate) fn read(value: Value) -> Outcome<Self> {
        let Value::Object(object) = value else {
            return Ok(Self::Exact(value));
        };
        let name = format!("the matcher {}", Value::Object(object.clone()));
        let mut fields = Fields::new(name.clone(), object);
        let matcher = if fields.take("present").is_some() {
            Self::Present
        } else if fields.take("absent").is_some() {
            Self::Absent
        } else if fields.take("falsy").is_some() {
            Self::Falsy
        } else if let Some(alternatives) = fields.take_list("any_of")? {
            Self::AnyOf(alternatives.into_iter().map(Self::read).collect::<Outcome<_>>()?)
        } else if let Some(values) = fields.take_list("in")? {
            Self::In(values)
        } else if let Some(value) = fields.take("json") {
            Self::Json(value)
        } else if let Some(object) = fields.take_object("json_contains")? {
            Self::JsonContains(object)
        } else if let Some(text) = fields.take_text("contains")? {
            Self::Contains(text)
        } else {
            Self::read_between(&mut fields, f64::NEG_INFINITY, "min", "max")?
                .ok_or_else(|| format!("{name} is unknown"))?
        };
        fields.finish()?;
        Ok(matcher)
    }

    /// Reads the fields `min` and `max`; `None` if both are missing.
    pub(crate) fn read_between(
        fields: &mut Fields,
        least: f64,
        min: &str,
        max: &str,
    ) -> Outcome<Option<Self>> {
        Ok(match (fields.take_number(min)?, fields.take_number(max)?) {
            (None, None) => None,
            (min, max) => {
                Some(Self::Between { min: min.unwrap_or(least), max: max.unwrap_or(f64::INFINITY) })
            }
        })
    }

    /// Returns whether `got` matches; `None` stands for a missing value.
    pub(crate) fn matches(&self, got: Option<&Value>) -> bool {
        match self {
            Self::Exact(wanted) => is(wanted, got),
            Self::Present => got.is_some_and(|got| got != ""),
            Self::Absent => got.is_none(),
            Self::Falsy => matches!(got, None | Some(Value::Bool(false))),
            Self::AnyOf(alternatives) => alternatives.iter().any(|wanted| wanted.matches(got)),
            Self::In(values) => values.iter().any(|wanted| is(wanted, got)),
            Self::Json(wanted) => parse_json(got).is_some_and(|got| same(wanted, &got)),
            Self::JsonContains(wanted) => {
                parse_json(got).is_some_and(|got| got.as_object().is_some_and(|got| has_fields(got, wanted)))
            }
            Self::Contains(part) => got.and_then(Value::as_str).is_some_and(|text| text.contains(part)),
            Self::OneContains(part) => {
                let texts = got.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                texts.iter().filter_map(Value::as_str).any(|text| text.contains(part))
            }
            Self::Between { min, max } => {
                got.and_then(Value::as_f64).is_some_and(|got| (*min..=*max).contains(&got))
            }
        }
    }

    /// Returns the verdict on `got`.
    pub(crate) fn verdict(&self, got: Option<&Value>) -> Verdict {
        if self.matches(got) {
            return Verdict::Right;
        }
        let mut verdict = match got {
            Some(got) => Verdict::wrong(self, got),
            None => Verdict::wrong(self, &"(missing)"),
        };
        if let Verdict::Wrong { whitespace_only, .. } = &mut verdict {
            *whitespace_only = self.differs_in_whitespace_only(got);
        }
        verdict
    }

    fn differs_in_whitespace_only(&self, got: Option<&Value>) -> bool {
        match (self, got) {
            (Self::Exact(Value::String(wanted)), Some(Value::String(got))) => {
                wanted != got && wanted.split_whitespace().eq(got.split_whitespace())
            }
            _ => false,
        }
    }
}

/// Describes the matcher in reports.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(value) => value.fmt(f),
            Self::Present => f.write_str("anything"),
            Self::Absent => f.write_str("nothing"),
            Self::Falsy => f.write_str("nothing or false"),
            Self::AnyOf(alternatives) => {
                let alternatives: Vec<String> = alternatives.iter().map(Self::to_string).collect();
                f.write_str(&alternatives.join(" or "))
            }
            Self::In(values) => write!(f, "one of {}", Value::Array(values.clone())),
            Self::Json(value) => write!(f, "JSON {value}"),
            Self::JsonContains(fields) => write!(f, "JSON with {}", Value::Object(fields.clone())),
            Self::Contains(part) | Self::OneContains(part) => write!(f, "text with {part:?}"),
            Self::Between { min, max } => write!(f, "{min} to {max}"),
        }
    }
}

/// Returns whether `got` equals `wanted`, where null equals a missing value.
fn is(wanted: &Value, got: Option<&Value>) -> bool {
    got.map_or(wanted.is_null(), |got| same(wanted, got))
}

fn same(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::Null, Value::String(text)) => text.is_empty(),
        (Value::Number(wanted), Value::Number(got)) => nearly_equal(wanted, got),
        (Value::Array(wanted), Value::Array(got)) => {
            wanted.len() == got.len() && wanted.iter().zip(got).all(|(wanted, got)| same(wanted, got))
        }
        (Value::Object(wanted), Value::Object(got)) => wanted.len() == got.len() && has_fields(got, wanted),
        _ => wanted == got,
    }
}

fn has_fields(got: &Map<String, Value>, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(key, wanted)| got.get(key).is_some_and(|got| same(wanted, got)))
}

/// Compares to a millionth, as seconds are converted to floats and back.
fn nearly_equal(wanted: &Number, got: &Number) -> bool {
    let (Some(wanted), Some(got)) = (wanted.as_f64(), got.as_f64()) else {
        return wanted == got;
    };
    (wanted - got).abs() <= 1e-6 * wanted.abs().max(got.abs()) + 1e-9
}

/// Returns the value of JSON text, or another value unchanged; `None` for text that is not JSON.
pub(crate) fn parse_json(got: Option<&Value>) -> Option<Value> {
    match got? {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Matcher;
    use crate::checker::Outcome;

    /// Returns whether the matcher `expected`, as JSON, matches `got`.
    fn matches(expected: &Value, got: Option<&Value>) -> Outcome<bool> {
        Ok(Matcher::read(expected.clone())?.matches(got))
    }

    #[test]
    fn each_matcher_accepts_one_value_and_rejects_another() -> Outcome<()> {
        let cases = [
            (json!("a"), json!("a"), json!("b")),
            (json!(1), json!(1.0), json!(2)),
            (json!(1), json!(1), json!(true)),
            (json!(0.25), json!(0.250_000_1), json!(0.251)),
            (json!(true), json!(true), json!(1)),
            (json!(null), json!(""), json!("null")),
            (json!(["user", null]), json!(["user", ""]), json!(["user"])),
            (json!({"present": true}), json!(0), json!("")),
            (json!({"falsy": true}), json!(false), json!("")),
            (json!({"any_of": ["a", {"min": 2}]}), json!(3), json!("b")),
            (json!({"in": [1, 2]}), json!(2.0), json!(3)),
            (json!({"json": {"a": 1, "b": 2}}), json!(r#"{"b": 2, "a": 1.0}"#), json!(r#"{"a":1}"#)),
            (json!({"json": "a"}), json!(r#""a""#), json!("a")),
            (json!({"json_contains": {"a": 1}}), json!(r#"{"a":1,"b":2}"#), json!(r#"{"b":2}"#)),
            (json!({"contains": "b"}), json!("abc"), json!(["b"])),
            (json!({"min": 1, "max": 2}), json!(2), json!(2.001)),
            (json!({"max": 2}), json!(-7), json!("1")),
            (json!({"min": 0}), json!(0), json!(false)),
        ];
        for (expected, right, wrong) in cases {
            assert!(matches(&expected, Some(&right))?, "{expected} accepts {right}");
            assert!(!matches(&expected, Some(&wrong))?, "{expected} rejects {wrong}");
        }
        Ok(())
    }

    #[test]
    fn some_matchers_accept_a_missing_value() -> Outcome<()> {
        for expected in
            [json!(null), json!({"absent": true}), json!({"falsy": true}), json!({"in": [1, null]})]
        {
            assert!(matches(&expected, None)?, "{expected} accepts a missing value");
        }
        for expected in [json!(""), json!({"present": true}), json!({"json": null}), json!({"min": 0})] {
            assert!(!matches(&expected, None)?, "{expected} rejects a missing value");
        }
        assert!(!matches(&json!({"absent": true}), Some(&json!("")))?, "an empty value is not absent");
        Ok(())
    }
}
