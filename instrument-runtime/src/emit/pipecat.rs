//! Attributes of Pipecat's own tracing.
//!
//! See [Pipecat](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#pipecat).

use std::time::Duration;

use opentelemetry::Value;

use super::attributes::Attributes;
use super::service_attributes::{ServiceSpan, language};
use super::{Session, keys};
use crate::engine::frame::Setting;
use crate::engine::record::{
    EndReason, LlmRecord, SpanDetails, SpanRecord, SttRecord, TtsRecord, TurnRecord,
};

/// A setting that Pipecat's tracing does not write among the settings.
const SYSTEM_INSTRUCTION: &str = "system_instruction";
/// The setting that turns streamed responses off. They are on by default.
const STREAM: &str = "stream";

/// Writes the attributes of `record`.
pub(super) fn put_record(record: &SpanRecord, session: &Session, out: &mut Attributes) {
    match &record.details {
        SpanDetails::Turn(turn) => put_turn(turn, record.end.since(record.start), session, out),
        SpanDetails::Stt(stt) => put_stt(stt, out),
        SpanDetails::Llm(llm) => put_llm(llm, out),
        SpanDetails::Tts(tts) => put_tts(tts, out),
        SpanDetails::Tool(_) => {}
    }
    if let Some(service) = ServiceSpan::of(&record.details) {
        put_ttfb(&service, out);
        // The settings of a language model are request parameters.
        if !matches!(record.details, SpanDetails::Llm(_)) {
            put_settings(&service.service.settings, out);
        }
    }
}

/// Writes the attributes of a conversation span.
pub(super) fn put_conversation(session: &Session, out: &mut Attributes) {
    out.put(keys::PIPECAT_CONVERSATION_ID, session.id.clone());
    out.put(keys::PIPECAT_CONVERSATION_TYPE, "voice");
}

fn put_turn(turn: &TurnRecord, duration: Duration, session: &Session, out: &mut Attributes) {
    out.put(keys::PIPECAT_CONVERSATION_ID, session.id.clone());
    out.put(keys::PIPECAT_TURN_NUMBER, i64::from(turn.number.0));
    out.put(keys::PIPECAT_TURN_TYPE, "conversation");
    out.put(keys::PIPECAT_TURN_DURATION, duration.as_secs_f64());
    out.put(keys::PIPECAT_TURN_WAS_INTERRUPTED, turn.end_reason == EndReason::Interrupted);
    out.put_some(keys::PIPECAT_TURN_LATENCY, turn.latency.as_ref().map(|latency| latency.seconds));
}

fn put_stt(stt: &SttRecord, out: &mut Attributes) {
    out.put_some(keys::PIPECAT_TRANSCRIPT, stt.transcript.clone());
    out.put(keys::PIPECAT_IS_FINAL, stt.is_final);
    out.put_some(keys::PIPECAT_LANGUAGE, language(stt).map(str::to_owned));
    out.put_some(keys::PIPECAT_AUDIO_SECONDS, stt.audio_seconds);
}

fn put_llm(llm: &LlmRecord, out: &mut Attributes) {
    let stream = llm.service.settings.iter().find(|(name, _)| name == STREAM);
    out.put(keys::PIPECAT_STREAM, !matches!(stream, Some((_, Setting::Bool(false)))));
    let tools = u64::try_from(llm.request.tools.len()).ok();
    out.put_count(keys::PIPECAT_TOOLS_COUNT, tools.filter(|count| *count > 0));
}

fn put_tts(tts: &TtsRecord, out: &mut Attributes) {
    out.put_some(keys::PIPECAT_VOICE_ID, tts.service.voice.clone());
    out.put_some(keys::PIPECAT_TEXT, tts.input.clone());
    out.put_count(keys::PIPECAT_CHARACTER_COUNT, tts.characters);
}

fn put_ttfb(span: &ServiceSpan<'_>, out: &mut Attributes) {
    let ttfb = span.ttfb();
    out.put_some(keys::PIPECAT_TTFB, ttfb);
    out.put_some(keys::PIPECAT_TTFB_MS, ttfb.map(|seconds| seconds * 1000.0));
}

fn put_settings(settings: &[(String, Setting)], out: &mut Attributes) {
    for (name, setting) in settings.iter().filter(|(name, _)| name != SYSTEM_INSTRUCTION) {
        if let Some(value) = scalar(setting) {
            out.put_foreign(keys::setting(name), value);
        }
    }
}

/// Returns the value of a setting, unless it is a list or an object.
fn scalar(setting: &Setting) -> Option<Value> {
    match setting {
        Setting::Bool(value) => Some((*value).into()),
        Setting::Int(value) => Some((*value).into()),
        Setting::Float(value) => Some((*value).into()),
        Setting::Text(value) => Some(value.clone().into()),
        Setting::Json(_) => None,
    }
}
