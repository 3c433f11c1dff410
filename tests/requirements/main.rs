//! The documents that this project answers to each show a trace. Here each trace is made.

#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

mod pipeline;
#[path = "../support/mod.rs"]
mod support;
mod trace;

use opentelemetry::trace::Status;
use pipecat_instrument::frame::{LlmUsage, Measurement, Processor, Role, Setting};
use pipecat_instrument::{Conventions, PipecatInstrumentor, Preset, TraceLayout};
use pipeline::{Pipeline, wait};
use support::Traced;
use trace::Trace;

/// The services of Pipecat's demo and of Langfuse's guide.
fn demo_services() -> [Processor; 3] {
    [
        Processor::new("Stt", "DeepgramSTTService", Role::Stt).model("nova-3-general").language("en"),
        Processor::new("Llm", "OpenAILLMService", Role::Llm)
            .model("gpt-4o")
            .setting("temperature", Setting::Float(0.7)),
        Processor::new("Tts", "CartesiaTTSService", Role::Tts)
            .model("sonic-2")
            .voice("british-lady")
            .setting("speed", Setting::Text("normal".into())),
    ]
}

/// One exchange, with everything measured that Pipecat measures.
fn exchange(pipeline: &mut Pipeline, user: &str, bot: &str) {
    let (stt, llm, tts) = (pipeline.stt.clone(), pipeline.llm.clone(), pipeline.tts.clone());
    pipeline.user_starts();
    pipeline.measures(&stt, Measurement::TimeToFirstByte(0.125));
    pipeline.user_has_said(user);
    pipeline.model_is_asked();
    pipeline.measures(&llm, Measurement::TimeToFirstByte(0.25));
    pipeline.model_answers(bot);
    pipeline.measures(
        &llm,
        Measurement::LlmUsage(LlmUsage { prompt: 120, completion: 20, total: 140, ..LlmUsage::default() }),
    );
    pipeline.measures(&llm, Measurement::Processing(0.5));
    pipeline.model_is_done();
    pipeline.synthesis_begins(bot);
    pipeline.measures(&tts, Measurement::TimeToFirstByte(0.0625));
    pipeline.measures(&tts, Measurement::TtsCharacters(bot.chars().count() as u64));
    pipeline.bot_says(bot);
    pipeline.bot_is_done(bot);
}

/// Two exchanges of the demo's services.
fn demo() {
    let mut pipeline = Pipeline::start("customer-123", demo_services());
    exchange(&mut pipeline, "What time is it?", "It is noon.");
    exchange(&mut pipeline, "Thanks.", "You are welcome.");
    pipeline.end();
}

const DEMO_TREE: &str = "\
conversation-customer-123
  turn-1
    stt_deepgramsttservice
    llm_openaillmservice
    tts_cartesiattsservice
  turn-2
    stt_deepgramsttservice
    llm_openaillmservice
    tts_cartesiattsservice
";

/// `seeds/000`: Pipecat's demo, seen in Jaeger.
#[test]
fn pipecats_demo_in_jaeger() {
    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::jaeger()));
    demo();
    let trace = Trace::of(traced.spans());
    assert_eq!(trace.tree(), DEMO_TREE);

    trace
        .first("conversation-customer-123")
        .says(&[("conversation.id", "customer-123"), ("conversation.type", "voice")]);
    trace.first("turn-1").says(&[
        ("turn.number", "1"),
        ("turn.type", "conversation"),
        ("turn.was_interrupted", "false"),
        ("conversation.id", "customer-123"),
    ]);
    trace.first("stt_deepgramsttservice").says(&[
        ("transcript", "What time is it?"),
        ("language", "en"),
        ("is_final", "true"),
        ("gen_ai.request.model", "nova-3-general"),
        ("metrics.ttfb_ms", "125"),
    ]);
    trace.first("llm_openaillmservice").says(&[
        ("llm.input_messages.0.message.content", "You are a helpful assistant"),
        ("llm.input_messages.1.message.content", "What time is it?"),
        ("gen_ai.usage.input_tokens", "120"),
        ("gen_ai.usage.output_tokens", "20"),
        ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.request.temperature", "0.7"),
        ("stream", "true"),
        ("tools.count", "1"),
        ("metrics.ttfb_ms", "250"),
        ("service.processing_time_seconds", "0.5"),
    ]);
    trace.first("tts_cartesiattsservice").says(&[
        ("voice_id", "british-lady"),
        ("text", "It is noon."),
        ("metrics.character_count", "11"),
        ("gen_ai.operation.name", "text_to_speech"),
        ("settings.speed", "normal"),
        ("metrics.ttfb_ms", "62.5"),
    ]);
}

