//! Metrics as they reach an exporter.

use std::fmt::Write as _;
use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

use super::MetricsRecorder;
use crate::emit::test_records::{llm, record, stt, tool, tts, turn};
use crate::emit::{RecordProcessor, keys};
use crate::engine::record::{
    EndReason, LatencySource, LatencyStage, ServiceTimes, SpanDetails, SpanEvent, SpanEventKind, SpanRecord,
    StageTime, Status, SttRecord, TimingSource, TtsRecord, TurnRecord, UserToBotLatency,
};
use crate::engine::time::Time;

/// A recorder, its provider and its exporter.
struct Fixture {
    recorder: MetricsRecorder,
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Fixture {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        Self { recorder: MetricsRecorder::new(provider.clone()), provider, exporter }
    }

    fn record(&self, details: impl IntoIterator<Item = SpanDetails>) -> &Self {
        details.into_iter().for_each(|details| self.recorder.on_end(&record(details)));
        self
    }

    /// Flushes, and calls `look` with every metric.
    fn each(&self, mut look: impl FnMut(&Metric)) {
        self.provider.force_flush().unwrap();
        for resource in self.exporter.get_finished_metrics().unwrap() {
            for scope in resource.scope_metrics() {
                assert_eq!(scope.scope().name(), "pipecat-instrument");
                scope.metrics().for_each(&mut look);
            }
        }
    }

    /// Returns the time series, sorted, one per line: `name{attributes} count × sum`, or the sum alone of a counter.
    fn exported(&self) -> String {
        let mut lines = Vec::new();
        self.each(|metric| {
            for (attributes, value) in series(metric) {
                let attributes: Vec<String> = attributes
                    .iter()
                    .map(|attribute| format!("{}={}", attribute.key, attribute.value))
                    .collect();
                lines.push(format!("{}{{{}}} {value}", metric.name(), attributes.join(",")));
            }
        });
        lines.sort();
        lines.iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{line}");
            text
        })
    }
}

/// Returns the time series of a metric: attributes, sorted by key, and value.
fn series(metric: &Metric) -> Vec<(Vec<KeyValue>, String)> {
    let sorted = |attributes: &mut dyn Iterator<Item = &KeyValue>| {
        let mut attributes: Vec<KeyValue> = attributes.cloned().collect();
        attributes.sort_by(|one, other| one.key.cmp(&other.key));
        attributes
    };
    match metric.data() {
        AggregatedMetrics::F64(MetricData::Histogram(all)) => all
            .data_points()
            .map(|point| (sorted(&mut point.attributes()), format!("{} × {}", point.count(), point.sum())))
            .collect(),
        AggregatedMetrics::U64(MetricData::Histogram(all)) => all
            .data_points()
            .map(|point| (sorted(&mut point.attributes()), format!("{} × {}", point.count(), point.sum())))
            .collect(),
        AggregatedMetrics::F64(MetricData::Sum(all)) => all
            .data_points()
            .map(|point| (sorted(&mut point.attributes()), point.value().to_string()))
            .collect(),
        AggregatedMetrics::U64(MetricData::Sum(all)) => all
            .data_points()
            .map(|point| (sorted(&mut point.attributes()), point.value().to_string()))
            .collect(),
        other => panic!("{} is {other:?}", metric.name()),
    }
}

fn failed(details: SpanDetails, error_type: &str) -> SpanRecord {
    let (message, error_type) = ("503 overloaded".to_owned(), error_type.to_owned());
    let kind = SpanEventKind::Exception { message: message.clone(), error_type: error_type.clone() };
    SpanRecord {
        status: Status::Error { message, error_type },
        events: vec![SpanEvent { at: Time::from_unix_nanos(2_000_000_000), kind }],
        ..record(details)
    }
}

