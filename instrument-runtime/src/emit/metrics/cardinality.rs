//! Limits the number of time series.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::StringValue;

/// The value written in place of all others.
const OTHER: &str = "_OTHER";

/// Maximum length of an error type in bytes. A longer one is a message.
const MAX_TYPE_BYTES: usize = 64;

/// Maximum length of a provider or model in bytes. Models can be paths and ARNs.
const MAX_NAME_BYTES: usize = 160;

/// Limits for the attributes whose values services choose. Every value is a time series that a backend stores and bills.
#[derive(Debug)]
pub(super) struct CardinalityLimits {
    pub(super) providers: CardinalityLimit,
    pub(super) models: CardinalityLimit,
    pub(super) error_types: CardinalityLimit,
}

impl Default for CardinalityLimits {
    fn default() -> Self {
        Self {
            providers: CardinalityLimit::new(64, MAX_NAME_BYTES),
            models: CardinalityLimit::new(128, MAX_NAME_BYTES),
            error_types: CardinalityLimit::new(64, MAX_TYPE_BYTES),
        }
    }
}

/// The first distinct values of an attribute, up to a maximum. All later values become `_OTHER`.
#[derive(Debug)]
pub(super) struct CardinalityLimit {
    values: Mutex<HashSet<SharedStr>>,
    max_values: usize,
    max_bytes: usize,
}

/// A value, shared with its measurements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SharedStr(Arc<str>);

impl Borrow<str> for SharedStr {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl CardinalityLimit {
    fn new(max_values: usize, max_bytes: usize) -> Self {
        Self { values: Mutex::default(), max_values, max_bytes }
    }

    /// Returns `value`, or `_OTHER` if the limit is reached or it is not a name.
    pub(super) fn limit(&self, value: &str) -> StringValue {
        if !self.is_name(value) {
            return OTHER.into();
        }
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(SharedStr(shared)) = values.get(value) {
            return Arc::clone(shared).into();
        }
        if values.len() == self.max_values {
            return OTHER.into();
        }
        let shared: Arc<str> = value.into();
        values.insert(SharedStr(Arc::clone(&shared)));
        shared.into()
    }

    /// Returns whether `value` is short and without spaces, unlike a message.
    fn is_name(&self, value: &str) -> bool {
        (1..=self.max_bytes).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

#[cfg(test)]
mod tests {
    use super::{CardinalityLimit, CardinalityLimits};

    #[test]
    fn values_that_are_not_names_become_other() {
        let CardinalityLimits { models, error_types, .. } = CardinalityLimits::default();
        for (value, limited) in [
            ("RuntimeError", "RuntimeError"),
            ("requests.exceptions.Timeout", "requests.exceptions.Timeout"),
            ("503", "503"),
            ("", "_OTHER"),
            ("503 overloaded", "_OTHER"),
            ("ungültig", "_OTHER"),
            (&"E".repeat(64), &"E".repeat(64)),
            (&"E".repeat(65), "_OTHER"),
        ] {
            assert_eq!(error_types.limit(value).as_str(), limited, "{value}");
        }
        let arn =
            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-v1:0";
        assert_eq!(models.limit(arn).as_str(), arn);
    }

    #[test]
    fn values_beyond_the_limit_become_other() {
        let two = CardinalityLimit::new(2, 9);
        let limited = ["a", "b", "a", "c", "b"].map(|value| two.limit(value));
        assert_eq!(limited.map(|value| value.to_string()), ["a", "b", "a", "_OTHER", "b"]);
    }
}
