//! One exported span, and what it tells.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, Status, TraceId};
use opentelemetry::{Array, KeyValue, StringValue};
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;

use super::kind::Kind;
use super::messages::Messages;

/// Something that a span tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Property {
    /// The attribute of this key.
    Attribute(String),
    /// `ok`, `error` or `unset`.
    Status,
    /// The message of the status, and those of the exceptions.
    ErrorMessages,
    /// Every message that a language model was sent, as role and content.
    InputMessages,
    /// The last so many of them.
    NewestInputMessages(usize),
    /// The first of them.
    FirstInputMessage,
    /// The calls that a language model asked for, each as name, arguments and id.
    ToolCalls,
    /// What a language model answered, as role and content.
    OutputMessage,
    /// From its start to its end.
    DurationMs,
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attribute(key) => key,
            Self::Status => "status",
            Self::ErrorMessages => "error message",
            Self::InputMessages => "messages",
            Self::NewestInputMessages(_) => "newest messages",
            Self::FirstInputMessage => "first message",
            Self::ToolCalls => "tool calls",
            Self::OutputMessage => "output message",
            Self::DurationMs => "duration in ms",
        })
    }
}

/// One exported span.
#[derive(Debug, Clone)]
pub(crate) struct Span(pub(crate) SpanData);

impl Span {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        Kind::of_span_named(self.name())
    }

    pub(crate) fn id(&self) -> SpanId {
        self.0.span_context.span_id()
    }

    pub(crate) fn trace_id(&self) -> TraceId {
        self.0.span_context.trace_id()
    }

    pub(crate) fn parent_id(&self) -> Option<SpanId> {
        Some(self.0.parent_span_id).filter(|id| *id != SpanId::INVALID)
    }

    pub(crate) fn start(&self) -> SystemTime {
        self.0.start_time
    }

    pub(crate) fn end(&self) -> SystemTime {
        self.0.end_time
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.end() != UNIX_EPOCH
    }

    /// The key of each attribute, in the order in which they were written.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.attributes.iter().map(|attribute| attribute.key.as_str())
    }

    /// The attribute `key`; of several, the last, as most backends keep that one.
    pub(crate) fn attribute(&self, key: &str) -> Option<Value> {
        let attribute = self.0.attributes.iter().rfind(|attribute| attribute.key.as_str() == key)?;
        Some(json(&attribute.value))
    }

    /// What it tells; `None` if nothing.
    pub(crate) fn tell(&self, property: &Property) -> Option<Value> {
        match property {
            Property::Attribute(key) => self.attribute(key),
            Property::Status => Some(self.status().into()),
            Property::ErrorMessages => Some(self.error_messages().into()),
            Property::InputMessages => Some(self.input_messages().into()),
            Property::NewestInputMessages(count) => {
                let messages = self.input_messages();
                Some(messages[messages.len().saturating_sub(*count)..].into())
            }
            Property::FirstInputMessage => self.input_messages().into_iter().next(),
            Property::ToolCalls => Some(self.output_messages().first_tool_calls().into()),
            Property::OutputMessage => Some(self.output_messages().first()),
            Property::DurationMs => Some(self.duration_ms().into()),
        }
    }

    fn status(&self) -> &'static str {
        match self.0.status {
            Status::Unset => "unset",
            Status::Ok => "ok",
            Status::Error { .. } => "error",
        }
    }

    fn error_messages(&self) -> Vec<String> {
        let of_status = match &self.0.status {
            Status::Error { description } => Some(description.to_string()),
            Status::Unset | Status::Ok => None,
        };
        let of_events = self.0.events.iter().flat_map(|event| &event.attributes);
        let of_exceptions = of_events
            .filter(|attribute| attribute.key.as_str() == "exception.message")
            .map(|attribute| attribute.value.to_string());
        of_status.into_iter().chain(of_exceptions).collect()
    }

    fn input_messages(&self) -> Vec<Value> {
        Messages::under("llm.input_messages.", self.attributes()).history()
    }

    fn output_messages(&self) -> Messages {
        Messages::under("llm.output_messages.", self.attributes())
    }

    fn attributes(&self) -> impl Iterator<Item = (&str, Value)> {
        self.0.attributes.iter().map(|KeyValue { key, value, .. }| (key.as_str(), json(value)))
    }

    /// Below zero where it ends before it starts.
    fn duration_ms(&self) -> f64 {
        let in_ms = |duration: Duration| duration.div_duration_f64(Duration::from_millis(1));
        match self.end().duration_since(self.start()) {
            Ok(duration) => in_ms(duration),
            Err(backwards) => -in_ms(backwards.duration()),
        }
    }
}

/// An attribute's value in the words of the expectations.
fn json(value: &opentelemetry::Value) -> Value {
    match value {
        opentelemetry::Value::Bool(value) => (*value).into(),
        opentelemetry::Value::I64(value) => (*value).into(),
        opentelemetry::Value::F64(value) => (*value).into(),
        opentelemetry::Value::String(value) => value.as_str().into(),
        opentelemetry::Value::Array(Array::Bool(values)) => values.as_slice().into(),
        opentelemetry::Value::Array(Array::I64(values)) => values.as_slice().into(),
        opentelemetry::Value::Array(Array::F64(values)) => values.as_slice().into(),
        opentelemetry::Value::Array(Array::String(values)) => {
            values.iter().map(StringValue::as_str).collect()
        }
        // A kind of value that is newer than this checker: its text will be no match, and so be told.
        other => other.to_string().into(),
    }
}