#[test]
fn turns_record_duration_latency_and_interruption() {
    let completed = TurnRecord { end_reason: EndReason::Completed, latency: None, ..turn() };
    let fixture = Fixture::new();
    fixture.record([SpanDetails::Turn(turn()), SpanDetails::Turn(turn()), SpanDetails::Turn(completed)]);
    assert_eq!(
        fixture.exported(),
        "\
pipecat.turn.duration{conversation.end_reason=completed} 1 × 1.5
pipecat.turn.duration{conversation.end_reason=interrupted} 2 × 3
pipecat.turn.interruptions{} 2
pipecat.turn.latency_stage{conversation.latency.stage=llm} 2 × 1
pipecat.turn.latency_stage{conversation.latency.stage=transcription} 2 × 0.5
pipecat.turn.user_to_bot_latency{conversation.latency_source=vad} 2 × 1.5
"
    );
}

#[test]
fn services_record_times_and_usage_by_operation_provider_and_model() {
    let fixture = Fixture::new();
    fixture.record([SpanDetails::Stt(stt()), SpanDetails::Llm(Box::new(llm())), SpanDetails::Tts(tts())]);
    assert_eq!(
        fixture.exported(),
        "\
gen_ai.client.operation.duration{gen_ai.operation.name=chat,gen_ai.provider.name=openai,\
gen_ai.request.model=gpt-4o} 1 × 1.5
gen_ai.client.operation.duration{gen_ai.operation.name=text_to_speech,gen_ai.provider.name=cartesia,\
gen_ai.request.model=sonic-2} 1 × 1.5
gen_ai.client.operation.time_to_first_chunk{gen_ai.operation.name=chat,gen_ai.provider.name=openai,\
gen_ai.request.model=gpt-4o} 1 × 0.25
gen_ai.client.operation.time_to_first_chunk{gen_ai.operation.name=text_to_speech,\
gen_ai.provider.name=cartesia,gen_ai.request.model=sonic-2} 1 × 0.0625
gen_ai.client.token.usage{gen_ai.operation.name=chat,gen_ai.provider.name=openai,\
gen_ai.request.model=gpt-4o,gen_ai.token.type=input} 1 × 120
gen_ai.client.token.usage{gen_ai.operation.name=chat,gen_ai.provider.name=openai,\
gen_ai.request.model=gpt-4o,gen_ai.token.type=output} 1 × 20
pipecat.service.ttfb{gen_ai.operation.name=chat,gen_ai.provider.name=openai,gen_ai.request.model=gpt-4o,\
service.ttfb_source=reported} 1 × 0.25
pipecat.service.ttfb{gen_ai.operation.name=speech_to_text,gen_ai.provider.name=deepgram,\
gen_ai.request.model=nova-2,service.ttfb_source=reported} 1 × 0.25
pipecat.service.ttfb{gen_ai.operation.name=text_to_speech,gen_ai.provider.name=cartesia,\
gen_ai.request.model=sonic-2,service.ttfb_source=measured} 1 × 0.0625
pipecat.stt.audio_time{gen_ai.operation.name=speech_to_text,gen_ai.provider.name=deepgram,\
gen_ai.request.model=nova-2} 1.25
pipecat.tts.characters{gen_ai.operation.name=text_to_speech,gen_ai.provider.name=cartesia,\
gen_ai.request.model=sonic-2} 11
"
    );
}

#[test]
fn errors_are_counted_by_operation_and_type() {
    let fixture = Fixture::new();
    let silent = TtsRecord { times: ServiceTimes::default(), characters: None, ..tts() };
    for record in [
        failed(SpanDetails::Tts(silent), "RuntimeError"),
        failed(SpanDetails::Tool(tool()), "the calendar is closed on Sundays"),
        failed(SpanDetails::Turn(TurnRecord { latency: None, ..turn() }), "PipelineError"),
    ] {
        fixture.recorder.on_end(&record);
    }
    assert_eq!(
        fixture.exported(),
        "\
gen_ai.client.operation.duration{error.type=RuntimeError,gen_ai.operation.name=text_to_speech,\
gen_ai.provider.name=cartesia,gen_ai.request.model=sonic-2} 1 × 1.5
pipecat.errors{error.type=PipelineError,gen_ai.operation.name=invoke_agent} 1
pipecat.errors{error.type=RuntimeError,gen_ai.operation.name=text_to_speech,gen_ai.provider.name=cartesia,\
gen_ai.request.model=sonic-2} 1
pipecat.errors{error.type=_OTHER,gen_ai.operation.name=execute_tool} 1
pipecat.tool.duration{error.type=_OTHER} 1 × 1.5
pipecat.turn.duration{conversation.end_reason=interrupted} 1 × 1.5
pipecat.turn.interruptions{} 1
"
    );
}

