//! The size of a span.

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

/// Bytes of an attribute, an event or a link besides its text, estimated.
const ITEM_BYTES: usize = 48;

/// Estimates the bytes of a span, in memory as in a request: the length of its texts, and a constant for each other
/// item.
pub(super) fn span_bytes(span: &SpanData) -> usize {
    let events =
        span.events.iter().map(|event| ITEM_BYTES + event.name.len() + attribute_bytes(&event.attributes));
    let links = span.links.iter().map(|link| ITEM_BYTES + attribute_bytes(&link.attributes));
    size_of::<SpanData>()
        + span.name.len()
        + attribute_bytes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

fn attribute_bytes(attributes: &[KeyValue]) -> usize {
    let bytes =
        |attribute: &KeyValue| ITEM_BYTES + attribute.key.as_str().len() + value_bytes(&attribute.value);
    attributes.iter().map(bytes).sum()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| ITEM_BYTES + text.as_str().len()).sum(),
        Value::Array(Array::Bool(flags)) => flags.len(),
        Value::Array(Array::I64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::F64(numbers)) => size_of_val(numbers.as_slice()),
        _ => 0,
    }
}
