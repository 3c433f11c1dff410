//! Ids of frames.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// The id of a frame: a number in every log that we know, but a text or any number is told apart as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::frame_log) struct IdNumber(pub(in crate::frame_log) u64);

impl Serialize for IdNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for IdNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = IdNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a frame id")
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<IdNumber, E> {
        Ok(IdNumber(id))
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<IdNumber, E> {
        Ok(IdNumber(id.cast_unsigned()))
    }

    fn visit_f64<E: Error>(self, id: f64) -> Result<IdNumber, E> {
        Ok(IdNumber(id.to_bits()))
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<IdNumber, E> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Ok(IdNumber(hasher.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::IdNumber;

    fn id(json: &str) -> Option<u64> {
        serde_json::from_str::<IdNumber>(json).ok().map(|id| id.0)
    }

    #[test]
    fn an_id_is_a_number_or_a_text() {
        assert_eq!(id("39"), Some(39));
        assert_eq!(id("-1"), Some(u64::MAX));
        assert!(id("1e300").is_some());
        assert_eq!(id(r#""a7f0""#), id(r#""a7f0""#));
        assert_ne!(id(r#""a7f0""#), id(r#""a7f1""#));
        assert_eq!(id("null"), None);
        assert_eq!(id("[39]"), None);
    }
}
