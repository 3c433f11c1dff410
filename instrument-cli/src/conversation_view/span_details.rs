//! Formats the details of spans.

use pipecat_instrument_runtime::console::{format_duration, format_seconds, service_label};
use pipecat_instrument_runtime::engine::frame::{LlmUsage, Processor};
use pipecat_instrument_runtime::engine::record::{
    LlmRecord, ServiceTimes, SpanDetails, SttRecord, TimingSource, ToolRecord, TtsRecord,
};

use super::Lane;

/// The details of a span, without its times.
pub(super) struct DetailsView {
    pub(super) lane: Lane,
    /// The name of the service or the tool.
    pub(super) name: String,
    pub(super) model: Option<String>,
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    pub(super) is_interrupted: bool,
    pub(super) details: Details,
}

/// The name of the detail that states an unusual end of a call.
pub(super) const STATE: &str = "state";

/// Names and formatted values.
type Details = Vec<(&'static str, String)>;

impl DetailsView {
    /// Formats the details of a service or a tool; `None` for those of a turn.
    pub(super) fn of(details: &SpanDetails) -> Option<Self> {
        match details {
            SpanDetails::Turn(_) => None,
            SpanDetails::Stt(stt) => Some(stt_details(stt)),
            SpanDetails::Llm(llm) => Some(llm_details(llm)),
            SpanDetails::Tts(tts) => Some(tts_details(tts)),
            SpanDetails::Tool(tool) => Some(tool_details(tool)),
        }
    }
}

fn stt_details(stt: &SttRecord) -> DetailsView {
    let mut details = service_times(stt.times);
    details.extend(seconds("transcript after voice", stt.time_to_last_transcription));
    details.extend(seconds("audio", stt.audio_seconds));
    details.extend(text("language", stt.language.as_deref().or(stt.service.language.as_deref())));
    if !stt.is_final {
        details.push(("transcript", "none was final".to_owned()));
    }
    DetailsView {
        input: None,
        output: stt.transcript.clone(),
        is_interrupted: false,
        details,
        ..service_details(Lane::Stt, &stt.service, stt.reported_model.as_ref())
    }
}

fn llm_details(llm: &LlmRecord) -> DetailsView {
    let mut details = service_times(llm.times);
    details.extend(text(STATE, llm.withdrawn.then_some("withdrawn")));
    details.extend(seconds("time to first answer token", llm.ttfat));
    details.extend(llm.usage.as_ref().map(tokens));
    details.extend(count("messages", llm.request.message_count));
    details.extend(count("tools offered", llm.request.tools.len()));
    let calls: Vec<String> =
        llm.tool_calls.iter().map(|call| format!("{}({})", call.name, call.arguments)).collect();
    details.extend(text("calls", Some(calls.join(", ")).as_deref().filter(|calls| !calls.is_empty())));
    DetailsView {
        input: llm.user_transcript.as_ref().or(llm.request.last_user_message.as_ref()).cloned(),
        output: llm.text.clone(),
        is_interrupted: llm.interrupted,
        details,
        ..service_details(Lane::Llm, &llm.service, llm.reported_model.as_ref())
    }
}

fn tts_details(tts: &TtsRecord) -> DetailsView {
    let mut details = service_times(tts.times);
    details.extend(seconds("time to first sound", tts.ttfa));
    details.extend(tts.characters.map(|characters| ("characters", characters.to_string())));
    details.extend(text("voice", tts.service.voice.as_deref()));
    details.extend(tts.audio_duration.map(|audio| ("audio", format_duration(audio))));
    details.extend(
        tts.played_duration.filter(|_| tts.interrupted).map(|played| ("heard", format_duration(played))),
    );
    DetailsView {
        input: tts.input.clone(),
        output: tts.output.clone(),
        is_interrupted: tts.interrupted,
        details,
        ..service_details(Lane::Tts, &tts.service, tts.reported_model.as_ref())
    }
}

fn tool_details(tool: &ToolRecord) -> DetailsView {
    let call_id = text("call", Some(&*tool.tool_call_id).filter(|id| !id.is_empty()));
    let state = text(STATE, tool.unfinished.then_some("unfinished"));
    let details = call_id.into_iter().chain(state).collect();
    DetailsView {
        lane: Lane::Tool,
        name: tool.name.clone(),
        model: None,
        input: tool.arguments.clone(),
        output: tool.result.as_ref().or(tool.error.as_ref()).cloned(),
        is_interrupted: tool.cancelled,
        details,
    }
}

fn service_details(lane: Lane, service: &Processor, reported_model: Option<&String>) -> DetailsView {
    DetailsView {
        lane,
        name: service_label(&service.class, Some(&service.name), lane.as_str()),
        model: reported_model.or(service.model.as_ref()).cloned(),
        input: None,
        output: None,
        is_interrupted: false,
        details: Vec::new(),
    }
}

fn service_times(times: ServiceTimes) -> Details {
    let ttfb = times.ttfb.and_then(|(ttfb, source)| {
        let time = format_seconds(ttfb)?;
        Some(match source {
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
        .filter_map(|(kind, count)| Some(format!("{} {kind}", count.filter(|count| *count > 0)?)))
        .collect();
    if further.is_empty() { ("tokens", text) } else { ("tokens", format!("{text} ({})", further.join(", "))) }
}

fn seconds(name: &'static str, seconds: Option<f64>) -> Option<(&'static str, String)> {
    Some((name, format_seconds(seconds?)?))
}

fn count(name: &'static str, count: usize) -> Option<(&'static str, String)> {
    (count > 0).then(|| (name, count.to_string()))
}

fn text(name: &'static str, text: Option<&str>) -> Option<(&'static str, String)> {
    Some((name, text?.to_owned()))
}
