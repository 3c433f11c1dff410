//! What Langfuse makes sessions, names of traces and chats from.

use opentelemetry::{Array, StringValue, Value};

use super::attributes::Attributes;
use super::openinference::end_reason;
use super::service_attributes::{ServiceSpan, ServiceType};
use super::span_scope::SpanScope;
use super::{TraceLayout, json, keys, messages};
use crate::engine::record::{SpanDetails, SpanRecord};
use crate::privacy::REDACTED;

/// The tag of every trace.
const TAG: &str = "pipecat";

/// Writes what this convention has words for.
///
/// What the application says by itself under one of these keys, among its additional attributes, is left to it.
pub(super) fn describe(record: &SpanRecord, scope: &SpanScope<'_>, out: &mut Attributes) {
    // A span of no turn is in somebody else's trace.
    if scope.turn.is_some() {
        put_trace(scope, out);
    }
    match &record.details {
        SpanDetails::Turn(turn) if scope.settings.layout == TraceLayout::PerTurn => {
            put_tags(&[TAG, end_reason(turn.end_reason)], scope, out);
        }
        SpanDetails::Llm(llm) => {
            // What a model that hears by itself has heard is the one message that may be left of hidden ones.
            let is_hidden = messages::last_of_user(llm) == Some(REDACTED);
            if let Some(chat) = json::chat(messages::sent(llm)).filter(|_| !is_hidden) {
                out.replace(keys::INPUT_VALUE, chat);
                out.replace(keys::INPUT_MIME_TYPE, json::MIME_TYPE);
            }
        }
        SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Tts(_) | SpanDetails::Tool(_) => {}
    }
    // It is counted from the span's start, which for speech-to-text is not when the wait begins.
    if let Some(service) = ServiceSpan::of(&record.details).filter(|it| it.service_type != ServiceType::Stt) {
        let ttfb = service.times.ttfb.map(|(seconds, _)| seconds * 1000.0);
        out.put_some(keys::LANGFUSE_MS_TO_FIRST_CHUNK, ttfb);
    }
}

/// Writes what it says of a whole conversation.
pub(super) fn describe_conversation(scope: &SpanScope<'_>, out: &mut Attributes) {
    put_trace(scope, out);
    put_tags(&[TAG], scope, out);
}

/// On every span, for Langfuse makes a trace from the first that arrives, which is not its root.
fn put_trace(scope: &SpanScope<'_>, out: &mut Attributes) {
    if let Some(id) = scope.session.told_id() {
        put_unless_said(keys::LANGFUSE_SESSION_ID, id, scope, out);
    }
    put_unless_said(keys::LANGFUSE_TRACE_NAME, scope.root_name(), scope, out);
}

fn put_tags(tags: &[&'static str], scope: &SpanScope<'_>, out: &mut Attributes) {
    let tags = tags.iter().map(|tag| StringValue::from(*tag)).collect();
    put_unless_said(keys::LANGFUSE_TRACE_TAGS, Value::Array(Array::String(tags)), scope, out);
}

fn put_unless_said(key: &'static str, value: impl Into<Value>, scope: &SpanScope<'_>, out: &mut Attributes) {
    if scope.session.attributes.iter().all(|said| said.key.as_str() != key) {
        out.put(key, value);
    }
}
