//! Typed access to the attributes of a finished span.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::terminal_text::one_line;
use crate::emit::keys::{self, MessageField, MessageKeys, MessageList};

/// The kind of a span, which decides how it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind<'a> {
    /// The turn of this number.
    Turn(i64),
    /// A service of this type: `stt`, `llm`, `tts`, ….
    Service(&'a str),
    Tool,
    /// Any other span: made by hand, or by another instrumentation.
    Other,
}

/// Returns the kind of a span. It is read from attributes, as the name of a span depends on settings.
pub(super) fn kind(span: &SpanData) -> RowKind<'_> {
    if let Some(service_type) = text(span, keys::SERVICE_TYPE) {
        RowKind::Service(service_type)
    } else if text(span, keys::TOOL_NAME).is_some() {
        RowKind::Tool
    } else if let Some(number) = integer(span, keys::TURN_NUMBER) {
        // The spans of services and tools have the number of their turn, too.
        RowKind::Turn(number)
    } else {
        RowKind::Other
    }
}

pub(super) fn text<'a>(span: &'a SpanData, key: &str) -> Option<&'a str> {
    text_of(&span.attributes, key)
}

pub(super) fn integer(span: &SpanData, key: &str) -> Option<i64> {
    match value_of(&span.attributes, key)? {
        Value::I64(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn float(span: &SpanData, key: &str) -> Option<f64> {
    match value_of(&span.attributes, key)? {
        Value::F64(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn is_true(span: &SpanData, key: &str) -> bool {
    value_of(&span.attributes, key) == Some(&Value::Bool(true))
}

/// Returns the time from start to end.
pub(super) fn duration(span: &SpanData) -> Duration {
    since(span.end_time, span.start_time)
}

/// Returns the time from `earlier` to `later`, or zero if they are the other way round.
pub(super) fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

/// Returns the names of the functions that an LLM call requested.
pub(super) fn requested_functions(span: &SpanData) -> Vec<&str> {
    let message = MessageKeys::new(MessageList::Output, 0);
    (0..).map_while(|index| text(span, &message.key(MessageField::CallName(index)))).collect()
}

/// Returns the exceptions of a span, each on one line, or the description of its status if it has none.
pub(super) fn errors(span: &SpanData) -> Vec<String> {
    let exceptions = span.events.iter().filter_map(|event| {
        let message = text_of(&event.attributes, keys::EXCEPTION_MESSAGE)?;
        let error_type = text_of(&event.attributes, keys::EXCEPTION_TYPE).unwrap_or_default();
        Some(one_line(&format!("{error_type}: {message}")))
    });
    let exceptions: Vec<String> = exceptions.collect();
    match &span.status {
        Status::Error { description } if exceptions.is_empty() => vec![one_line(description)],
        _ => exceptions,
    }
}

fn text_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match value_of(attributes, key)? {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

fn value_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}
