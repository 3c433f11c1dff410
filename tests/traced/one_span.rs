//! In an observed pipeline, a call and its frames are one span, in whatever order they come.

use futures_util::stream::{self, Stream, StreamExt};
use opentelemetry::trace::{Span, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, global::BoxedTracer};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use pipecat_instrument::frame::{Frame, TextChunk};
use pipecat_instrument::{
    PipecatInstrumentor, ScopedGuard, TracingContext, traced_llm, traced_stt, traced_tts,
};

use super::pipeline::Pipeline;
use super::support::{block_on, provider, yield_once};
use super::tree::tree;

/// Services with a traced HTTP client.
struct Services {
    tracing: Option<TracingContext>,
    client: BoxedTracer,
    model: &'static str,
}

impl Services {
    fn request(&self, name: &'static str) {
        self.client.start(name).end();
    }

    #[traced_stt(context = self.tracing, model = self.model, output = |words| words)]
    fn transcribe(&self) -> String {
        self.request("POST /transcribe");
        "Rain?".into()
    }

    #[traced_llm(context = self.tracing, model = self.model, provider = "azure", input = question, output = |answer| answer, usage = |_| (9, 3))]
    async fn complete(&self, question: &str) -> Result<String, &'static str> {
        self.request("POST /chat");
        yield_once().await;
        if question.is_empty() { Err("no question") } else { Ok("No.".into()) }
    }

    #[traced_tts(context = self.tracing, voice = "sarah", input = text, usage = |_| 3)]
    fn say(&self, text: &str) -> impl Stream<Item = u8> + use<> {
        self.request("POST /speech");
        stream::iter([1, 2, 3]).take(text.len())
    }
}

/// A pipeline, its services and their spans.
struct Fixture {
    pipeline: Pipeline,
    services: Services,
    spans: InMemorySpanExporter,
    _scoped: ScopedGuard,
}

impl Fixture {
    fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = provider(&spans);
        let scoped = PipecatInstrumentor::builder().scoped(provider.clone()).unwrap();
        let pipeline = Pipeline::start();
        let services = Services {
            tracing: Some(pipeline.tracing()),
            client: BoxedTracer::new(Box::new(provider.tracer("http"))),
            model: "model-1",
        };
        Self { pipeline, services, spans, _scoped: scoped }
    }

    /// Ends the pipeline, and returns its trees.
    fn tree(self) -> String {
        self.pipeline.ends();
        tree(&self.spans.get_finished_spans().unwrap())
    }
}

#[test]
fn frames_before_the_call() {
    let fixture = Fixture::new();
    fixture.pipeline.user_says("Rain?").asks("Llm", "Rain?");
    block_on(fixture.services.complete("Rain?")).unwrap();
    fixture.pipeline.answers("Llm", "No.");
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · in Rain? · out No.
  pipecat.stt · WhisperSTTService · by whisper · in Rain? · out Rain?
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · out No. · sent 9 · got 3 · ttfb measured · [first_token]
    POST /chat
"
    );
}

#[test]
fn frames_during_the_call() {
    let fixture = Fixture::new();
    fixture.pipeline.user_says("Rain?");
    block_on(async {
        let mut audio = Box::pin(fixture.services.say("No."));
        audio.next().await;
        fixture.pipeline.push("Tts", &Frame::TtsStarted { context_id: None });
        fixture.services.request("GET /metrics");
        audio.next().await;
        fixture
            .pipeline
            .push("Tts", &Frame::TtsText(TextChunk::new("No, none.")))
            .push("Tts", &Frame::TtsStopped { context_id: None });
        assert_eq!(audio.count().await, 1);
    });
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · in Rain? · out No, none.
  pipecat.stt · WhisperSTTService · by whisper · in Rain? · out Rain?
  pipecat.tts · CartesiaTTSService · by cartesia · voice sarah · in No, none. · out No, none. · characters 9 · ttfb measured
    POST /speech
GET /metrics
"
    );
}

#[test]
fn frames_after_the_call() {
    let fixture = Fixture::new();
    for _ in 0..2 {
        fixture.pipeline.user_speaks();
        let words = fixture.services.transcribe();
        fixture.pipeline.hears(&words);
        let answer = block_on(fixture.services.complete(&words)).unwrap();
        fixture.pipeline.answers("Llm", &answer).bot_speaks();
    }
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · in Rain? · out No.
  pipecat.stt · WhisperSTTService · model-1 · by whisper · in Rain? · out Rain?
    POST /transcribe
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · out No. · sent 9 · got 3 · ttfb measured · [first_token]
    POST /chat
pipecat.conversation.turn · in Rain? · out No.
  pipecat.stt · WhisperSTTService · model-1 · by whisper · in Rain? · out Rain?
    POST /transcribe
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · out No. · sent 9 · got 3 · ttfb measured · [first_token]
    POST /chat
"
    );
}

