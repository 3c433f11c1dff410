//! One exported span, held against what it should say.

use std::time::Duration;

use opentelemetry::Value;
use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::SpanData;

use super::expected::{Fact, Kind, Want, What};
use crate::emit::keys;

/// A span that was exported.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a>(pub(super) &'a SpanData);

impl<'a> Found<'a> {
    /// `None` for a turn.
    pub(super) fn kind(self) -> Option<Kind> {
        match self.text(keys::SERVICE_TYPE).as_deref() {
            Some("stt") => Some(Kind::Stt),
            Some("llm") => Some(Kind::Llm),
            Some("tts") => Some(Kind::Tts),
            _ => self.value(keys::TOOL_NAME).map(|_| Kind::Tool),
        }
    }

    /// What is broken of `fact`: what is found in its place.
    pub(super) fn breaks(self, fact: &Fact) -> Option<String> {
        let found = match &fact.what {
            What::Attribute(key) => self.text(key),
            What::Status => Some(format!("{:?}", self.0.status)),
            What::Exception => self.exception(),
            What::Duration => Some(format!("{} ms", self.duration().as_millis())),
        };
        let holds = match (&fact.want, &found) {
            (Want::Absent, found) => found.is_none(),
            (Want::There, found) => found.is_some(),
            (Want::Text(wanted), Some(found)) => wanted == found,
            (Want::BeginningOf(whole), found) => whole.starts_with(found.as_deref().unwrap_or_default()),
            (Want::Json(wanted), Some(found)) => means(found, wanted),
            (Want::Number(wanted), Some(found)) => *found == wanted.to_string(),
            (Want::True, Some(found)) => found == "true",
            (Want::False, Some(found)) => found == "false",
            (Want::Saying(wanted), Some(found)) => found.contains(wanted),
            (Want::Error(message), _) => match &self.0.status {
                Status::Error { description } => description.contains(message),
                Status::Unset | Status::Ok => false,
            },
            (Want::Ok, _) => self.0.status == Status::Ok,
            (Want::AtLeast(wanted), _) => self.duration() >= *wanted,
            (Want::LessThan(key), Some(found)) => {
                let number = |text: &str| text.parse::<f64>().ok();
                let limit = self.text(key).as_deref().and_then(number);
                number(found).zip(limit).is_some_and(|(found, limit)| found < limit)
            }
            (_, None) => false,
        };
        (!holds).then(|| found.map_or_else(|| "nothing".to_owned(), |found| format!("{found:?}")))
    }

    pub(super) fn text(self, key: &str) -> Option<String> {
        self.value(key).map(|value| value.as_str().into_owned())
    }

    fn value(self, key: &str) -> Option<&'a Value> {
        self.0.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|found| &found.value)
    }

    fn exception(self) -> Option<String> {
        let of_events = self.0.events.iter().flat_map(|event| &event.attributes);
        of_events
            .filter(|attribute| attribute.key.as_str() == keys::EXCEPTION_MESSAGE)
            .map(|attribute| attribute.value.as_str().into_owned())
            .next()
    }

    fn duration(self) -> Duration {
        self.0.end_time.duration_since(self.0.start_time).unwrap_or_default()
    }
}

/// Whether `found` is `wanted` as JSON, or a text that is.
fn means(found: &str, wanted: &serde_json::Value) -> bool {
    match serde_json::from_str(found) {
        Ok(serde_json::Value::String(inside)) => {
            serde_json::from_str::<serde_json::Value>(&inside).is_ok_and(|inside| inside == *wanted)
        }
        Ok(found) => found == *wanted,
        Err(_) => false,
    }
}
