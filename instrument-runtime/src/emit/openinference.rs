//! `OpenInference` attributes, and the attributes that this crate adds in their style.
//!
//! See [OpenInference](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#openinference).

use std::time::Duration;

use super::attributes::Attributes;
use super::service_attributes::{ServiceSpan, end_reason, initiator, language, latency_source, ttfb_source};
use super::span_scope::SpanScope;
use super::{Session, json, keys, messages};
use crate::engine::frame::LlmUsage;
use crate::engine::record::{
    EndReason, LlmRecord, SpanDetails, SpanKind, SpanRecord, StageTime, SttRecord, ToolRecord, TtsRecord,
    TurnNumber, TurnRecord,
};
use crate::privacy::REDACTED;

/// The kind of a span that only groups other spans.
const CHAIN: &str = "CHAIN";

/// Writes the attributes that are known when a span starts.
pub(super) fn put_start(kind: SpanKind, scope: &SpanScope<'_>, out: &mut Attributes) {
    out.put(keys::SPAN_KIND, span_kind(kind));
    out.put_some(keys::SESSION_ID, scope.session.written_id());
    out.put_some(keys::TURN_NUMBER, scope.turn.map(|TurnNumber(number)| i64::from(number)));
}

/// Writes the most important attributes: all but those of the start, parameters, tools and input messages.
pub(super) fn put_record(record: &SpanRecord, out: &mut Attributes) {
    out.put_some(keys::USER_ID, record.user_id.clone());

    let service = ServiceSpan::of(&record.details);
    if let Some(service) = &service {
        put_service(service, out);
    }
    match &record.details {
        SpanDetails::Turn(turn) => put_turn(turn, record.end.since(record.start), out),
        SpanDetails::Stt(stt) => put_stt(stt, out),
        SpanDetails::Llm(llm) => put_llm(llm, out),
        SpanDetails::Tts(tts) => put_tts(tts, out),
        SpanDetails::Tool(tool) => put_tool(tool, out),
    }
    if let Some(service) = &service {
        put_times(service, out);
    }
}

/// Writes the parameters of an LLM call.
pub(super) fn put_parameters(details: &SpanDetails, out: &mut Attributes) {
    if let SpanDetails::Llm(llm) = details {
        out.put_some(keys::LLM_INVOCATION_PARAMETERS, json::invocation_parameters(&llm.service.settings));
    }
}

/// Writes the tools of an LLM call, then as many of its input messages as fit.
pub(super) fn put_tools_and_messages(mut llm: LlmRecord, out: &mut Attributes) {
    let mut family = out.family(keys::LLM_TOOLS);
    for (index, tool) in std::mem::take(&mut llm.request.tools).into_iter().enumerate() {
        family.put(keys::tool_schema(index), tool);
    }
    messages::put_input(llm, out);
}

/// Writes the attributes that are known when a conversation span starts.
pub(super) fn put_conversation_start(session: &Session, out: &mut Attributes) {
    out.put(keys::SPAN_KIND, CHAIN);
    out.put_some(keys::SESSION_ID, session.written_id());
}

/// Returns the span kind. `OpenInference` has no kinds for speech, so STT and TTS spans are `LLM` spans.
const fn span_kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Turn => CHAIN,
        SpanKind::Stt | SpanKind::Llm | SpanKind::Tts => "LLM",
        SpanKind::Tool => "TOOL",
    }
}

fn put_service(span: &ServiceSpan<'_>, out: &mut Attributes) {
    out.put(keys::SERVICE_NAME, span.service.class.clone());
    out.put_some(keys::SERVICE_INSTANCE, span.instance().map(str::to_owned));
    out.put(keys::SERVICE_TYPE, span.kind.as_str());
    out.put_some(keys::LLM_MODEL_NAME, span.model().map(str::to_owned));
    let provider = span.service.provider_or_guess();
    out.put(keys::LLM_PROVIDER, provider.clone());
    out.put(keys::SERVICE_PROVIDER, provider);
}

fn put_times(span: &ServiceSpan<'_>, out: &mut Attributes) {
    if let Some((seconds, source)) = span.times.ttfb {
        out.put(keys::SERVICE_TTFB, seconds);
        out.put(keys::SERVICE_TTFB_SOURCE, ttfb_source(source));
    }
    out.put_some(keys::SERVICE_PROCESSING_TIME, span.times.processing);
}

fn put_turn(turn: &TurnRecord, duration: Duration, out: &mut Attributes) {
    out.put_some(keys::INPUT_VALUE, turn.input.clone());
    out.put_some(keys::OUTPUT_VALUE, turn.output.clone());
    out.put(keys::TURN_DURATION, duration.as_secs_f64());
    if let Some(latency) = &turn.latency {
        out.put(keys::USER_TO_BOT_LATENCY, latency.seconds);
        out.put(keys::LATENCY_SOURCE, latency_source(latency.source));
        for StageTime { stage, seconds, owner } in &latency.stages {
            out.put(keys::latency(*stage), *seconds);
            if let (Some(key), Some(owner)) = (keys::latency_owner(*stage), owner) {
                out.put(key, owner.clone());
            }
        }
    }
    if let Some(repeats) = turn.repeats {
        out.put_some(keys::USER_WAIT, repeats.wait_seconds);
        out.put(keys::USER_REPEATS, i64::from(repeats.count));
    }
    out.put(keys::INITIATOR, initiator(turn.initiator));
    out.put(keys::END_REASON, end_reason(turn.end_reason));
    out.put(keys::WAS_INTERRUPTED, turn.end_reason == EndReason::Interrupted);
    out.put_if(keys::START_MISSED, turn.start_missed);
}

