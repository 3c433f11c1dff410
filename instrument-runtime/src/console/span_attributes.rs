//! What a finished span says, by key.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use crate::console::terminal_text::one_line;
use crate::emit::keys::{self, MessageField, MessageKeys, MessageList};

/// What kind of span, as far as the tree cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// The turn of this number.
    Turn(i64),
    /// A service of this type.
    Service(&'a str),
    /// A function call.
    Tool,
    /// Any other: one that was made by hand, or by another instrumentation.
    Other,
}

/// What kind of span `span` is. Its attributes tell, as its name depends on settings.
pub(super) fn kind(span: &SpanData) -> Kind<'_> {
    if let Some(number) = whole(span, keys::TURN_NUMBER) {
        Kind::Turn(number)
    } else if let Some(service_type) = text(span, keys::SERVICE_TYPE) {
        Kind::Service(service_type)
    } else if text(span, keys::TOOL_NAME).is_some() {
        Kind::Tool
    } else {
        Kind::Other
    }
}

/// The text under `key`.
pub(super) fn text<'a>(span: &'a SpanData, key: &str) -> Option<&'a str> {
    find(&span.attributes, key)
}

/// The whole number under `key`.
pub(super) fn whole(span: &SpanData, key: &str) -> Option<i64> {
    match value(&span.attributes, key)? {
        Value::I64(number) => Some(*number),
        _ => None,
    }
}

/// The number under `key`.
pub(super) fn number(span: &SpanData, key: &str) -> Option<f64> {
    match value(&span.attributes, key)? {
        Value::F64(number) => Some(*number),
        _ => None,
    }
}

/// Whether `key` is true.
pub(super) fn is_true(span: &SpanData, key: &str) -> bool {
    value(&span.attributes, key) == Some(&Value::Bool(true))
}

/// How long it took.
pub(super) fn duration(span: &SpanData) -> Duration {
    since(span.end_time, span.start_time)
}

/// How long after `earlier` `later` is; nothing if it is not.
pub(super) fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

/// The functions that a model asked for.
pub(super) fn functions_asked_for(span: &SpanData) -> Vec<&str> {
    let answer = MessageKeys::new(MessageList::Output, 0);
    (0..).map_while(|index| text(span, &answer.key(MessageField::CallName(index)))).collect()
}

/// What went wrong in it, each on one line: its exceptions; where it has none, its status.
pub(super) fn errors(span: &SpanData) -> Vec<String> {
    let exceptions = span.events.iter().filter_map(|event| {
        let message = find(&event.attributes, keys::EXCEPTION_MESSAGE)?;
        let error_type = find(&event.attributes, keys::EXCEPTION_TYPE).unwrap_or_default();
        Some(one_line(&format!("{error_type}: {message}")))
    });
    let exceptions: Vec<String> = exceptions.collect();
    match &span.status {
        Status::Error { description } if exceptions.is_empty() => vec![one_line(description)],
        _ => exceptions,
    }
}

fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match value(attributes, key)? {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}
