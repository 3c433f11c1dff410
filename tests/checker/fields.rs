//! Reads the fields of a JSON object one by one.

use serde_json::{Map, Value};

use super::Outcome;

/// The fields of a JSON object. Reading a field removes it, so that [`finish`](Self::finish) finds unread ones: a misspelled
/// expectation would otherwise never be checked.
#[derive(Debug)]
pub(crate) struct Fields {
    owner: String,
    unread: Map<String, Value>,
}

impl Fields {
    /// Returns the fields of `object`, which errors call `owner`.
    pub(crate) fn new(owner: impl Into<String>, object: Map<String, Value>) -> Self {
        Self { owner: owner.into(), unread: object }
    }

    /// Returns the fields of `value`, which must be an object.
    pub(crate) fn of(owner: impl Into<String>, value: Value) -> Outcome<Self> {
        let owner = owner.into();
        match value {
            Value::Object(object) => Ok(Self::new(owner, object)),
            other => Err(format!("{owner}: {other} is not an object").into()),
        }
    }

    /// Changes the name in errors.
    pub(crate) fn with_owner(self, owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), ..self }
    }

    /// Reads a field of any type.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.unread.remove(key)
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
        self.take_as(key, "an integer", |value| value.as_i64().ok_or(value))
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

    /// Reads a required field with `take`.
    pub(crate) fn required<T>(
        &mut self,
        key: &str,
        take: fn(&mut Self, &str) -> Outcome<Option<T>>,
    ) -> Outcome<T> {
        take(self, key)?.ok_or_else(|| format!("{}: `{key}` is missing", self.owner).into())
    }

    /// Fails if there are unread fields other than notes for readers.
    pub(crate) fn finish(mut self) -> Outcome<()> {
        self.unread.remove("note");
        match self.unread.keys().next() {
            Some(key) => Err(format!("{}: `{key}` is not a known field", self.owner).into()),
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
