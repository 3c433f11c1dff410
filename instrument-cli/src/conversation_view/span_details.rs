//! What is known of a span, as it is shown.

use pipecat_instrument_runtime::console::{format_duration, format_seconds, service_label};
use pipecat_instrument_runtime::engine::frame::{LlmUsage, Processor};
use pipecat_instrument_runtime::engine::record::{
    LlmRecord, ServiceTimes, SpanDetails, SttRecord, TimingSource, ToolRecord, TtsRecord,
};

use super::Lane;

/// What a span's body tells, without its times of day.
pub(super) struct Told {
    pub(super) lane: Lane,
    pub(super) who: String,
    pub(super) model: Option<String>,
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    pub(super) is_cut: bool,
    pub(super) facts: Facts,
}

/// Pairs of what and how much.
pub(super) type Facts = Vec<(&'static str, String)>;

/// What `body` tells; none of a turn.
pub(super) fn told(details: SpanDetails) -> Option<Told> {
    match details {
        SpanDetails::Turn(_) => None,
        SpanDetails::Stt(stt) => Some(utterance(stt)),
        SpanDetails::Llm(llm) => Some(invocation(*llm)),
        SpanDetails::Tts(tts) => Some(synthesis(tts)),
        SpanDetails::Tool(tool) => Some(call(tool)),
    }
}

fn utterance(stt: SttRecord) -> Told {
    let mut facts = times(stt.times);
    facts.extend(seconds("transcript after voice", stt.time_to_last_transcription));
    facts.extend(seconds("audio", stt.audio_seconds));
    facts.extend(text("language", stt.language.as_deref().or(stt.service.language.as_deref())));
    if !stt.is_final {
        facts.push(("transcript", "none was final".to_owned()));
    }
    Told {
        input: None,
        output: stt.transcript,
        is_cut: false,
        facts,
        ..service(Lane::Stt, &stt.service, stt.reported_model)
    }
}

fn invocation(llm: LlmRecord) -> Told {
    let mut facts = times(llm.times);
    facts.extend(seconds("time to first answer token", llm.ttfat));
    facts.extend(llm.usage.as_ref().map(tokens));
    facts.extend(count("messages", llm.request.message_count));
    facts.extend(count("tools offered", llm.request.tools.len()));
    let calls: Vec<String> =
        llm.tool_calls.iter().map(|call| format!("{}({})", call.name, call.arguments)).collect();
    facts.extend(text("calls", Some(calls.join(", ")).as_deref().filter(|calls| !calls.is_empty())));
    Told {
        input: llm.user_transcript.or(llm.request.last_user_message),
        output: llm.text,
        is_cut: llm.interrupted,
        facts,
        ..service(Lane::Llm, &llm.service, llm.reported_model)
    }
}

fn synthesis(tts: TtsRecord) -> Told {
    let mut facts = times(tts.times);
    facts.extend(seconds("time to first sound", tts.ttfa));
    facts.extend(tts.characters.map(|characters| ("characters", characters.to_string())));
    facts.extend(text("voice", tts.service.voice.as_deref()));
    facts.extend(tts.audio_duration.map(|audio| ("audio", format_duration(audio))));
    facts.extend(
        tts.played_duration.filter(|_| tts.interrupted).map(|played| ("heard", format_duration(played))),
    );
    Told {
        input: tts.input,
        output: tts.output,
        is_cut: tts.interrupted,
        facts,
        ..service(Lane::Tts, &tts.service, tts.reported_model)
    }
}

fn call(tool: ToolRecord) -> Told {
    let facts = text("call", Some(&*tool.tool_call_id).filter(|id| !id.is_empty())).into_iter().collect();
    Told {
        lane: Lane::Tool,
        who: tool.name,
        model: None,
        input: tool.arguments,
        output: tool.result.or(tool.error),
        is_cut: tool.cancelled,
        facts,
    }
}

fn service(lane: Lane, service: &Processor, reported_model: Option<String>) -> Told {
    Told {
        lane,
        who: service_label(&service.class, Some(&service.name), lane.as_str()),
        model: service.model.clone().or(reported_model),
        input: None,
        output: None,
        is_cut: false,
        facts: Vec::new(),
    }
}

fn times(times: ServiceTimes) -> Facts {
    let ttfb = times.ttfb.and_then(|(ttfb, measured)| {
        let time = format_seconds(ttfb)?;
        Some(match measured {
            TimingSource::Reported => ("ttfb", time),
            TimingSource::Measured => ("ttfb", format!("{time} (measured)")),
        })
    });
    ttfb.into_iter().chain(seconds("processing", times.processing)).collect()
}

fn tokens(usage: &LlmUsage) -> (&'static str, String) {
    let text = format!("{} → {}", usage.prompt, usage.completion);
    let further = [("cached", usage.cache_read), ("reasoning", usage.reasoning)];
    let further: Vec<String> = further
        .into_iter()
        .filter_map(|(what, count)| Some(format!("{} {what}", count.filter(|count| *count > 0)?)))
        .collect();
    if further.is_empty() { ("tokens", text) } else { ("tokens", format!("{text} ({})", further.join(", "))) }
}

fn seconds(what: &'static str, seconds: Option<f64>) -> Option<(&'static str, String)> {
    Some((what, format_seconds(seconds?)?))
}

fn count(what: &'static str, count: usize) -> Option<(&'static str, String)> {
    (count > 0).then(|| (what, count.to_string()))
}

fn text(what: &'static str, text: Option<&str>) -> Option<(&'static str, String)> {
    Some((what, text?.to_owned()))
}
