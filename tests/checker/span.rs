//! One exported span: its kind, its attributes and its chat messages.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, Status, TraceId};
use opentelemetry::{Array, KeyValue, StringValue};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value};

use super::matcher::parse_json;

/// The kind of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Conversation,
    Turn,
    Stt,
    Llm,
    Tts,
    Tool,
}

impl Kind {
    /// The kinds of spans within a turn.
    pub(crate) const IN_A_TURN: [Self; 4] = [Self::Stt, Self::Llm, Self::Tts, Self::Tool];

    /// Returns the kind that expectations call `name`.
    pub(crate) fn in_a_turn(name: &str) -> Option<Self> {
        Self::IN_A_TURN.into_iter().find(|kind| kind.to_string() == name)
    }

    /// Returns whether spans of this kind lie within a turn.
    pub(crate) fn is_in_a_turn(self) -> bool {
        Self::IN_A_TURN.contains(&self)
    }

    /// Returns the span kind of `OpenInference`.
    pub(crate) const fn openinference(self) -> &'static str {
        match self {
            Self::Conversation | Self::Turn => "CHAIN",
            Self::Stt | Self::Llm | Self::Tts => "LLM",
            Self::Tool => "TOOL",
        }
    }

    /// Returns the kind of spans called `name`.
    pub(crate) fn of_span_named(name: &str) -> Option<Self> {
        match name {
            "pipecat.conversation" => Some(Self::Conversation),
            "pipecat.conversation.turn" => Some(Self::Turn),
            "pipecat.stt" => Some(Self::Stt),
            "pipecat.llm" => Some(Self::Llm),
            "pipecat.tts" => Some(Self::Tts),
            tool if tool.starts_with("pipecat.tool.") => Some(Self::Tool),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conversation => "conversation",
            Self::Turn => "turn",
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::Tts => "tts",
            Self::Tool => "tool",
        })
    }
}

/// A property of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Property {
    /// The attribute of this key.
    Attribute(String),
    /// `ok`, `error` or `unset`.
    Status,
    /// The message of the status, and those of the exceptions.
    ErrorMessages,
    /// Every input message, as role and content.
    InputMessages,
    /// This many of the last input messages.
    NewestInputMessages(usize),
    /// The first input message.
    FirstInputMessage,
    /// The tool calls of the response, each as name, arguments and id.
    ToolCalls,
    /// The response, as role and content.
    OutputMessage,
    /// The time from start to end.
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

    /// Returns the keys of the attributes, in the order in which they were written.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.attributes.iter().map(|attribute| attribute.key.as_str())
    }

    /// Returns the attribute `key`; the last one of several, as most backends do.
    pub(crate) fn attribute(&self, key: &str) -> Option<Value> {
        let attribute = self.0.attributes.iter().rfind(|attribute| attribute.key.as_str() == key)?;
        Some(json(&attribute.value))
    }

    /// Returns a property; `None` if the span does not have it.
    pub(crate) fn property(&self, property: &Property) -> Option<Value> {
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

    /// Returns the duration, negative if the span ends before it starts.
    fn duration_ms(&self) -> f64 {
        let in_ms = |duration: Duration| duration.div_duration_f64(Duration::from_millis(1));
        match self.end().duration_since(self.start()) {
            Ok(duration) => in_ms(duration),
            Err(backwards) => -in_ms(backwards.duration()),
        }
    }
}

/// Converts an attribute's value to JSON.
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
        // A type of value newer than this checker. Its text will not match, and be reported.
        other => other.to_string().into(),
    }
}

/// Chat messages by index, each with its fields, such as `role` or `tool_calls.0.tool_call.id`.
#[derive(Debug, Default)]
pub(crate) struct Messages(BTreeMap<usize, Map<String, Value>>);

impl Messages {
    /// Returns the messages whose keys begin with `prefix`.
    pub(crate) fn under<'a>(prefix: &str, attributes: impl Iterator<Item = (&'a str, Value)>) -> Self {
        let mut messages = Self::default();
        for (key, value) in attributes {
            if let Some((number, field)) = key.strip_prefix(prefix).and_then(|key| numbered(key, "message")) {
                messages.0.entry(number).or_default().insert(field.to_owned(), value);
            }
        }
        messages
    }

    /// Returns role and content of each message, in order.
    pub(crate) fn history(&self) -> Vec<Value> {
        self.0.values().map(|message| role_and_content(Some(message))).collect()
    }

    /// Returns role and content of message 0.
    pub(crate) fn first(&self) -> Value {
        role_and_content(self.0.get(&0))
    }

    /// Returns name, arguments and id of each tool call in message 0.
    pub(crate) fn first_tool_calls(&self) -> Vec<Value> {
        let mut calls: BTreeMap<usize, Map<String, Value>> = BTreeMap::new();
        for (key, value) in self.0.get(&0).into_iter().flatten() {
            let call = key.strip_prefix("tool_calls.").and_then(|key| numbered(key, "tool_call"));
            if let Some((number, field @ ("id" | "function.name" | "function.arguments"))) = call {
                calls.entry(number).or_default().insert(field.to_owned(), value.clone());
            }
        }
        calls.values().map(name_arguments_and_id).collect()
    }
}

fn role_and_content(message: Option<&Map<String, Value>>) -> Value {
    let field = |name| message.and_then(|message| message.get(name)).cloned();
    [field("role"), field("content")].into_iter().collect()
}

/// Returns name, arguments and id. Arguments are parsed, as white space in JSON does not matter.
fn name_arguments_and_id(call: &Map<String, Value>) -> Value {
    let name = call.get("function.name").cloned();
    let arguments = parse_json(call.get("function.arguments"));
    [name, arguments, call.get("id").cloned()].into_iter().collect()
}

/// Splits a key such as `3.message.role`, where `what` is `message`, into index and field.
fn numbered<'k>(key: &'k str, what: &str) -> Option<(usize, &'k str)> {
    let (number, rest) = key.split_once('.')?;
    let field = rest.strip_prefix(what)?.strip_prefix('.')?;
    Some((number.parse().ok()?, field))
}