#[test]
fn no_frames_for_the_call() {
    let fixture = Fixture::new();
    fixture.pipeline.user_speaks();
    fixture.services.transcribe();
    block_on(fixture.services.complete("Rain?")).unwrap();
    assert_eq!(block_on(fixture.services.say("No.").count()), 3);
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · out No.
  pipecat.stt · Services · model-1 · by services · in Rain? · out Rain?
    POST /transcribe
  pipecat.llm · Services · model-1 · by azure · in Rain? · out No. · sent 9 · got 3
    POST /chat
  pipecat.tts · Services · by services · voice sarah · in No. · out No. · characters 9 · ttfb measured · [first_audio]
    POST /speech
"
    );
}

#[test]
fn synthesis_by_sentence_is_one_span() {
    let fixture = Fixture::new();
    block_on(fixture.services.say("No.").count());
    fixture.pipeline.push("Tts", &Frame::TtsStarted { context_id: None });
    block_on(fixture.services.say("None.").count());
    fixture.pipeline.push("Tts", &Frame::TtsStopped { context_id: None });
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · out No. None.
  pipecat.tts · CartesiaTTSService · by cartesia · voice sarah · in No. None. · out No. None. · characters 18 · ttfb measured
    POST /speech
    POST /speech
"
    );
}

#[test]
fn error_that_is_returned_and_in_a_frame_is_recorded_once() {
    let fixture = Fixture::new();
    fixture.pipeline.asks("Llm", "Rain?");
    block_on(fixture.services.complete("")).unwrap_err();
    fixture.pipeline.fails("Llm", "Error in the model: no question");
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · in Rain?
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · ✗ _OTHER: no question · [exception]
    POST /chat
"
    );
}

#[test]
fn retries_of_one_request_are_one_span() {
    let fixture = Fixture::new();
    fixture.pipeline.user_says("Rain?").asks("Llm", "Rain?");
    block_on(fixture.services.complete("")).unwrap_err();
    let answer = block_on(fixture.services.complete("Rain?")).unwrap();
    fixture.pipeline.answers("Llm", &answer);
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · in Rain? · out No.
  pipecat.stt · WhisperSTTService · by whisper · in Rain? · out Rain?
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · out No. · sent 9 · got 3 · ttfb measured · ✗ _OTHER: no question · [exception, first_token]
    POST /chat
    POST /chat
"
    );
}

#[test]
fn second_request_is_a_second_span() {
    let fixture = Fixture::new();
    fixture.pipeline.asks("Llm", "Rain?");
    block_on(fixture.services.complete("Rain?")).unwrap();
    block_on(fixture.services.complete("Is that an answer?")).unwrap();
    fixture.pipeline.answers("Llm", "No.");
    assert_eq!(
        fixture.tree(),
        "
pipecat.conversation.turn · in Rain? · out No.
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · out No. · sent 9 · got 3 · ttfb measured · [first_token]
    POST /chat
  pipecat.llm · Services · model-1 · by azure · in Is that an answer? · out No. · sent 9 · got 3
    POST /chat
"
    );
}

#[test]
fn traceparent_in_a_call_names_the_span_of_its_frames() {
    #[traced_llm(context = tracing)]
    fn traceparent(tracing: &TracingContext) -> String {
        let mut headers = std::collections::HashMap::new();
        pipecat_instrument::propagation::inject(&Context::current(), &mut headers);
        assert!(!Context::current().span().is_recording(), "it is an identity, not the span");
        headers.remove("traceparent").unwrap()
    }

    let fixture = Fixture::new();
    fixture.pipeline.asks("Llm", "Rain?");
    let header = traceparent(&fixture.pipeline.tracing());
    fixture.pipeline.answers("Llm", "No.");
    let Fixture { pipeline, spans, .. } = fixture;
    pipeline.ends();
    let spans = spans.get_finished_spans().unwrap();
    let llm = spans.iter().find(|span| span.name == "pipecat.llm").unwrap();
    assert_eq!(Some(header), pipecat_instrument::propagation::traceparent(&llm.span_context));
}
