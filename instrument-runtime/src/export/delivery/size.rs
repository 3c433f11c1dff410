//! How large a span is: near enough to bound memory and requests by.

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

/// What an attribute, an event or a link costs besides its text.
const PIECE: usize = 48;

/// How many bytes a span holds, in memory or in a request. Texts count as they are, all else by the piece.
pub(super) fn bytes(span: &SpanData) -> usize {
    let events = span.events.iter().map(|event| PIECE + event.name.len() + attributes(&event.attributes));
    let links = span.links.iter().map(|link| PIECE + attributes(&link.attributes));
    size_of::<SpanData>()
        + span.name.len()
        + attributes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

fn attributes(attributes: &[KeyValue]) -> usize {
    attributes.iter().map(|attribute| PIECE + attribute.key.as_str().len() + value(&attribute.value)).sum()
}

fn value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| PIECE + text.as_str().len()).sum(),
        Value::Array(Array::Bool(flags)) => flags.len(),
        Value::Array(Array::I64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::F64(numbers)) => size_of_val(numbers.as_slice()),
        _ => 0,
    }
}
