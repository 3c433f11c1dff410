//! Collects the attributes of one span.

use std::borrow::Cow;

use opentelemetry::{Array, Key, KeyValue, StringValue, Value};

use crate::privacy::Privacy;

/// The usual number of attributes on a span, without messages.
const TYPICAL_COUNT: usize = 64;

/// The attributes of one span, most important first.
///
/// - A key is written once. The first value stays; the SDK would keep and count both.
/// - No key is a dotted prefix of another: Phoenix shows neither `input` nor `input.value` if a span has both.
/// - Attributes beyond the limit are left out, as the SDK would silently drop them.
#[derive(Debug)]
pub(super) struct Attributes {
    list: Vec<KeyValue>,
    limit: usize,
    /// Whether the list has keys from outside the [table of keys](super::keys::table).
    has_foreign_keys: bool,
}

impl Attributes {
    pub(super) fn with_limit(limit: usize) -> Self {
        Self { list: Vec::with_capacity(limit.min(TYPICAL_COUNT)), limit, has_foreign_keys: false }
    }

    /// Returns how many more attributes fit.
    pub(super) fn remaining(&self) -> usize {
        self.limit.saturating_sub(self.list.len())
    }

    /// Reserves memory for `additional` attributes.
    pub(super) fn reserve(&mut self, additional: usize) {
        self.list.reserve(additional);
    }

    /// Adds an attribute with a key of the table, unless the key is present or the limit is reached. A test of `keys`
    /// ensures that no key of the table is a prefix of another, so keys are compared for prefixes only after
    /// [`put_foreign`](Self::put_foreign).
    pub(super) fn put(&mut self, key: &'static str, value: impl Into<Value>) {
        let is_taken = if self.has_foreign_keys { self.conflicts(key) } else { self.contains(key) };
        if !is_taken {
            self.append(key.into(), value.into());
        }
    }

    /// Adds an attribute with any key, unless the key conflicts with an earlier one or the limit is reached.
    pub(super) fn put_foreign(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        let key = key.into();
        if !self.conflicts(key.as_str()) {
            self.has_foreign_keys = true;
            self.append(key, value.into());
        }
    }

    /// Calls [`put`](Self::put) if there is a value.
    pub(super) fn put_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Calls [`put`](Self::put) if there is a count.
    pub(super) fn put_count(&mut self, key: &'static str, count: Option<u64>) {
        self.put_some(key, count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
    }

    /// Adds a flag that is written only when true.
    pub(super) fn put_if(&mut self, key: &'static str, flag: bool) {
        if flag {
            self.put(key, true);
        }
    }

    /// Replaces the value of `key` in its position, or adds the attribute if the key is missing.
    pub(super) fn replace(&mut self, key: &'static str, value: impl Into<Value>) {
        match self.list.iter_mut().find(|attribute| attribute.key.as_str() == key) {
            Some(attribute) => attribute.value = value.into(),
            None => self.put(key, value),
        }
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.list.iter().any(|attribute| attribute.key.as_str() == key)
    }

    /// Returns a writer for distinct keys that all begin with `prefix` and a dot.
    ///
    /// It compares the prefix with the other keys once, instead of each of its own: a context has hundreds.
    pub(super) fn family(&mut self, prefix: &'static str) -> Family<'_> {
        let needs_check = self.has_foreign_keys && self.conflicts(prefix);
        Family { attributes: self, needs_check }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn into_vec(self) -> Vec<KeyValue> {
        self.list
    }

    /// Returns the attributes without the first `skipped`.
    pub(super) fn into_vec_from(mut self, skipped: usize) -> Vec<KeyValue> {
        self.list.drain(..skipped);
        self.list
    }

    fn conflicts(&self, key: &str) -> bool {
        self.list.iter().any(|other| conflict(other.key.as_str(), key))
    }

    fn append(&mut self, key: Key, value: Value) {
        if self.remaining() > 0 {
            self.list.push(KeyValue::new(key, value));
        }
    }
}

/// Writes keys with a common prefix; see [`Attributes::family`].
#[derive(Debug)]
pub(super) struct Family<'a> {
    attributes: &'a mut Attributes,
    /// Whether an additional attribute of the application shares the prefix.
    needs_check: bool,
}

impl Family<'_> {
    /// Adds an attribute, unless its key conflicts with an earlier one or the limit is reached.
    pub(super) fn put(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        if self.needs_check {
            self.attributes.put_foreign(key, value);
        } else {
            self.attributes.append(key.into(), value.into());
        }
    }
}

/// Returns whether two keys are equal, or one is a dotted prefix of the other.
fn conflict(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    // The byte after the shorter key rules out nearly all pairs without comparing the rest.
    matches!(long.as_bytes().get(short.len()), None | Some(b'.')) && long.starts_with(short)
}

/// Truncates the texts in `attributes` to the length that `privacy` allows, each text of a list by itself.
pub(super) fn truncate_values(attributes: &mut [KeyValue], privacy: &Privacy) {
    if privacy.max_value_length().is_none() {
        return;
    }
    for attribute in attributes {
        match &mut attribute.value {
            Value::String(text) => truncate(text, privacy),
            Value::Array(Array::String(texts)) => texts.iter_mut().for_each(|text| truncate(text, privacy)),
            _ => {}
        }
    }
}

fn truncate(text: &mut StringValue, privacy: &Privacy) {
    let truncated = match privacy.truncate(text.as_str()) {
        Cow::Borrowed(same) if same.len() == text.as_str().len() => return,
        truncated => truncated.into_owned(),
    };
    *text = truncated.into();
}

#[cfg(test)]
mod tests;
