//! What Pipecat's own tracing writes.

use std::time::Duration;

use opentelemetry::Value;

use super::attributes::Attributes;
use super::service_attributes::{ServiceSpan, language};
use super::{Session, keys};
use crate::engine::frame::Setting;
use crate::engine::record::{
    EndReason, LlmRecord, SpanDetails, SpanRecord, SttRecord, TtsRecord, TurnRecord,
};

/// A setting that is a text of its own, and no setting to Pipecat's tracing.
const SYSTEM_INSTRUCTION: &str = "system_instruction";
/// The setting that tells whether a model answers piece by piece, as all do unless told otherwise.
const STREAM: &str = "stream";

/// Writes what this convention has words for.
pub(super) fn describe(record: &SpanRecord, session: &Session, out: &mut Attributes) {
    match &record.details {
        SpanDetails::Turn(turn) => put_turn(turn, record.end.since(record.start), session, out),
        SpanDetails::Stt(stt) => put_stt(stt, out),
        SpanDetails::Llm(llm) => put_llm(llm, out),
        SpanDetails::Tts(tts) => put_tts(tts, out),
        SpanDetails::Tool(_) => {}
    }
    if let Some(service) = ServiceSpan::of(&record.details) {
        put_ttfb(&service, out);
        // Of a model, they are the parameters of its requests.
        if !matches!(record.details, SpanDetails::Llm(_)) {
            put_settings(&service.service.settings, out);
        }
    }
}

/// Writes what it says of a whole conversation.
pub(super) fn describe_conversation(session: &Session, out: &mut Attributes) {
    out.put(keys::PIPECAT_CONVERSATION_ID, session.id.clone());
    out.put(keys::PIPECAT_CONVERSATION_TYPE, "voice");
}

fn put_turn(turn: &TurnRecord, duration: Duration, session: &Session, out: &mut Attributes) {
    out.put(keys::PIPECAT_CONVERSATION_ID, session.id.clone());
    out.put(keys::PIPECAT_TURN_NUMBER, i64::from(turn.number.0));
    out.put(keys::PIPECAT_TURN_TYPE, "conversation");
    out.put(keys::PIPECAT_TURN_DURATION, duration.as_secs_f64());
    out.put(keys::PIPECAT_TURN_WAS_INTERRUPTED, turn.end_reason == EndReason::Interrupted);
    out.put_some(keys::PIPECAT_TURN_LATENCY, turn.latency.map(|latency| latency.seconds));
}

fn put_stt(stt: &SttRecord, out: &mut Attributes) {
    out.put_some(keys::PIPECAT_TRANSCRIPT, stt.transcript.clone());
    out.put(keys::PIPECAT_IS_FINAL, stt.is_final);
    out.put_some(keys::PIPECAT_LANGUAGE, language(stt).map(str::to_owned));
    out.put_some(keys::PIPECAT_AUDIO_SECONDS, stt.audio_seconds);
}

fn put_llm(llm: &LlmRecord, out: &mut Attributes) {
    let told = llm.service.settings.iter().find(|(name, _)| name == STREAM);
    out.put(keys::PIPECAT_STREAM, !matches!(told, Some((_, Setting::Bool(false)))));
    let tools = u64::try_from(llm.request.tools.len()).ok();
    out.put_count(keys::PIPECAT_TOOLS_COUNT, tools.filter(|count| *count > 0));
}

fn put_tts(tts: &TtsRecord, out: &mut Attributes) {
    out.put_some(keys::PIPECAT_VOICE_ID, tts.service.voice.clone());
    out.put_some(keys::PIPECAT_TEXT, tts.input.clone());
    out.put_count(keys::PIPECAT_CHARACTER_COUNT, tts.characters);
}

fn put_ttfb(span: &ServiceSpan<'_>, out: &mut Attributes) {
    let ttfb = span.times.ttfb.map(|(seconds, _)| seconds);
    out.put_some(keys::PIPECAT_TTFB, ttfb);
    out.put_some(keys::PIPECAT_TTFB_MS, ttfb.map(|seconds| seconds * 1000.0));
}

fn put_settings(settings: &[(String, Setting)], out: &mut Attributes) {
    for (name, setting) in settings.iter().filter(|(name, _)| name != SYSTEM_INSTRUCTION) {
        if let Some(value) = scalar(setting) {
            out.put_other(keys::setting(name), value);
        }
    }
}

/// The value of a setting that is no list and no object.
fn scalar(setting: &Setting) -> Option<Value> {
    match setting {
        Setting::Bool(value) => Some((*value).into()),
        Setting::Int(value) => Some((*value).into()),
        Setting::Float(value) => Some((*value).into()),
        Setting::Text(value) => Some(value.clone().into()),
        Setting::Json(_) => None,
    }
}
