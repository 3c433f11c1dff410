//! Privacy options and presets apply to traced calls.

use opentelemetry_sdk::trace::SpanData;
use pipecat_instrument::{PipecatInstrumentor, Preset, TraceConfig, traced_llm, traced_stt, traced_tts};

use super::support::{Traced, attribute};

const SECRET: &str = "4711";

#[traced_llm(name = "Llm", input = "my PIN is 4711", output = |answer| answer)]
fn complete() -> Result<String, String> {
    Ok("4711, noted".into())
}

#[traced_llm(name = "Llm", input = "4711")]
fn fails() -> Result<(), String> {
    Err("no PIN".into())
}

#[traced_tts(name = "Tts", input = "4711, noted")]
fn say() {}

#[traced_stt(name = "Stt", output = |words| *words)]
fn transcribe() -> &'static str {
    "my PIN is 4711"
}

fn spans(config: TraceConfig) -> Vec<SpanData> {
    let traced = Traced::with(PipecatInstrumentor::builder().trace_config(config));
    complete().unwrap();
    fails().unwrap_err();
    say();
    transcribe();
    traced.spans()
}

fn contain_secret(spans: &[SpanData]) -> Vec<bool> {
    let contains_secret = |span: &SpanData| {
        span.attributes.iter().any(|attribute| attribute.value.to_string().contains(SECRET))
    };
    spans.iter().map(contains_secret).collect()
}

#[test]
fn hidden_input_and_output_are_redacted_in_traced_calls() {
    assert_eq!(contain_secret(&spans(TraceConfig::default())), [true; 4]);
    let hidden = spans(TraceConfig::default().hide_inputs(true).hide_outputs(true));
    assert_eq!(contain_secret(&hidden), [false; 4]);
    assert_eq!(attribute(&hidden[0], "input.value").as_deref(), Some("__REDACTED__"));
    assert_eq!(attribute(&hidden[0], "output.value").as_deref(), Some("__REDACTED__"));
}

#[test]
fn presets_apply_to_traced_calls() {
    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::jaeger()));
    complete().unwrap();
    let spans = traced.spans();
    assert_eq!(spans.len(), 1, "it is in no conversation");
    assert_eq!(spans[0].name, "llm_llm");
    assert_eq!(attribute(&spans[0], "gen_ai.operation.name").as_deref(), Some("chat"));

    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::langfuse()));
    complete().unwrap();
    assert_eq!(attribute(&traced.spans()[0], "langfuse.session.id"), None);
    assert_eq!(attribute(&traced.spans()[0], "langfuse.trace.name"), None);
}
