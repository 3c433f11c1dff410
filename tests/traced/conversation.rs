//! Assignment of a call to a conversation and a service: by name, by the current context, before the start and after the end.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::future::join;
use futures_util::stream::{self, Stream, StreamExt};
use opentelemetry::trace::TraceContextExt;
use pipecat_instrument::frame::Frame;
use pipecat_instrument::{
    AsTracingContext, FrameSupport, ObserveOptions, PipecatInstrumentor, Support, TracingContext, traced_llm,
    traced_stt, traced_tts,
};

use super::pipeline::Pipeline;
use super::support::{Traced, attribute, block_on, yield_once};
use super::tree::tree;

struct Model {
    name: Option<&'static str>,
    tracing: Arc<TracingContext>,
}

impl Model {
    fn of(pipeline: &Pipeline, name: impl Into<Option<&'static str>>) -> Self {
        Self { name: name.into(), tracing: Arc::new(pipeline.tracing()) }
    }

    #[traced_llm(name = self.name, context = self.tracing, output = |answer| answer)]
    async fn complete(&self, answer: &'static str) -> String {
        yield_once().await;
        yield_once().await;
        answer.to_owned()
    }

    #[traced_llm(name = self.name, context = self.tracing)]
    async fn never(&self) {
        pending::<()>().await;
    }

    #[traced_llm(name = self.name, context = self.tracing, output = |word| word)]
    fn stream(&self) -> impl Stream<Item = String> + use<> {
        stream::iter(["No, ", "none ", "at all."].map(str::to_owned))
    }
}

fn poll_once<T>(future: &mut Pin<Box<impl Future<Output = T>>>) {
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn parallel_models_are_matched_by_name() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    pipeline.asks("Llm", "Rain?").asks("LlmJudge", "Is that a question?");
    let (judge, llm) = (Model::of(&pipeline, "LlmJudge"), Model::of(&pipeline, "Llm"));
    block_on(join(judge.complete("Yes."), llm.complete("No.")));
    pipeline.ends();
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.conversation.turn · in Rain? · out No. Yes.
  pipecat.llm · OpenAILLMService · by openai · in Rain? · out No.
  pipecat.llm · OpenAILLMService · by openai · in Is that a question? · out Yes.
"
    );
}

#[test]
fn call_with_an_unknown_name_is_a_separate_span() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    pipeline.asks("Llm", "Rain?");
    block_on(Model::of(&pipeline, "Summarizer").complete("It is about rain."));
    pipeline.answers("Llm", "No.");
    pipeline.ends();
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.conversation.turn · in Rain? · out No.
  pipecat.llm · OpenAILLMService · by openai · in Rain? · out No. · ttfb measured · [first_token]
  pipecat.llm · Summarizer · by summarizer · out It is about rain.
"
    );
}

#[test]
fn parallel_calls_without_frames_are_two_spans() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    let (one, other) = (Model::of(&pipeline, None), Model::of(&pipeline, None));
    block_on(join(one.complete("Yes."), other.complete("No.")));
    pipeline.ends();
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.conversation.turn · out Yes. No.
  pipecat.llm · Model · by model · out Yes.
  pipecat.llm · Model · by model · out No.
"
    );
}

#[traced_llm(name = "Router", output = |answer| answer)]
async fn route() -> String {
    fall_back().await
}

#[traced_llm(name = "Fallback", output = |answer| answer)]
async fn fall_back() -> String {
    yield_once().await;
    "No.".to_owned()
}

#[traced_tts(name = "Voice", input = "No.")]
fn say() {}

#[test]
fn current_context_names_the_conversation() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    {
        let _current = pipeline.tracing().turn_context().unwrap().attach();
        block_on(route());
        say();
    }
    pipeline.ends();
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.conversation.turn · out No.
  pipecat.llm · Router · by router · out No.
    pipecat.llm · Fallback · by fallback · out No.
  pipecat.tts · Voice · by voice · in No. · out No.
"
    );
    assert!(traced.spans().iter().all(|span| attribute(span, "session.id").as_deref() == Some("call-42")));
}

/// A user type that holds a `TracingContext`.
struct Session(TracingContext);

impl AsTracingContext for Session {
    fn tracing_context(&self) -> Option<&TracingContext> {
        Some(&self.0)
    }
}

#[traced_llm(context = session, name = "Llm")]
#[allow(clippy::ref_option, reason = "users may pass a reference to their own `Option`")]
fn in_session(session: &Option<Session>) {
    let _ = session;
}

