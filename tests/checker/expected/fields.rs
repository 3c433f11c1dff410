//! The fields of a JSON object, taken out one by one.

use serde_json::{Map, Value};

use crate::checker::Outcome;

/// The fields of one JSON object. Each is taken out when it is read, so that one which nobody reads is found: a
/// misspelled expectation would else never be checked.
#[derive(Debug)]
pub(crate) struct Fields {
    owner: String,
    left: Map<String, Value>,
}

impl Fields {
    /// The fields of `object`; errors call it `owner`.
    pub(crate) fn new(owner: impl Into<String>, object: Map<String, Value>) -> Self {
        Self { owner: owner.into(), left: object }
    }

    /// The fields of `value`, which must be an object.
    pub(crate) fn of(owner: impl Into<String>, value: Value) -> Outcome<Self> {
        let owner = owner.into();
        match value {
            Value::Object(object) => Ok(Self::new(owner, object)),
            other => Err(format!("{owner}: {other} is no object").into()),
        }
    }

    /// The same, under the name that they turned out to have.
    pub(crate) fn called(self, owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), ..self }
    }

    /// A field of any kind.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.left.remove(key)
    }

    pub(crate) fn take_text(&mut self, key: &str) -> Outcome<Option<String>> {
        self.take_as(key, "text", |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    pub(crate) fn take_number(&mut self, key: &str) -> Outcome<Option<f64>> {
        self.take_as(key, "a number", |value| value.as_f64().ok_or(value))
    }

    pub(crate) fn take_integer(&mut self, key: &str) -> Outcome<Option<i64>> {
        self.take_as(key, "a whole number", |value| value.as_i64().ok_or(value))
    }

    pub(crate) fn take_list(&mut self, key: &str) -> Outcome<Option<Vec<Value>>> {
        self.take_as(key, "a list", |value| match value {
            Value::Array(list) => Ok(list),
            other => Err(other),
        })
    }

    pub(crate) fn take_object(&mut self, key: &str) -> Outcome<Option<Map<String, Value>>> {
        self.take_as(key, "an object", |value| match value {
            Value::Object(object) => Ok(object),
            other => Err(other),
        })
    }

    /// A field that cannot be left out, taken out by `take`.
    pub(crate) fn needed<T>(
        &mut self,
        key: &str,
        take: fn(&mut Self, &str) -> Outcome<Option<T>>,
    ) -> Outcome<T> {
        take(self, key)?.ok_or_else(|| format!("{}: `{key}` is missing", self.owner).into())
    }

    /// Ends the reading: nothing may be left but notes for readers.
    pub(crate) fn finish(mut self) -> Outcome<()> {
        self.left.remove("note");
        match self.left.keys().next() {
            Some(key) => Err(format!("{}: `{key}` is nothing that is checked", self.owner).into()),
            None => Ok(()),
        }
    }

    fn take_as<T>(
        &mut self,
        key: &str,
        kind: &str,
        read: impl FnOnce(Value) -> Result<T, Value>,
    ) -> Outcome<Option<T>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        match read(value) {
            Ok(value) => Ok(Some(value)),
            Err(other) => Err(format!("{}: `{key}` is {other}, not {kind}", self.owner).into()),
        }
    }
}
