//! Functions that return a value or an error: sync, async, and with an opaque or a boxed future.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::frame::{LlmUsage, Message, ToolCall};
use pipecat_instrument::{PipecatInstrumentor, traced_llm, traced_stt, traced_tts};
use serde_json::json;

use super::support::{Traced, attribute, block_on, provider, yield_once};
use super::tree::tree;

struct Reply {
    text: String,
    usage: Option<LlmUsage>,
}

#[derive(Debug)]
struct Refused(u16);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.0)
    }
}

struct OpenAi {
    model: String,
}

fn openai() -> OpenAi {
    OpenAi { model: "gpt-4o".into() }
}

fn reply(text: &str) -> Reply {
    let usage = LlmUsage { prompt: 7, completion: 2, total: 9, ..LlmUsage::default() };
    Reply { text: text.into(), usage: Some(usage) }
}

impl OpenAi {
    #[traced_llm(model = self.model, provider = "open", input = prompt, output = |reply| &reply.text, usage = |reply| reply.usage)]
    fn complete(&self, prompt: String) -> Reply {
        drop(prompt);
        reply("Hello.")
    }

    #[traced_llm(model = &self.model, input = prompt, output = |reply| &reply.text)]
    async fn complete_later(&self, prompt: &str) -> Result<Reply, Refused> {
        yield_once().await;
        if prompt.is_empty() {
            return Err(Refused(400));
        }
        check(prompt)?;
        Ok(reply(prompt))
    }

    #[traced_llm(input = prompt, output = |reply| &reply.text)]
    fn promise<'a>(&'a self, prompt: &'a str) -> impl Future<Output = Result<Reply, Refused>> + Send + 'a {
        async move { self.complete_quietly(prompt).await }
    }

    #[traced_llm(input = prompt, output = |reply: &Reply| reply.text.as_str())]
    fn boxed<'a>(
        &'a self,
        prompt: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Refused>> + Send + 'a>> {
        Box::pin(self.complete_quietly(prompt))
    }

    async fn complete_quietly(&self, prompt: &str) -> Result<Reply, Refused> {
        yield_once().await;
        check(prompt)?;
        Ok(reply(prompt))
    }
}

fn check(prompt: &str) -> Result<(), Refused> {
    if prompt == "busy" { Err(Refused(429)) } else { Ok(()) }
}

#[test]
fn call_becomes_a_span_with_input_and_output() {
    let traced = Traced::new();
    assert_eq!(openai().complete("Hi".into()).text, "Hello.");
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · OpenAi · gpt-4o · by open · in Hi · out Hello. · sent 7 · got 2
"
    );
    assert_eq!(attribute(&traced.spans()[0], "openinference.span.kind").as_deref(), Some("LLM"));
    assert_eq!(attribute(&traced.spans()[0], "session.id"), None);
}

#[test]
fn returned_error_becomes_the_status_in_every_shape_of_function() {
    let traced = Traced::new();
    for prompt in ["Hi", "", "busy"] {
        let _ = block_on(openai().complete_later(prompt));
    }
    let _ = block_on(openai().promise("busy"));
    let _ = block_on(openai().boxed("busy"));
    let _ = block_on(openai().boxed("Hi"));
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · OpenAi · gpt-4o · by openai · in Hi · out Hi
pipecat.llm · OpenAi · gpt-4o · by openai · in  · ✗ traced::calls::Refused: refused with 400 · [exception]
pipecat.llm · OpenAi · gpt-4o · by openai · in busy · ✗ traced::calls::Refused: refused with 429 · [exception]
pipecat.llm · OpenAi · by openai · in busy · ✗ traced::calls::Refused: refused with 429 · [exception]
pipecat.llm · OpenAi · by openai · in busy · ✗ traced::calls::Refused: refused with 429 · [exception]
pipecat.llm · OpenAi · by openai · in Hi · out Hi
"
    );
}

#[derive(Debug)]
struct OnlyDebug;

struct Opaque;

#[traced_llm]
fn fails_in_debug() -> Result<(), OnlyDebug> {
    Err(OnlyDebug)
}

#[traced_llm]
fn fails_opaquely<T>(_: T) -> Result<T, Opaque> {
    Err(Opaque)
}

#[test]
fn error_without_display_is_recorded() {
    let traced = Traced::new();
    let _ = fails_in_debug();
    let _ = fails_opaquely(1);
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · fails_in_debug · by fails_in_debug · ✗ traced::calls::OnlyDebug: OnlyDebug · [exception]
pipecat.llm · fails_opaquely · by fails_opaquely · ✗ traced::calls::Opaque: an error that does not say what it is · [exception]
"
    );
}

#[traced_tts(name = "CartesiaTTSService", model = "sonic-2", voice = "sarah", input = text, usage = |_| length)]
fn say(text: &str, length: usize) -> Vec<i16> {
    vec![0; text.len()]
}

#[traced_stt(name = "Whisper", output = |words| words.0, usage = |words| words.1)]
async fn transcribe(samples: Vec<i16>) -> (&'static str, f64) {
    yield_once().await;
    ("Hello there.", f64::from(u32::try_from(samples.len()).unwrap()) / 16_000.0)
}