#[test]
fn negative_and_infinite_numbers_are_clamped_or_skipped() {
    let latency =
        |seconds| UserToBotLatency { seconds, source: LatencySource::UserStopped, stages: Vec::new() };
    let ttfb = |seconds| ServiceTimes { ttfb: Some((seconds, TimingSource::Reported)), processing: None };
    let turns = [-0.25, 0.5]
        .map(|seconds| SpanDetails::Turn(TurnRecord { latency: Some(latency(seconds)), ..turn() }));
    let utterances = [f64::NAN, f64::INFINITY, 0.5].map(|seconds| {
        SpanDetails::Stt(SttRecord { times: ttfb(seconds), audio_seconds: Some(seconds), ..stt() })
    });
    let fixture = Fixture::new();
    let exported = fixture.record(turns).record(utterances).exported();
    for expected in [
        "user_to_bot_latency{conversation.latency_source=user_stopped} 2 × 0.5\n",
        "service.ttfb_source=reported} 1 × 0.5\n",
        "gen_ai.request.model=nova-2} 0.5\n",
    ] {
        assert!(exported.contains(expected), "no {expected} in\n{exported}");
    }
}

#[test]
fn time_series_are_limited_and_carry_no_texts() {
    let fixture = Fixture::new();
    for number in 0..1_000 {
        let mut call = llm();
        Arc::make_mut(&mut call.service).model = Some(format!("model-{number}"));
        Arc::make_mut(&mut call.service).provider = Some(format!("provider {number}"));
        fixture.recorder.on_end(&failed(SpanDetails::Llm(Box::new(call)), &format!("Error{number}")));
    }
    let mut max_series = 0;
    fixture.each(|metric| max_series = max_series.max(series(metric).len()));
    // 128 models and `_OTHER`, with two token types each. The 64 error types come with the first 64 models.
    assert_eq!(max_series, 2 * 129);
}

#[test]
fn every_metric_of_the_table_is_exported_as_declared() {
    let stages = LatencyStage::ALL.map(|stage| StageTime { stage, seconds: 0.1, owner: None }).into();
    let latency = UserToBotLatency { seconds: 0.9, source: LatencySource::Vad, stages };
    let fixture = Fixture::new();
    fixture.recorder.observe(&keys::LOST_EVENTS_METRIC, || 3);
    fixture.recorder.observe(&keys::PANICS_METRIC, || 1);
    fixture.record([
        SpanDetails::Turn(TurnRecord { latency: Some(latency), ..turn() }),
        SpanDetails::Stt(stt()),
        SpanDetails::Tool(tool()),
        SpanDetails::Tts(tts()),
    ]);
    fixture.recorder.on_end(&failed(SpanDetails::Llm(Box::new(llm())), "RuntimeError"));
    fixture.recorder.on_end(&failed(SpanDetails::Tool(tool()), "RuntimeError"));

    let mut names = Vec::new();
    fixture.each(|metric| {
        let info = keys::metrics().find(|info| info.name == metric.name()).unwrap();
        assert_eq!((metric.description(), metric.unit()), (info.about.trim(), info.unit), "{}", info.name);
        let mut attributes: Vec<String> = series(metric)
            .into_iter()
            .flat_map(|(attributes, _)| attributes)
            .map(|attribute| attribute.key.to_string())
            .collect();
        attributes.sort();
        attributes.dedup();
        let mut expected = info.attributes.to_vec();
        expected.sort_unstable();
        assert_eq!(attributes, expected, "{}", info.name);
        names.push(info.name);
    });
    names.sort_unstable();
    let mut all: Vec<&str> = keys::metrics().map(|info| info.name).collect();
    all.sort_unstable();
    assert_eq!(names, all);
}
