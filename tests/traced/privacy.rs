//! What is hidden of frames is hidden of functions.

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

fn tells_the_secret(spans: &[SpanData]) -> Vec<bool> {
    let tells = |span: &SpanData| span.attributes.iter().any(|said| said.value.to_string().contains(SECRET));
    spans.iter().map(tells).collect()
}

#[test]
fn hidden_inputs_and_outputs_are_nowhere() {
    assert_eq!(tells_the_secret(&spans(TraceConfig::default())), [true; 4]);
    let hidden = spans(TraceConfig::default().hide_inputs(true).hide_outputs(true));
    assert_eq!(tells_the_secret(&hidden), [false; 4]);
    assert_eq!(attribute(&hidden[0], "input.value").as_deref(), Some("__REDACTED__"));
    assert_eq!(attribute(&hidden[0], "output.value").as_deref(), Some("__REDACTED__"));
}

#[test]
fn spans_are_called_and_written_as_the_program_wants_it() {
    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::jaeger()));
    complete().unwrap();
    let spans = traced.spans();
    assert_eq!(spans.len(), 1, "no conversation of its own");
    assert_eq!(spans[0].name, "llm_llm");
    assert_eq!(attribute(&spans[0], "gen_ai.operation.name").as_deref(), Some("chat"));

    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::langfuse()));
    complete().unwrap();
    assert_eq!(attribute(&traced.spans()[0], "langfuse.session.id"), None);
    assert_eq!(attribute(&traced.spans()[0], "langfuse.trace.name"), None);
}
