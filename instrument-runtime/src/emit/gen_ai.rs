//! OpenTelemetry's semantic conventions for generative AI.
//!
//! See [GenAI](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#genai).

use std::borrow::Cow;

use opentelemetry::{Array, StringValue, Value};

use super::attributes::Attributes;
use super::service_attributes::ServiceSpan;
use super::{Session, keys};
use crate::engine::frame::{LlmUsage, Setting};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{SpanDetails, SpanRecord, ToolRecord};

/// Numeric settings: their names in services, and their keys.
const NUMBERS: [(&str, &str); 5] = [
    ("temperature", keys::GEN_AI_REQUEST_TEMPERATURE),
    ("top_p", keys::GEN_AI_REQUEST_TOP_P),
    ("top_k", keys::GEN_AI_REQUEST_TOP_K),
    ("frequency_penalty", keys::GEN_AI_REQUEST_FREQUENCY_PENALTY),
    ("presence_penalty", keys::GEN_AI_REQUEST_PRESENCE_PENALTY),
];

/// Integer settings. If two settings share a key, the earlier row wins: here, the older name of the token limit.
const WHOLE_NUMBERS: [(&str, &str); 3] = [
    ("max_tokens", keys::GEN_AI_REQUEST_MAX_TOKENS),
    ("max_completion_tokens", keys::GEN_AI_REQUEST_MAX_TOKENS),
    ("seed", keys::GEN_AI_REQUEST_SEED),
];

/// Settings that are lists of texts.
const LISTS: [(&str, &str); 2] =
    [("stop_sequences", keys::GEN_AI_REQUEST_STOP_SEQUENCES), ("stop", keys::GEN_AI_REQUEST_STOP_SEQUENCES)];

/// Writes the attributes of `record`.
pub(super) fn put_record(record: &SpanRecord, session: &Session, out: &mut Attributes) {
    out.put(keys::GEN_AI_OPERATION_NAME, operation(&record.details));
    out.put_some(keys::GEN_AI_CONVERSATION_ID, session.written_id());
    if let Some(service) = ServiceSpan::of(&record.details) {
        put_service(&service, out);
    }
    match &record.details {
        SpanDetails::Llm(llm) => {
            out.put_some(keys::GEN_AI_RESPONSE_MODEL, llm.reported_model.clone());
            if let Some(usage) = &llm.usage {
                put_usage(usage, out);
            }
            put_request(&llm.service.settings, out);
        }
        SpanDetails::Tool(tool) => put_tool(tool, out),
        SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Tts(_) => {}
    }
}

/// Writes the conversation id of a conversation span. Only its turns have an operation.
pub(super) fn put_conversation(session: &Session, out: &mut Attributes) {
    out.put_some(keys::GEN_AI_CONVERSATION_ID, session.written_id());
}

/// Returns the operation name.
pub(super) const fn operation(details: &SpanDetails) -> &'static str {
    match details {
        SpanDetails::Turn(_) => "invoke_agent",
        SpanDetails::Stt(_) => "speech_to_text",
        SpanDetails::Llm(_) => "chat",
        SpanDetails::Tts(_) => "text_to_speech",
        SpanDetails::Tool(_) => "execute_tool",
    }
}

/// Returns the service's provider, by its name in OpenTelemetry's registry.
pub(super) fn provider_name(span: &ServiceSpan<'_>) -> Cow<'static, str> {
    registry_name(span.service.provider_or_guess(), span.kind)
}

fn put_service(span: &ServiceSpan<'_>, out: &mut Attributes) {
    out.put(keys::GEN_AI_PROVIDER_NAME, provider_name(span));
    out.put_some(keys::GEN_AI_REQUEST_MODEL, span.model().map(str::to_owned));
    out.put(
        keys::GEN_AI_OUTPUT_TYPE,
        match span.kind {
            ServiceKind::Stt | ServiceKind::Llm => "text",
            ServiceKind::Tts => "speech",
        },
    );
    out.put_some(keys::GEN_AI_TIME_TO_FIRST_CHUNK, span.time_to_first_chunk());
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
        // The conversion is exact up to 2^53, far beyond any sensible setting.
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

/// Returns a list of texts, also for a single text.
fn texts(setting: &Setting) -> Option<Value> {
    let texts: Vec<String> = match setting {
        Setting::Text(text) => vec![text.clone()],
        Setting::Json(json) => serde_json::from_str(json).ok()?,
        Setting::Bool(_) | Setting::Int(_) | Setting::Float(_) => return None,
    };
    Some(Value::Array(Array::String(texts.into_iter().map(StringValue::from).collect())))
}

/// Providers whose name in the registry differs from the framework's: the framework's name in lower case without
/// punctuation, and the registry's name.
const RENAMED: [(&str, &str); 17] = [
    ("openairealtime", "openai"),
    ("anthropicclaude", "anthropic"),
    ("awsbedrock", "aws.bedrock"),
    ("awsnovasonic", "aws.bedrock"),
    ("bedrock", "aws.bedrock"),
    ("azureopenai", "azure.ai.openai"),
    ("azurerealtime", "azure.ai.openai"),
    ("gemini", "gcp.gemini"),
    ("geminilive", "gcp.gemini"),
    ("googlegemini", "gcp.gemini"),
    ("googlevertex", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("grok", "x_ai"),
    ("xai", "x_ai"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("watsonx", "ibm.watsonx.ai"),
];

/// Clouds, and the registry's name of their language model service. Their other services keep the cloud's name: speech
/// from `aws` does not come from Bedrock.
const CLOUD_MODELS: [(&str, &str); 3] =
    [("aws", "aws.bedrock"), ("azure", "azure.ai.openai"), ("google", "gcp.gemini")];

/// Returns the registry's name of `provider`, or the name itself if the registry has none.
fn registry_name(provider: String, kind: ServiceKind) -> Cow<'static, str> {
    let is_plain = provider.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let plain: Cow<'_, str> = if is_plain {
        Cow::Borrowed(&provider)
    } else {
        provider.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let renamed = RENAMED.iter().find(|(name, _)| *name == plain);
    let cloud = || match kind {
        ServiceKind::Llm => CLOUD_MODELS.iter().find(|(name, _)| *name == plain),
        ServiceKind::Stt | ServiceKind::Tts => None,
    };
    match renamed.or_else(cloud) {
        Some((_, registered)) => Cow::Borrowed(registered),
        None => Cow::Owned(provider),
    }
}

#[cfg(test)]
mod tests;