fn put_stt(stt: &SttRecord, out: &mut Attributes) {
    out.put_some(keys::INPUT_VALUE, stt.transcript.clone());
    out.put_some(
        keys::OUTPUT_VALUE,
        stt.transcript.as_deref().and_then(|text| stt.output_visibility.of(text)).map(str::to_owned),
    );
    out.put_some(keys::AUDIO_TRANSCRIPT, stt.transcript.clone());
    out.put(keys::STT_IS_FINAL, stt.is_final);
    out.put_some(keys::STT_LANGUAGE, language(stt).map(str::to_owned));
    out.put_some(keys::AUDIO_SAMPLE_RATE, stt.service.sample_rate.map(i64::from));
    out.put_some(keys::STT_AUDIO_DURATION, stt.audio_seconds);
    out.put_some(keys::STT_TIME_TO_LAST_TRANSCRIPTION, stt.time_to_last_transcription);
}

fn put_llm(llm: &LlmRecord, out: &mut Attributes) {
    out.put_some(keys::INPUT_VALUE, messages::last_user_text(llm).map(str::to_owned));
    if let Some(text) = &llm.text {
        out.put(keys::OUTPUT_VALUE, text.clone());
    } else if !llm.tool_calls.is_empty() {
        put_json((keys::OUTPUT_VALUE, keys::OUTPUT_MIME_TYPE), &json::tool_calls(&llm.tool_calls), out);
    }
    messages::put_output(llm, out);
    if let Some(usage) = &llm.usage {
        put_usage(usage, out);
    }
    out.put_some(keys::LLM_TTFAT, llm.ttfat);
    out.put_if(keys::LLM_INTERRUPTED, llm.interrupted);
    out.put_if(keys::LLM_WITHDRAWN, llm.withdrawn);
    out.put_count(keys::LLM_MESSAGES_COUNT, u64::try_from(llm.message_count()).ok());
}

fn put_usage(usage: &LlmUsage, out: &mut Attributes) {
    let counts = [
        (keys::LLM_TOKENS_PROMPT, Some(usage.prompt)),
        (keys::LLM_TOKENS_COMPLETION, Some(usage.completion)),
        (keys::LLM_TOKENS_TOTAL, Some(usage.total)),
        (keys::LLM_TOKENS_CACHE_READ, usage.cache_read),
        (keys::LLM_TOKENS_CACHE_WRITE, usage.cache_write),
        (keys::LLM_TOKENS_PROMPT_AUDIO, usage.prompt_audio),
        (keys::LLM_TOKENS_REASONING, usage.reasoning),
        (keys::LLM_TOKENS_COMPLETION_AUDIO, usage.completion_audio),
    ];
    for (key, count) in counts {
        out.put_count(key, count);
    }
}

fn put_tts(tts: &TtsRecord, out: &mut Attributes) {
    out.put_some(keys::INPUT_VALUE, tts.input.clone());
    out.put_some(keys::OUTPUT_VALUE, tts.output.clone());
    out.put_some(keys::AUDIO_VOICE_ID, tts.service.voice.clone());
    out.put_some(keys::AUDIO_VOICE, tts.service.voice.clone());
    out.put_some(keys::AUDIO_SAMPLE_RATE, tts.service.sample_rate.map(i64::from));
    out.put_count(keys::TTS_CHARACTER_COUNT, tts.characters);
    out.put_some(keys::TTS_TTFA, tts.ttfa);
    out.put_some(keys::TTS_AUDIO_DURATION, tts.audio_duration.map(|audio| audio.as_secs_f64()));
    out.put_some(keys::TTS_PLAYED_DURATION, tts.played_duration.map(|played| played.as_secs_f64()));
    out.put_if(keys::TTS_INTERRUPTED, tts.interrupted);
}

fn put_tool(tool: &ToolRecord, out: &mut Attributes) {
    out.put(keys::TOOL_NAME, tool.name.clone());
    out.put(keys::TOOL_CALL_ID, tool.tool_call_id.clone());
    if let Some(arguments) = &tool.arguments {
        put_json((keys::INPUT_VALUE, keys::INPUT_MIME_TYPE), arguments, out);
        out.put(keys::TOOL_PARAMETERS, arguments.clone());
    }
    if let Some(result) = &tool.result {
        put_json((keys::OUTPUT_VALUE, keys::OUTPUT_MIME_TYPE), result, out);
        out.put(keys::TOOL_RESULT, result.clone());
    }
    out.put_if(keys::TOOL_CANCELLED, tool.cancelled);
    out.put_if(keys::TOOL_UNFINISHED, tool.unfinished);
}

/// Writes JSON and its MIME type. A redacted value is not JSON, so it has no MIME type.
fn put_json((value, mime_type): (&'static str, &'static str), json: &str, out: &mut Attributes) {
    out.put(value, json.to_owned());
    if json != REDACTED {
        out.put(mime_type, json::MIME_TYPE);
    }
}

#[cfg(test)]
mod tests;
