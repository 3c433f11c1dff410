//! OpenTelemetry's conventions for generative AI.

mod provider;

use std::borrow::Cow;

use opentelemetry::{Array, StringValue, Value};

use super::attributes::Attributes;
use super::service_attributes::{ServiceSpan, ServiceType};
use super::{Session, keys};
use crate::engine::frame::{LlmUsage, Setting};
use crate::engine::record::{SpanDetails, SpanRecord, ToolRecord};

/// Settings that are any number, by the names that services give them.
const NUMBERS: [(&str, &str); 5] = [
    ("temperature", keys::GEN_AI_REQUEST_TEMPERATURE),
    ("top_p", keys::GEN_AI_REQUEST_TOP_P),
    ("top_k", keys::GEN_AI_REQUEST_TOP_K),
    ("frequency_penalty", keys::GEN_AI_REQUEST_FREQUENCY_PENALTY),
    ("presence_penalty", keys::GEN_AI_REQUEST_PRESENCE_PENALTY),
];

/// Settings that are whole numbers. The newer name of the token limit stands behind the older, which wins.
const WHOLE_NUMBERS: [(&str, &str); 3] = [
    ("max_tokens", keys::GEN_AI_REQUEST_MAX_TOKENS),
    ("max_completion_tokens", keys::GEN_AI_REQUEST_MAX_TOKENS),
    ("seed", keys::GEN_AI_REQUEST_SEED),
];

/// Settings that are lists of texts.
const LISTS: [(&str, &str); 2] =
    [("stop_sequences", keys::GEN_AI_REQUEST_STOP_SEQUENCES), ("stop", keys::GEN_AI_REQUEST_STOP_SEQUENCES)];

/// Writes what this convention has words for.
pub(super) fn describe(record: &SpanRecord, session: &Session, out: &mut Attributes) {
    out.put(keys::GEN_AI_OPERATION_NAME, operation(&record.details));
    out.put_some(keys::GEN_AI_CONVERSATION_ID, session.told_id());
    if let Some(service) = ServiceSpan::of(&record.details) {
        put_service(&service, out);
    }
    match &record.details {
        SpanDetails::Llm(llm) => {
            if let Some(usage) = &llm.usage {
                put_usage(usage, out);
            }
            put_request(&llm.service.settings, out);
        }
        SpanDetails::Tool(tool) => put_tool(tool, out),
        SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Tts(_) => {}
    }
}

/// Writes what it says of a whole conversation: whose it is. What is done is done by its turns.
pub(super) fn describe_conversation(session: &Session, out: &mut Attributes) {
    out.put_some(keys::GEN_AI_CONVERSATION_ID, session.told_id());
}

/// What is done.
pub(super) const fn operation(details: &SpanDetails) -> &'static str {
    match details {
        SpanDetails::Turn(_) => "invoke_agent",
        SpanDetails::Stt(_) => "speech_to_text",
        SpanDetails::Llm(_) => "chat",
        SpanDetails::Tts(_) => "text_to_speech",
        SpanDetails::Tool(_) => "execute_tool",
    }
}

/// Who provides a service, by the name in OpenTelemetry's registry.
pub(super) fn provider_name(span: &ServiceSpan<'_>) -> Cow<'static, str> {
    provider::registry_name(span.service.provider_or_guess(), span.service_type)
}

fn put_service(span: &ServiceSpan<'_>, out: &mut Attributes) {
    out.put(keys::GEN_AI_PROVIDER_NAME, provider_name(span));
    out.put_some(keys::GEN_AI_REQUEST_MODEL, span.model().map(str::to_owned));
    out.put(
        keys::GEN_AI_OUTPUT_TYPE,
        match span.service_type {
            ServiceType::Stt | ServiceType::Llm => "text",
            ServiceType::Tts => "speech",
        },
    );
    // What is streamed to STT are not chunks of a response.
    if span.service_type != ServiceType::Stt {
        out.put_some(keys::GEN_AI_TIME_TO_FIRST_CHUNK, span.times.ttfb.map(|(seconds, _)| seconds));
    }
}

fn put_usage(usage: &LlmUsage, out: &mut Attributes) {
    out.put_count(keys::GEN_AI_USAGE_INPUT_TOKENS, Some(usage.prompt));
    out.put_count(keys::GEN_AI_USAGE_OUTPUT_TOKENS, Some(usage.completion));
    out.put_count(keys::GEN_AI_USAGE_CACHE_READ, usage.cache_read);
    out.put_count(keys::GEN_AI_USAGE_CACHE_CREATION, usage.cache_write);
    out.put_count(keys::GEN_AI_USAGE_REASONING, usage.reasoning);
}

fn put_request(settings: &[(String, Setting)], out: &mut Attributes) {
    let setting = |name: &str| settings.iter().find(|(other, _)| other == name).map(|(_, setting)| setting);
    for (name, key) in NUMBERS {
        out.put_some(key, setting(name).and_then(number));
    }
    for (name, key) in WHOLE_NUMBERS {
        out.put_some(key, setting(name).and_then(whole_number));
    }
    for (name, key) in LISTS {
        out.put_some(key, setting(name).and_then(texts));
    }
}

fn put_tool(tool: &ToolRecord, out: &mut Attributes) {
    out.put(keys::GEN_AI_TOOL_NAME, tool.name.clone());
    out.put(keys::GEN_AI_TOOL_CALL_ID, tool.tool_call_id.clone());
    out.put_some(keys::GEN_AI_TOOL_CALL_ARGUMENTS, tool.arguments.clone());
    out.put_some(keys::GEN_AI_TOOL_CALL_RESULT, tool.result.clone());
}

fn number(setting: &Setting) -> Option<f64> {
    match setting {
        Setting::Float(number) => Some(*number),
        // The conversion is exact for any number that is a sensible setting.
        #[allow(clippy::cast_precision_loss, reason = "settings are small")]
        Setting::Int(number) => Some(*number as f64),
        Setting::Bool(_) | Setting::Text(_) | Setting::Json(_) => None,
    }
}

const fn whole_number(setting: &Setting) -> Option<i64> {
    match setting {
        Setting::Int(number) => Some(*number),
        Setting::Bool(_) | Setting::Float(_) | Setting::Text(_) | Setting::Json(_) => None,
    }
}

/// A list of texts, or one alone.
fn texts(setting: &Setting) -> Option<Value> {
    let texts: Vec<String> = match setting {
        Setting::Text(text) => vec![text.clone()],
        Setting::Json(json) => serde_json::from_str(json).ok()?,
        Setting::Bool(_) | Setting::Int(_) | Setting::Float(_) => return None,
    };
    Some(Value::Array(Array::String(texts.into_iter().map(StringValue::from).collect())))
}

#[cfg(test)]
mod tests;
