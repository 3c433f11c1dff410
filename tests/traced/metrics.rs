//! Metrics of traced calls, whether or not their spans are sampled.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use pipecat_instrument::{PipecatInstrumentor, TracingContext, traced_llm};
use pipecat_instrument_runtime::emit::keys;

use super::pipeline::Pipeline;

#[traced_llm(context = tracing, name = "Claude", model = "claude-1", input = "Hi", usage = |()| (30, 12))]
fn complete(tracing: &TracingContext) {
    let _ = tracing;
}

/// Returns the sum of tokens, and the models.
fn tokens(exporter: &InMemoryMetricExporter) -> (u64, Vec<String>) {
    let (mut sum, mut models) = (0, Vec::new());
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let AggregatedMetrics::U64(MetricData::Histogram(all)) = metric.data() else { continue };
            for point in all.data_points().filter(|_| metric.name() == "gen_ai.client.token.usage") {
                sum += point.sum();
                let of_model = |attribute: &&KeyValue| attribute.key.as_str() == keys::GEN_AI_REQUEST_MODEL;
                models
                    .extend(point.attributes().filter(of_model).map(|attribute| attribute.value.to_string()));
            }
        }
    }
    (sum, models)
}

#[test]
fn tokens_are_counted_inside_and_outside_a_conversation() {
    for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
        let tracers = SdkTracerProvider::builder().with_sampler(sampler).build();
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let meters = SdkMeterProvider::builder().with_reader(reader).build();
        let _scoped =
            PipecatInstrumentor::builder().meter_provider(meters.clone()).scoped(tracers.clone()).unwrap();
        let pipeline = Pipeline::start();
        complete(&pipeline.tracing());
        pipeline.ends();
        complete(&TracingContext::default());
        meters.force_flush().unwrap();
        let (sum, models) = tokens(&exporter);
        assert_eq!(sum, 84, "42 in it, 42 outside");
        assert!(!models.is_empty() && models.iter().all(|model| model == "claude-1"), "{models:?}");
    }
}
