//! In an observed pipeline, one operation is one span: that of its frames, whenever they come.

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

/// Services, and the client that they make their requests with.
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

/// A pipeline, its services, and what both of them trace.
struct Scene {
    pipeline: Pipeline,
    services: Services,
    spans: InMemorySpanExporter,
    _scoped: ScopedGuard,
}

impl Scene {
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

    /// The pipeline ends: its trees.
    fn tree(self) -> String {
        self.pipeline.ends();
        tree(&self.spans.get_finished_spans().unwrap())
    }
}

#[test]
fn frames_came_before() {
    let scene = Scene::new();
    scene.pipeline.user_says("Rain?").asks("Llm", "Rain?");
    block_on(scene.services.complete("Rain?")).unwrap();
    scene.pipeline.answers("Llm", "No.");
    assert_eq!(
        scene.tree(),
        "
pipecat.conversation.turn · in Rain? · out No.
  pipecat.stt · WhisperSTTService · by whisper · in Rain? · out Rain?
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · out No. · sent 9 · got 3 · ttfb measured · [first_token]
    POST /chat
"
    );
}

#[test]
fn frames_came_meanwhile() {
    let scene = Scene::new();
    scene.pipeline.user_says("Rain?");
    block_on(async {
        let mut audio = Box::pin(scene.services.say("No."));
        audio.next().await;
        scene.pipeline.push("Tts", &Frame::TtsStarted { context_id: None });
        scene.services.request("GET /metrics");
        audio.next().await;
        scene
            .pipeline
            .push("Tts", &Frame::TtsText(TextChunk::new("No, none.")))
            .push("Tts", &Frame::TtsStopped { context_id: None });
        assert_eq!(audio.count().await, 1);
    });
    assert_eq!(
        scene.tree(),
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
fn frames_came_afterwards() {
    let scene = Scene::new();
    for _ in 0..2 {
        scene.pipeline.user_speaks();
        let words = scene.services.transcribe();
        scene.pipeline.hears(&words);
        let answer = block_on(scene.services.complete(&words)).unwrap();
        scene.pipeline.answers("Llm", &answer).bot_speaks();
    }
    assert_eq!(
        scene.tree(),
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
fn frames_never_came() {
    let scene = Scene::new();
    scene.pipeline.user_speaks();
    scene.services.transcribe();
    block_on(scene.services.complete("Rain?")).unwrap();
    assert_eq!(block_on(scene.services.say("No.").count()), 3);
    assert_eq!(
        scene.tree(),
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
fn a_reply_that_is_synthesised_by_sentence_is_one_span() {
    let scene = Scene::new();
    block_on(scene.services.say("No.").count());
    scene.pipeline.push("Tts", &Frame::TtsStarted { context_id: None });
    block_on(scene.services.say("None.").count());
    scene.pipeline.push("Tts", &Frame::TtsStopped { context_id: None });
    assert_eq!(
        scene.tree(),
        "
pipecat.conversation.turn · out No. None.
  pipecat.tts · CartesiaTTSService · by cartesia · voice sarah · in No. None. · out No. None. · characters 18 · ttfb measured
    POST /speech
    POST /speech
"
    );
}

#[test]
fn an_error_that_is_returned_and_then_told_by_a_frame_is_one() {
    let scene = Scene::new();
    scene.pipeline.asks("Llm", "Rain?");
    block_on(scene.services.complete("")).unwrap_err();
    scene.pipeline.fails("Llm", "Error in the model: no question");
    assert_eq!(
        scene.tree(),
        "
pipecat.conversation.turn · in Rain?
  pipecat.llm · OpenAILLMService · model-1 · by azure · in Rain? · ✗ _OTHER: no question · [exception]
    POST /chat
"
    );
}

#[test]
fn what_is_tried_again_for_one_request_is_one_span() {
    let scene = Scene::new();
    scene.pipeline.user_says("Rain?").asks("Llm", "Rain?");
    block_on(scene.services.complete("")).unwrap_err();
    let answer = block_on(scene.services.complete("Rain?")).unwrap();
    scene.pipeline.answers("Llm", &answer);
    assert_eq!(
        scene.tree(),
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
fn a_second_request_is_a_second_span() {
    let scene = Scene::new();
    scene.pipeline.asks("Llm", "Rain?");
    block_on(scene.services.complete("Rain?")).unwrap();
    block_on(scene.services.complete("Is that an answer?")).unwrap();
    scene.pipeline.answers("Llm", "No.");
    assert_eq!(
        scene.tree(),
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
fn a_header_made_inside_names_the_span_that_the_frames_tell_of() {
    #[traced_llm(context = tracing)]
    fn traceparent(tracing: &TracingContext) -> String {
        let mut headers = std::collections::HashMap::new();
        pipecat_instrument::propagation::inject(&Context::current(), &mut headers);
        assert!(!Context::current().span().is_recording(), "an identity, and not the span itself");
        headers.remove("traceparent").unwrap()
    }

    let scene = Scene::new();
    scene.pipeline.asks("Llm", "Rain?");
    let header = traceparent(&scene.pipeline.tracing());
    scene.pipeline.answers("Llm", "No.");
    let Scene { pipeline, spans, .. } = scene;
    pipeline.ends();
    let spans = spans.get_finished_spans().unwrap();
    let llm = spans.iter().find(|span| span.name == "pipecat.llm").unwrap();
    assert_eq!(Some(header), pipecat_instrument::propagation::traceparent(&llm.span_context));
}
