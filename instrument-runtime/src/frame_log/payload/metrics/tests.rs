//! Round trips of measurements.

use super::{class_and_value, measurement};
use crate::engine::frame::{LlmUsage, Measurement};
use serde_json::json;

#[test]
fn a_measurement_survives_its_line() {
    let usage = LlmUsage {
        prompt: 10,
        completion: 5,
        total: 15,
        cache_read: Some(4),
        cache_write: Some(0),
        reasoning: None,
        prompt_audio: Some(2),
        completion_audio: Some(3),
    };
    for value in [
        Measurement::TimeToFirstByte(0.25),
        Measurement::Processing(0.0),
        Measurement::TimeToFirstAnswerToken(0.5),
        Measurement::TimeToFirstAudio(0.75),
        Measurement::LlmUsage(usage),
        Measurement::TtsCharacters(42),
        Measurement::SttAudioSeconds(1.5),
    ] {
        let (class, data) = class_and_value(value);
        assert_eq!(measurement(class, &data), Some(value), "{class} {data}");
    }
}

#[test]
fn unknown_classes_and_malformed_values_are_skipped() {
    assert_eq!(measurement("TextAggregationMetricsData", &json!({"value": 1.0})), None);
    assert_eq!(measurement("TTFBMetricsData", &json!({"value": null})), None);
    assert_eq!(measurement("LLMUsageMetricsData", &json!({"value": 7})), None);
}
