//! Values of attributes that come from outside.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::StringValue;

/// What stands for every word that is not admitted.
const OTHER: &str = "_OTHER";

/// A word longer than this is no name of a kind: somebody has put a message in its scope.
const LONGEST_TYPE: usize = 64;

/// Names of models can be paths and ARNs.
const LONGEST_NAME: usize = 160;

/// The values that attributes of metrics may have, where they come from outside: every one is a time series that a
/// backend keeps, and is paid for.
#[derive(Debug)]
pub(super) struct CardinalityLimits {
    pub(super) providers: CardinalityLimit,
    pub(super) models: CardinalityLimit,
    pub(super) error_types: CardinalityLimit,
}

impl Default for CardinalityLimits {
    fn default() -> Self {
        Self {
            providers: CardinalityLimit::new(64, LONGEST_NAME),
            models: CardinalityLimit::new(128, LONGEST_NAME),
            error_types: CardinalityLimit::new(64, LONGEST_TYPE),
        }
    }
}

/// So many words, first come, first served. Every other is `_OTHER`.
#[derive(Debug)]
pub(super) struct CardinalityLimit {
    words: Mutex<HashSet<Word>>,
    most: usize,
    longest: usize,
}

/// A word, shared with the measurements that bear it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Word(Arc<str>);

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl CardinalityLimit {
    fn new(most: usize, longest: usize) -> Self {
        Self { words: Mutex::default(), most, longest }
    }

    /// `word`, if it is admitted.
    pub(super) fn admit(&self, word: &str) -> StringValue {
        if !self.is_word(word) {
            return OTHER.into();
        }
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Word(known)) = words.get(word) {
            return Arc::clone(known).into();
        }
        if words.len() == self.most {
            return OTHER.into();
        }
        let new: Arc<str> = word.into();
        words.insert(Word(Arc::clone(&new)));
        new.into()
    }

    /// Texts have spaces in them, names have none.
    fn is_word(&self, word: &str) -> bool {
        (1..=self.longest).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

#[cfg(test)]
mod tests {
    use super::{CardinalityLimit, CardinalityLimits};

    #[test]
    fn what_is_no_name_is_other() {
        let CardinalityLimits { models, error_types, .. } = CardinalityLimits::default();
        for (word, admitted) in [
            ("RuntimeError", "RuntimeError"),
            ("requests.exceptions.Timeout", "requests.exceptions.Timeout"),
            ("503", "503"),
            ("", "_OTHER"),
            ("503 overloaded", "_OTHER"),
            ("ungültig", "_OTHER"),
            (&"E".repeat(64), &"E".repeat(64)),
            (&"E".repeat(65), "_OTHER"),
        ] {
            assert_eq!(error_types.admit(word).as_str(), admitted, "{word}");
        }
        let arn =
            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-v1:0";
        assert_eq!(models.admit(arn).as_str(), arn);
    }

    #[test]
    fn words_are_admitted_until_there_are_enough() {
        let two = CardinalityLimit::new(2, 9);
        let admitted = ["a", "b", "a", "c", "b"].map(|word| two.admit(word));
        assert_eq!(admitted.map(|word| word.to_string()), ["a", "b", "a", "_OTHER", "b"]);
    }
}
