//! Metrics, through the facade, and `docs/metrics.md`.
//!
//! ```text
//! UPDATE_DOCS=1 cargo test --all-features --test metrics    # rewrites the table of the page
//! ```

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use pipecat_instrument::frame::{
    Frame, LlmUsage, Measurement, Metric, Processor, Role, TextChunk, Transcript,
};
use pipecat_instrument::{ObserveOptions, PipecatInstrumentor, caught_panics};
use pipecat_instrument_runtime::emit::keys::{self, MetricInfo, MetricKind};
use support::push;

/// A conversation in which the user asks, interrupts the answer, and the pipeline is dropped.
fn play_conversation() {
    let options =
        ObserveOptions::new().conversation_id("call-42").attributes(&KeyValue::new("tenant", "acme"));
    let observer = PipecatInstrumentor::observe(options).unwrap();
    let stt = Processor::new("Stt", "DeepgramSTTService", Role::Stt).model("nova-3");
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm).model("gpt-4o");
    let output = Processor::new("Output", "Output", Role::OutputTransport);
    let usage = LlmUsage { prompt: 30, completion: 12, total: 42, ..LlmUsage::default() };
    let metrics = [
        Metric { processor: "Llm", model: None, value: Measurement::TimeToFirstByte(0.25) },
        Metric { processor: "Llm", model: None, value: Measurement::LlmUsage(usage) },
    ];
    let question = Transcript { user_id: Some("ann"), ..Transcript::from("What time is it?") };
    let frames = [
        (&output, Frame::Start),
        (&output, Frame::UserStartedSpeaking),
        (&stt, Frame::Transcription(question)),
        (&output, Frame::UserStoppedSpeaking),
        (&llm, Frame::LlmResponseStart),
        (&llm, Frame::LlmText(TextChunk::new("It is noon."))),
        (&llm, Frame::Metrics(&metrics)),
        (&llm, Frame::LlmResponseEnd),
        (&output, Frame::BotStartedSpeaking),
        (&output, Frame::UserStartedSpeaking),
    ];
    for (id, (source, frame)) in (1..).zip(&frames) {
        push(&observer, source, id, frame);
    }
}

/// Returns the metrics of one conversation sampled by `sampler`, and the number of its spans.
fn measure(sampler: Sampler) -> (BTreeMap<String, Vec<String>>, usize) {
    let spans = InMemorySpanExporter::default();
    let tracers =
        SdkTracerProvider::builder().with_simple_exporter(spans.clone()).with_sampler(sampler).build();
    let metrics = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(metrics.clone()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();

    let scoped =
        PipecatInstrumentor::builder().meter_provider(meters.clone()).scoped(tracers.clone()).unwrap();
    play_conversation();
    drop(scoped);
    meters.force_flush().unwrap();
    (series(&metrics), spans.get_finished_spans().unwrap().len())
}

/// Returns the time series of each metric: attributes, and the number of measurements of times, else the sum.
fn series(exporter: &InMemoryMetricExporter) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let lines: Vec<String> = match metric.data() {
                AggregatedMetrics::F64(MetricData::Histogram(all)) => {
                    all.data_points().map(|point| line(point.attributes(), point.count())).collect()
                }
                AggregatedMetrics::U64(MetricData::Histogram(all)) => {
                    all.data_points().map(|point| line(point.attributes(), point.sum())).collect()
                }
                AggregatedMetrics::U64(MetricData::Sum(all)) => {
                    all.data_points().map(|point| line(point.attributes(), point.value())).collect()
                }
                other => panic!("{} is {other:?}", metric.name()),
            };
            let series = all.entry(metric.name().to_owned()).or_default();
            series.extend(lines);
            series.sort();
        }
    }
    all
}

fn line<'a>(attributes: impl Iterator<Item = &'a KeyValue>, value: u64) -> String {
    let mut attributes: Vec<String> = attributes.map(|attribute| attribute.value.to_string()).collect();
    attributes.sort();
    format!("{} {value}", attributes.join(" "))
}

#[test]
fn metrics_do_not_depend_on_sampling() {
    let (sampled, spans) = measure(Sampler::AlwaysOn);
    assert_eq!(spans, 5, "two turns, two utterances and an LLM call");
    for (name, expected) in [
        ("pipecat.turn.duration", &["cancelled 1", "interrupted 1"][..]),
        ("pipecat.turn.interruptions", &[" 1"]),
        ("pipecat.turn.user_to_bot_latency", &["user_stopped 1"]),
        ("pipecat.turn.latency_stage", &["endpointing 1", "llm 1", "pipeline 1", "transcription 1"]),
        ("pipecat.service.ttfb", &["chat gpt-4o openai reported 1"]),
        ("gen_ai.client.operation.duration", &["chat gpt-4o openai 1"]),
        ("gen_ai.client.operation.time_to_first_chunk", &["chat gpt-4o openai 1"]),
        ("gen_ai.client.token.usage", &["chat gpt-4o input openai 30", "chat gpt-4o openai output 12"]),
        ("pipecat.observer.panics", &[&*format!(" {}", caught_panics())]),
        ("pipecat.observer.frame_log.lost", &[" 0"]),
        ("pipecat.observer.spans.dropped", &[" 0"]),
    ] {
        assert_eq!(sampled.get(name).map_or(&[][..], Vec::as_slice), expected, "{name}");
    }

    let (unsampled, spans) = measure(Sampler::AlwaysOff);
    assert_eq!(spans, 0);
    assert_eq!(unsampled, sampled);
}

#[test]
fn metrics_contain_no_ids_users_or_texts() {
    let (all, _) = measure(Sampler::AlwaysOn);
    let all = format!("{all:?}");
    for secret in ["call-42", "ann", "acme", "What time", "noon"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}

#[test]
fn docs_metrics_md_equals_the_declared_metrics() {
    const HEADER: &str = "| metric | kind | unit | attributes | description |\n|---|---|---|---|---|\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, after) = page.split_once(HEADER).unwrap();
    let (listed, after) = after.split_once("\n\n").unwrap();
    let rows = keys::metrics().map(row).collect::<Vec<_>>().join("\n");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, [before, HEADER, &rows, "\n\n", after].concat()).unwrap();
    } else {
        assert_eq!(listed, rows, "UPDATE_DOCS=1 rewrites docs/metrics.md");
    }
}

/// Returns the row of `metric` in `docs/metrics.md`.
fn row(metric: &MetricInfo) -> String {
    let kind = match metric.kind {
        MetricKind::Histogram => "histogram",
        MetricKind::Counter => "counter",
        other => panic!("{other:?} has no name"),
    };
    let attributes: Vec<String> = metric.attributes.iter().map(|key| format!("`{key}`")).collect();
    let (name, unit, attributes) = (metric.name, metric.unit, attributes.join(", "));
    format!("| `{name}` | {kind} | `{unit}` | {attributes} | {} |", metric.about.trim())
}