/// `seeds/002`: the same, in Langfuse.
#[test]
fn pipecats_demo_in_langfuse() {
    let traced = Traced::with(
        PipecatInstrumentor::builder()
            .preset(Preset::langfuse())
            .layout(TraceLayout::PerConversation)
            .conventions(Conventions::LANGFUSE | Conventions::PIPECAT),
    );
    demo();
    let trace = Trace::of(traced.spans());
    assert_eq!(trace.tree(), DEMO_TREE);

    for span in trace.all() {
        span.says(&[
            ("langfuse.session.id", "customer-123"),
            ("langfuse.trace.name", "conversation-customer-123"),
        ]);
    }
    trace.first("stt_deepgramsttservice").says(&[("metrics.ttfb", "0.125")]);
    trace
        .first("tts_cartesiattsservice")
        .says(&[("metrics.ttfb", "0.0625"), ("metrics.character_count", "11")]);
    trace.first("llm_openaillmservice").says(&[
        (
            "input.value",
            r#"[{"role":"system","content":"You are a helpful assistant"},{"role":"user","content":"What time is it?"}]"#,
        ),
        ("input.mime_type", "application/json"),
        ("output.value", "It is noon."),
        ("llm.token_count.total", "140"),
        ("metrics.ttfb", "0.25"),
        ("ai.response.msToFirstChunk", "250"),
    ]);
}

/// The same with nothing set but the preset: the turns are traces of one session, each with its input and output.
#[test]
fn a_session_of_turns_in_langfuse() {
    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::langfuse()));
    demo();
    let trace = Trace::of(traced.spans());
    assert_eq!(
        trace.tree(),
        "\
turn-1
  stt_deepgramsttservice
  llm_openaillmservice
  tts_cartesiattsservice
turn-2
  stt_deepgramsttservice
  llm_openaillmservice
  tts_cartesiattsservice
"
    );
    trace.first("turn-2").says(&[
        ("langfuse.session.id", "customer-123"),
        ("langfuse.trace.name", "turn-2"),
        ("langfuse.trace.tags", r#"["pipecat","completed"]"#),
        ("input.value", "Thanks."),
        ("output.value", "You are welcome."),
    ]);
}

const QUESTION: &str = "What is quantum computing?";
const ANSWER: &str = "Quantum computing is a type of computing that uses quantum mechanics.";

