//! Metrics, through the facade.

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
use pipecat_instrument_runtime::emit::keys::{self, MetricKind};
use support::push;

/// The user asks something, cuts the answer, and the pipeline is dropped.
fn hold_a_conversation() {
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
    let said = Transcript { user_id: Some("ann"), ..Transcript::from("What time is it?") };
    let frames = [
        (&output, Frame::Start),
        (&output, Frame::UserStartedSpeaking),
        (&stt, Frame::Transcription(said)),
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

/// The metrics of one conversation whose spans `sampler` lets through, and how many these are.
fn measured(sampler: Sampler) -> (BTreeMap<String, Vec<String>>, usize) {
    let spans = InMemorySpanExporter::default();
    let tracers =
        SdkTracerProvider::builder().with_simple_exporter(spans.clone()).with_sampler(sampler).build();
    let metrics = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(metrics.clone()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();

    let scoped =
        PipecatInstrumentor::builder().meter_provider(meters.clone()).scoped(tracers.clone()).unwrap();
    hold_a_conversation();
    drop(scoped);
    meters.force_flush().unwrap();
    (series(&metrics), spans.get_finished_spans().unwrap().len())
}

/// The series of each metric: attributes, and how many measurements, or how much in all where that is certain.
fn series(exporter: &InMemoryMetricExporter) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let told: Vec<String> = match metric.data() {
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
            series.extend(told);
            series.sort();
        }
    }
    all
}

fn line<'a>(attributes: impl Iterator<Item = &'a KeyValue>, value: u64) -> String {
    let mut attributes: Vec<String> = attributes.map(|told| told.value.to_string()).collect();
    attributes.sort();
    format!("{} {value}", attributes.join(" "))
}

#[test]
fn a_conversation_is_measured_whatever_the_sampler_makes_of_its_spans() {
    let (of_sampled, spans) = measured(Sampler::AlwaysOn);
    assert_eq!(spans, 5, "two turns with speech in them, and an answer");
    for (name, expected) in [
        ("pipecat.turn.duration", &["cancelled 1", "interrupted 1"][..]),
        ("pipecat.turn.interruptions", &[" 1"]),
        ("pipecat.turn.user_to_bot_latency", &["user_stopped 1"]),
        ("pipecat.turn.latency_stage", &["llm 1", "output 1", "stt 1"]),
        ("pipecat.service.ttfb", &["chat gpt-4o openai reported 1"]),
        ("gen_ai.client.operation.duration", &["chat gpt-4o openai 1"]),
        ("gen_ai.client.operation.time_to_first_chunk", &["chat gpt-4o openai 1"]),
        ("gen_ai.client.token.usage", &["chat gpt-4o input openai 30", "chat gpt-4o openai output 12"]),
        ("pipecat.observer.panics", &[&*format!(" {}", caught_panics())]),
        ("pipecat.observer.frame_log.lost", &[" 0"]),
    ] {
        assert_eq!(of_sampled.get(name).map_or(&[][..], Vec::as_slice), expected, "{name}");
    }

    let (of_unsampled, spans) = measured(Sampler::AlwaysOff);
    assert_eq!(spans, 0);
    assert_eq!(of_unsampled, of_sampled);
}

#[test]
fn no_id_no_user_and_no_text_is_in_a_metric() {
    let (all, _) = measured(Sampler::AlwaysOn);
    let told = format!("{all:?}");
    for secret in ["call-42", "ann", "acme", "What time", "noon"] {
        assert!(!told.contains(secret), "{secret} is in {told}");
    }
}

#[test]
fn the_documentation_lists_every_metric_as_it_is() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md")).unwrap();
    let beginning = "| metric | kind | unit | attributes | what it tells |\n|---|---|---|---|---|\n";
    let (_, table) = page.split_once(beginning).unwrap();
    let listed: Vec<&str> = table.lines().take_while(|line| !line.is_empty()).collect();
    let rows: Vec<String> = keys::metrics()
        .map(|metric| {
            let kind = match metric.kind {
                MetricKind::Histogram => "histogram",
                MetricKind::Counter => "counter",
                other => panic!("no word for {other:?}"),
            };
            let attributes: Vec<String> = metric.attributes.iter().map(|key| format!("`{key}`")).collect();
            let cells = [
                format!("`{}`", metric.name),
                kind.into(),
                format!("`{}`", metric.unit),
                attributes.join(", "),
            ];
            let cells = cells.map(|cell| if cell.is_empty() { " ".into() } else { format!(" {cell} ") });
            format!("|{}| {} |", cells.join("|"), metric.about.trim())
        })
        .collect();
    assert_eq!(listed, rows, "\n{}\n", rows.join("\n"));
}