#[test]
fn span_has_the_session_of_a_conversation_not_started_or_closed() {
    let traced = Traced::new();
    let observer = PipecatInstrumentor::observe(ObserveOptions::new().conversation_id("call-43")).unwrap();
    let early = Some(Session(observer.tracing_context()));
    in_session(&early);
    drop(observer);
    in_session(&early);
    in_session(&None);

    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Llm · by llm
pipecat.llm · Llm · by llm
pipecat.llm · Llm · by llm
"
    );
    let sessions: Vec<_> = traced.spans().iter().map(|span| attribute(span, "session.id")).collect();
    assert_eq!(sessions, [Some("call-43".to_owned()), Some("call-43".to_owned()), None]);
}

#[test]
fn call_is_traced_on_a_thread_without_instrumentation() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    let model = Model::of(&pipeline, "Llm");
    let elsewhere = std::thread::spawn(move || block_on(model.complete("No.")));
    elsewhere.join().unwrap();
    pipeline.ends();
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.conversation.turn · out No.
  pipecat.llm · Llm · by llm · out No.
"
    );
}

#[test]
fn llm_context_is_that_of_a_traced_call_without_frames() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    let model = Model::of(&pipeline, None);
    let mut call = Box::pin(model.never());
    poll_once(&mut call);
    let current = pipeline.tracing().llm_context().unwrap();
    pipeline.ends();
    let spans = traced.spans();
    let llm = spans.iter().find(|span| span.name == "pipecat.llm").unwrap();
    assert_eq!(current.span().span_context().span_id(), llm.span_context.span_id());
}

#[test]
fn call_in_progress_does_not_keep_its_conversation_alive() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    let model = Model::of(&pipeline, None);
    let mut call = Box::pin(model.never());
    poll_once(&mut call);
    drop(pipeline);
    let expected = "
pipecat.conversation.turn
  pipecat.llm · Model · by model · interrupted true · [interrupted]
";
    assert_eq!(tree(&traced.spans()), expected);
    drop(call);
    assert_eq!(tree(&traced.spans()), expected, "its end changes nothing");
}

#[test]
fn user_interrupts_a_call_in_progress() {
    let traced = Traced::new();
    let pipeline = Pipeline::start();
    let model = Model::of(&pipeline, None);
    let mut call = Box::pin(model.complete("No."));
    pipeline.user_says("Rain?");
    poll_once(&mut call);
    pipeline.user_says("I mean, tomorrow?");
    block_on(call);
    pipeline.ends();
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.conversation.turn · in Rain? I mean, tomorrow? · out No.
  pipecat.stt · WhisperSTTService · by whisper · in Rain? · out Rain?
  pipecat.llm · Model · by model · out No. · interrupted true · [interrupted]
  pipecat.stt · WhisperSTTService · by whisper · in I mean, tomorrow? · out I mean, tomorrow?
"
    );
}

#[test]
fn dropped_stream_is_interrupted_unless_frames_report_its_end() {
    for (frames_tell, line) in [
        (false, "in Rain? · out No, · ttfb measured · interrupted true · [interrupted]"),
        (true, "in Rain? · out No. · ttfb measured · [first_token]"),
    ] {
        let traced = Traced::new();
        let pipeline = Pipeline::start();
        pipeline.asks("Llm", "Rain?");
        let model = Model::of(&pipeline, "Llm");
        block_on(async { Box::pin(model.stream()).next().await });
        if frames_tell {
            pipeline.answers("Llm", "No.");
        }
        pipeline.ends();
        assert!(tree(&traced.spans()).contains(line), "{}", tree(&traced.spans()));
    }
}

#[traced_stt(context = tracing, name = "WhisperSTTService", model = "base", output = |words| words)]
fn transcribe(tracing: &TracingContext, words: &'static str) -> &'static str {
    words
}

/// Without user-speech frames, a transcript starts a turn; the call that returned it is over by then.
#[test]
fn call_between_turns_belongs_to_the_turn_its_transcript_starts() {
    let traced = Traced::with(PipecatInstrumentor::builder().turn_end_timeout(Duration::ZERO));
    let support = FrameSupport { user_speech: Support::Inferred, ..FrameSupport::default() };
    let observer = PipecatInstrumentor::observe(ObserveOptions::new().frame_support(support)).unwrap();
    let pipeline = Pipeline::observed_by(observer);
    let tracing = pipeline.tracing();
    pipeline.answers("Llm", "Hello.").push("Output", &Frame::BotStoppedSpeaking);
    while tracing.turn_context().is_some() {
        std::thread::yield_now();
    }
    transcribe(&tracing, "");
    let words = transcribe(&tracing, "Rain?");
    pipeline.hears(words);
    pipeline.ends();
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.conversation.turn · out Hello.
  pipecat.llm · OpenAILLMService · by openai · out Hello. · ttfb measured · [first_token]
pipecat.conversation.turn · in Rain?
  pipecat.stt · WhisperSTTService · base · by whisper · in Rain? · out Rain?
"
    );
}
