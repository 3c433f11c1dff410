//! Attributes from which Langfuse builds sessions, trace names and chats.
//!
//! See [Langfuse](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#langfuse).

use opentelemetry::{Array, StringValue, Value};

use super::attributes::Attributes;
use super::service_attributes::{ServiceSpan, end_reason};
use super::span_scope::SpanScope;
use super::{TraceLayout, json, keys, messages};
use crate::engine::record::{SpanDetails, SpanRecord};
use crate::privacy::REDACTED;

/// A tag of every trace.
const TAG: &str = "pipecat";

/// Writes the attributes of `record`. The application's additional attributes take precedence over them.
pub(super) fn put_record(record: &SpanRecord, scope: &SpanScope<'_>, out: &mut Attributes) {
    // A span outside any turn belongs to another program's trace.
    if scope.turn.is_some() {
        put_trace(scope, out);
    }
    match &record.details {
        SpanDetails::Turn(turn) if scope.settings.layout == TraceLayout::PerTurn => {
            put_tags(&[TAG, end_reason(turn.end_reason)], scope, out);
        }
        SpanDetails::Llm(llm) => {
            // If messages are hidden, the redacted transcript of a speech-to-speech service may be the only one.
            let is_hidden = messages::last_user_text(llm) == Some(REDACTED);
            if let Some(chat) = json::chat(messages::input(llm)).filter(|_| !is_hidden) {
                out.replace(keys::INPUT_VALUE, chat);
                out.replace(keys::INPUT_MIME_TYPE, json::MIME_TYPE);
            }
        }
        SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Tts(_) | SpanDetails::Tool(_) => {}
    }
    let service = ServiceSpan::of(&record.details);
    let first_chunk = service.and_then(|service| service.time_to_first_chunk());
    out.put_some(keys::LANGFUSE_MS_TO_FIRST_CHUNK, first_chunk.map(|seconds| seconds * 1000.0));
}

/// Writes the attributes of a conversation span.
pub(super) fn put_conversation(scope: &SpanScope<'_>, out: &mut Attributes) {
    put_trace(scope, out);
    put_tags(&[TAG], scope, out);
}

/// Writes the session and trace name on every span: Langfuse takes them from the first span that arrives, not the root.
fn put_trace(scope: &SpanScope<'_>, out: &mut Attributes) {
    if let Some(id) = scope.session.written_id() {
        put_default(keys::LANGFUSE_SESSION_ID, id, scope, out);
    }
    put_default(keys::LANGFUSE_TRACE_NAME, scope.root_name(), scope, out);
}

fn put_tags(tags: &[&'static str], scope: &SpanScope<'_>, out: &mut Attributes) {
    let tags = tags.iter().map(|tag| StringValue::from(*tag)).collect();
    put_default(keys::LANGFUSE_TRACE_TAGS, Value::Array(Array::String(tags)), scope, out);
}

/// Writes an attribute unless the application sets that key itself.
fn put_default(key: &'static str, value: impl Into<Value>, scope: &SpanScope<'_>, out: &mut Attributes) {
    if scope.session.attributes.iter().all(|own| own.key.as_str() != key) {
        out.put(key, value);
    }
}