/// A question, an invocation that asks for a function, another that answers: in real time, for the pull request tells
/// durations.
fn question_and_answer() {
    let mut pipeline = Pipeline::start(
        "conversation-20251113_152502",
        [
            Processor::new("OpenAISTTService", "OpenAISTTService", Role::Stt).model("gpt-4o-transcribe"),
            Processor::new("OpenAILLMService", "OpenAILLMService", Role::Llm).model("gpt-4"),
            Processor::new("OpenAITTSService", "OpenAITTSService", Role::Tts)
                .model("gpt-4o-mini-tts")
                .voice("ballad"),
        ],
    );
    pipeline.user_starts();
    wait(780);
    pipeline.user_has_said(QUESTION);
    pipeline.model_is_asked();
    pipeline.model_calls("look_up", r#"{"topic":"quantum computing"}"#, r#"{"found":true}"#);
    pipeline.model_is_asked();
    wait(1_200);
    pipeline.model_answers(ANSWER);
    pipeline.synthesis_begins(ANSWER);
    pipeline.bot_says(ANSWER);
    wait(1_570);
    let (llm, tts) = (pipeline.llm.clone(), pipeline.tts.clone());
    pipeline.measures(
        &llm,
        Measurement::LlmUsage(LlmUsage { prompt: 380, completion: 140, total: 520, ..LlmUsage::default() }),
    );
    pipeline.measures(&tts, Measurement::Processing(1.57));
    pipeline.model_is_done();
    pipeline.bot_is_done(ANSWER);
    pipeline.end();
}

/// `seeds/003`: what the pull request that brought Pipecat to OpenInference says is traced.
#[test]
fn the_turn_of_openinferences_pull_request() {
    let traced = Traced::new();
    question_and_answer();
    let trace = Trace::of(traced.spans());
    let turn = trace.first("pipecat.conversation.turn");
    let services = trace.under(turn);
    let names: Vec<&str> = services.iter().map(trace::Span::name).collect();
    assert_eq!(names, ["pipecat.stt", "pipecat.llm", "pipecat.llm", "pipecat.tts"]);
    for span in trace.all() {
        assert_eq!(span.0.span_context.trace_id(), turn.0.span_context.trace_id());
        span.says(&[("session.id", "conversation-20251113_152502")]);
    }

    turn.says(&[
        ("input.value", QUESTION),
        ("output.value", ANSWER),
        ("conversation.turn_number", "1"),
        ("conversation.end_reason", "completed"),
    ]);
    turn.says_within("conversation.turn_duration_seconds", &(3.5..=5.0));

    let [stt, _first_invocation, llm, tts] = services[..] else { panic!("{names:?}") };
    stt.says(&[
        ("service.name", "OpenAISTTService"),
        ("service.type", "stt"),
        ("llm.provider", "openai"),
        ("llm.model_name", "gpt-4o-transcribe"),
        ("input.value", QUESTION),
        ("audio.transcript", QUESTION),
    ]);
    stt.lasts(&(0.78..=1.2));
    llm.says(&[
        ("service.name", "OpenAILLMService"),
        ("service.type", "llm"),
        ("llm.provider", "openai"),
        ("llm.model_name", "gpt-4"),
        ("input.value", QUESTION),
        ("output.value", ANSWER),
        ("llm.input_messages.0.message.role", "system"),
        ("llm.input_messages.0.message.content", "You are a helpful assistant"),
        ("llm.input_messages.1.message.role", "user"),
        ("llm.input_messages.1.message.content", QUESTION),
        ("llm.output_messages.0.message.role", "assistant"),
        ("llm.output_messages.0.message.content", ANSWER),
        ("llm.token_count.total", "520"),
        ("llm.token_count.prompt", "380"),
        ("llm.token_count.completion", "140"),
    ]);
    llm.lasts(&(2.77..=3.8));
    tts.says(&[
        ("service.name", "OpenAITTSService"),
        ("service.type", "tts"),
        ("llm.provider", "openai"),
        ("llm.model_name", "gpt-4o-mini-tts"),
        ("audio.voice", "ballad"),
        ("audio.voice_id", "ballad"),
        ("output.value", ANSWER),
        ("service.processing_time_seconds", "1.57"),
    ]);
    tts.lasts(&(1.57..=2.4));
}

/// `seeds/004`: `OpenObserve`'s guide, which filters by these keys of the language model's span.
#[test]
fn a_turn_in_openobserve() {
    const REPLY: &str = "Distributed tracing follows a request through all the services that handle it.";

    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::openobserve()));
    let [stt, _, tts] = demo_services();
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm).model("gpt-4o-mini");
    let mut pipeline = Pipeline::start("call-42", [stt, llm, tts]);
    exchange(&mut pipeline, "Explain distributed tracing in one sentence.", REPLY);
    pipeline.end();

    let trace = Trace::of(traced.spans());
    let llm = trace.first("pipecat.llm").says(&[
        ("pipecat.service", "OpenAILLMService"),
        ("pipecat.model", "gpt-4o-mini"),
        ("pipecat.user_message", "Explain distributed tracing in one sentence."),
        ("pipecat.assistant_message", REPLY),
        ("pipecat.prompt_tokens", "120"),
        ("pipecat.completion_tokens", "20"),
        ("llm.model_name", "gpt-4o-mini"),
        ("llm.token_count.prompt", "120"),
        ("llm.token_count.completion", "20"),
    ]);
    assert_eq!(llm.0.status, Status::Ok);
}