#[test]
fn stt_and_tts_calls_have_their_own_attributes() {
    let traced = Traced::new();
    say("Hi.", 3);
    block_on(transcribe(vec![0; 8_000]));
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.tts · CartesiaTTSService · sonic-2 · by cartesia · voice sarah · in Hi. · out Hi. · characters 3
pipecat.stt · Whisper · by whisper · in Hello there. · out Hello there. · seconds 0.5
"
    );
}

#[traced_llm(input = messages, output = |message| message)]
fn chat(messages: &serde_json::Value) -> Message {
    let call = ToolCall { id: "call_1".into(), name: "weather".into(), arguments: "{}".into() };
    Message { role: messages[0]["role"].to_string(), tool_calls: vec![call], ..Message::default() }
}

#[traced_llm(input = messages)]
fn chat_typed(messages: Vec<Message>) -> usize {
    messages.len()
}

#[test]
fn chat_input_is_recorded_message_by_message() {
    let traced = Traced::new();
    chat(&json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Rain?"}]));
    chat(&json!({"messages": [{"role": "user", "content": "Sun?"}], "tools": [{"name": "weather"}]}));
    chat_typed(vec![Message::text("user", "Snow?")]);

    let spans = traced.spans();
    let value = |span: usize, key: &str| attribute(&spans[span], key).unwrap_or_default();
    assert_eq!(value(0, "llm.input_messages.0.message.content"), "Be brief.");
    assert_eq!(value(0, "llm.input_messages.1.message.role"), "user");
    assert_eq!(value(0, "input.value"), "Rain?");
    assert_eq!(value(0, "llm.output_messages.0.message.tool_calls.0.tool_call.function.name"), "weather");
    assert_eq!(value(1, "llm.tools.0.tool.json_schema"), r#"{"name":"weather"}"#);
    assert_eq!(value(2, "llm.input_messages.0.message.content"), "Snow?");
    assert_eq!(value(2, "llm.messages_count"), "1");
}

#[traced_llm(input = prompt)]
fn breaks(prompt: &str) -> usize {
    assert!(prompt.is_empty(), "no idea what {prompt} means");
    0
}

#[traced_llm]
async fn breaks_later() {
    yield_once().await;
    panic!("out of words");
}

#[test]
fn panic_ends_the_span_and_propagates() {
    let traced = Traced::new();
    let panicked = catch_unwind(|| breaks("Hi")).unwrap_err();
    assert_eq!(panicked.downcast_ref::<String>().unwrap(), "no idea what Hi means");
    let panicked = catch_unwind(AssertUnwindSafe(|| block_on(breaks_later()))).unwrap_err();
    assert_eq!(panicked.downcast_ref::<&str>(), Some(&"out of words"));
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · breaks · by breaks · in Hi · ✗ panic: no idea what Hi means · [exception]
pipecat.llm · breaks_later · by breaks_later · ✗ panic: out of words · [exception]
"
    );
}

/// Records a span as a traced HTTP client does, or the OpenTelemetry layer of `tracing`.
fn request(tracer: &BoxedTracer, name: &'static str) {
    tracer.start(name).end();
}

#[traced_llm(name = "Outer")]
async fn asks_around(tracer: &BoxedTracer) {
    request(tracer, "GET /models");
    yield_once().await;
    request(tracer, "POST /chat");
    Box::pin(asks_within(tracer)).await;
}

#[traced_llm(name = "Inner")]
async fn asks_within(tracer: &BoxedTracer) {
    yield_once().await;
    request(tracer, "POST /embed");
}

#[test]
fn inner_spans_are_children_across_awaits() {
    let spans = InMemorySpanExporter::default();
    let provider: SdkTracerProvider = provider(&spans);
    let _scoped = PipecatInstrumentor::builder().scoped(provider.clone()).unwrap();
    let tracer = BoxedTracer::new(Box::new(provider.tracer("http")));
    let mut asking = Box::pin(asks_around(&tracer));
    let mut idle = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asking.as_mut().poll(&mut idle).is_pending());
    request(&tracer, "GET /health");
    block_on(asking);
    assert_eq!(
        tree(&spans.get_finished_spans().unwrap()),
        "
pipecat.llm · Outer · by outer
  GET /models
  POST /chat
  pipecat.llm · Inner · by inner
    POST /embed
GET /health
"
    );
}

#[traced_llm]
fn part_of_something() {}

#[test]
fn call_outside_a_conversation_is_a_child_of_the_current_span() {
    use opentelemetry::Context;
    use opentelemetry::trace::TraceContextExt;

    let spans = InMemorySpanExporter::default();
    let provider = provider(&spans);
    let _scoped = PipecatInstrumentor::builder().scoped(provider.clone()).unwrap();
    let context = Context::current_with_span(provider.tracer("app").start("job"));
    {
        let _current = context.clone().attach();
        part_of_something();
    }
    context.span().end();
    assert_eq!(
        tree(&spans.get_finished_spans().unwrap()),
        "
job
  pipecat.llm · part_of_something · by part_of_something
"
    );
}
