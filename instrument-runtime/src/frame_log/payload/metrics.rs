//! Measurements that services report.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::engine::frame::{LlmUsage, Measurement, Metric, MetricList};

/// The measurements of one frame.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct MetricsPayload {
    #[serde(default)]
    metrics: Vec<MetricEntry>,
}

impl From<&dyn MetricList> for MetricsPayload {
    /// Copies the measurements, as a list shows each only while it is visited.
    fn from(list: &dyn MetricList) -> Self {
        let mut metrics = Vec::new();
        list.for_each(&mut |metric| metrics.push(metric.into()));
        Self { metrics }
    }
}

impl MetricList for MetricsPayload {
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>)) {
        self.metrics.iter().filter_map(MetricEntry::metric).for_each(visit);
    }
}

impl<'p> From<&'p MetricsPayload> for &'p dyn MetricList {
    fn from(payload: &'p MetricsPayload) -> Self {
        payload
    }
}

#[derive(Serialize, Deserialize)]
struct MetricEntry {
    class: Cow<'static, str>,
    #[serde(default)]
    processor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default)]
    value: Value,
}

impl From<Metric<'_>> for MetricEntry {
    fn from(metric: Metric<'_>) -> Self {
        let (class, value) = class_and_value(metric.value);
        Self {
            class: class.into(),
            processor: metric.processor.to_owned(),
            model: metric.model.map(str::to_owned),
            value,
        }
    }
}

impl MetricEntry {
    /// Returns the measurement; `None` for a class that the engine does not know.
    fn metric(&self) -> Option<Metric<'_>> {
        Some(Metric {
            processor: &self.processor,
            model: self.model.as_deref(),
            value: measurement(&self.class, &self.value)?,
        })
    }
}

/// Returns the Pipecat class and the JSON value of a measurement.
fn class_and_value(measurement: Measurement) -> (&'static str, Value) {
    match measurement {
        Measurement::TimeToFirstByte(seconds) => ("TTFBMetricsData", json!({"value": seconds})),
        Measurement::Processing(seconds) => ("ProcessingMetricsData", json!({"value": seconds})),
        Measurement::TimeToFirstAnswerToken(seconds) => ("TTFATMetricsData", json!({"ttfat": seconds})),
        Measurement::TimeToFirstAudio(seconds) => ("TTFAMetricsData", json!({"ttfa": seconds})),
        Measurement::LlmUsage(usage) => ("LLMUsageMetricsData", json!({"value": tokens(usage)})),
        Measurement::TtsCharacters(characters) => ("TTSUsageMetricsData", json!({"value": characters})),
        Measurement::SttAudioSeconds(seconds) => {
            ("STTUsageMetricsData", json!({"value": {"audio_seconds": seconds}}))
        }
    }
}

/// Parses a measurement; `None` for an unknown class or a malformed value.
fn measurement(class: &str, data: &Value) -> Option<Measurement> {
    let seconds = |key: &str| data.get(key)?.as_f64();
    Some(match class {
        "TTFBMetricsData" => Measurement::TimeToFirstByte(seconds("value")?),
        "ProcessingMetricsData" => Measurement::Processing(seconds("value")?),
        "TTFATMetricsData" => Measurement::TimeToFirstAnswerToken(seconds("ttfat")?),
        "TTFAMetricsData" => Measurement::TimeToFirstAudio(seconds("ttfa")?),
        "LLMUsageMetricsData" => Measurement::LlmUsage(usage(data.get("value")?.as_object()?)),
        "TTSUsageMetricsData" => Measurement::TtsCharacters(data.get("value")?.as_u64()?),
        "STTUsageMetricsData" => {
            Measurement::SttAudioSeconds(data.get("value")?.get("audio_seconds")?.as_f64()?)
        }
        _ => return None,
    })
}

fn tokens(usage: LlmUsage) -> Map<String, Value> {
    let always = [
        ("prompt_tokens", Some(usage.prompt)),
        ("completion_tokens", Some(usage.completion)),
        ("total_tokens", Some(usage.total)),
    ];
    let if_reported = [
        ("cache_read_input_tokens", usage.cache_read),
        ("cache_creation_input_tokens", usage.cache_write),
        ("reasoning_tokens", usage.reasoning),
        ("input_audio_tokens", usage.prompt_audio),
        ("output_audio_tokens", usage.completion_audio),
    ];
    always
        .into_iter()
        .chain(if_reported)
        .filter_map(|(key, count)| Some((key.to_owned(), Value::from(count?))))
        .collect()
}

fn usage(tokens: &Map<String, Value>) -> LlmUsage {
    let count = |key: &str| tokens.get(key).and_then(Value::as_u64);
    LlmUsage {
        prompt: count("prompt_tokens").unwrap_or_default(),
        completion: count("completion_tokens").unwrap_or_default(),
        total: count("total_tokens").unwrap_or_default(),
        cache_read: count("cache_read_input_tokens"),
        cache_write: count("cache_creation_input_tokens"),
        reasoning: count("reasoning_tokens"),
        prompt_audio: audio_tokens(tokens, ["prompt", "input"]),
        completion_audio: audio_tokens(tokens, ["completion", "output"]),
    }
}

/// Finds the count of audio tokens by direction. Providers name it differently, but every name contains `audio` and one
/// of `directions`.
fn audio_tokens(tokens: &Map<String, Value>, directions: [&str; 2]) -> Option<u64> {
    tokens.iter().filter(|(key, _)| key.contains("audio") && !key.contains("cache")).find_map(
        |(key, count)| directions.iter().any(|direction| key.contains(direction)).then(|| count.as_u64())?,
    )
}
