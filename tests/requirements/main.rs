//! Makes the traces that the project's requirements show: Pipecat's demo in Jaeger, Langfuse's and `OpenObserve`'s guides to
//! Pipecat, and `OpenInference`'s pull request for Pipecat.

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

/// Plays one exchange with all measurements that Pipecat makes.
fn exchange(pipeline: &mut Pipeline, user: &str, bot: &str) {
    let (stt, llm, tts) = (pipeline.stt.clone(), pipeline.llm.clone(), pipeline.tts.clone());
    pipeline.start_user();
    pipeline.report_metric(&stt, Measurement::TimeToFirstByte(0.125));
    pipeline.say_as_user(user);
    pipeline.start_llm_call();
    pipeline.report_metric(&llm, Measurement::TimeToFirstByte(0.25));
    pipeline.stream_response(bot);
    pipeline.report_metric(
        &llm,
        Measurement::LlmUsage(LlmUsage { prompt: 120, completion: 20, total: 140, ..LlmUsage::default() }),
    );
    pipeline.report_metric(&llm, Measurement::Processing(0.5));
    pipeline.end_llm_call();
    pipeline.start_synthesis(bot);
    pipeline.report_metric(&tts, Measurement::TimeToFirstByte(0.0625));
    pipeline.report_metric(&tts, Measurement::TtsCharacters(bot.chars().count() as u64));
    pipeline.start_bot(bot);
    pipeline.stop_bot(bot);
}

/// Plays two exchanges with the demo's services.
fn play_demo() {
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

/// Pipecat's demo, as Jaeger shows it.
#[test]
fn jaeger_preset_makes_the_trace_of_pipecats_demo() {
    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::jaeger()));
    play_demo();
    let trace = Trace::of(traced.spans());
    assert_eq!(trace.tree(), DEMO_TREE);

    trace
        .first("conversation-customer-123")
        .assert_attributes(&[("conversation.id", "customer-123"), ("conversation.type", "voice")]);
    trace.first("turn-1").assert_attributes(&[
        ("turn.number", "1"),
        ("turn.type", "conversation"),
        ("turn.was_interrupted", "false"),
        ("conversation.id", "customer-123"),
    ]);
    trace.first("stt_deepgramsttservice").assert_attributes(&[
        ("transcript", "What time is it?"),
        ("language", "en"),
        ("is_final", "true"),
        ("gen_ai.request.model", "nova-3-general"),
        ("metrics.ttfb_ms", "125"),
    ]);
    trace.first("llm_openaillmservice").assert_attributes(&[
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
    trace.first("tts_cartesiattsservice").assert_attributes(&[
        ("voice_id", "british-lady"),
        ("text", "It is noon."),
        ("metrics.character_count", "11"),
        ("gen_ai.operation.name", "text_to_speech"),
        ("settings.speed", "normal"),
        ("metrics.ttfb_ms", "62.5"),
    ]);
}

/// Langfuse's guide to Pipecat, with the conversation as one trace.
#[test]
fn langfuse_per_conversation_makes_the_trace_of_its_guide() {
    let traced = Traced::with(
        PipecatInstrumentor::builder()
            .preset(Preset::langfuse())
            .layout(TraceLayout::PerConversation)
            .conventions(Conventions::LANGFUSE | Conventions::PIPECAT),
    );
    play_demo();
    let trace = Trace::of(traced.spans());
    assert_eq!(trace.tree(), DEMO_TREE);

    for span in trace.all() {
        span.assert_attributes(&[
            ("langfuse.session.id", "customer-123"),
            ("langfuse.trace.name", "conversation-customer-123"),
        ]);
    }
    trace.first("stt_deepgramsttservice").assert_attributes(&[("metrics.ttfb", "0.125")]);
    trace
        .first("tts_cartesiattsservice")
        .assert_attributes(&[("metrics.ttfb", "0.0625"), ("metrics.character_count", "11")]);
    trace.first("llm_openaillmservice").assert_attributes(&[
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

/// The preset alone: turns are traces of one session, each with input and output.
#[test]
fn langfuse_preset_makes_a_session_of_turns() {
    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::langfuse()));
    play_demo();
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
    trace.first("turn-2").assert_attributes(&[
        ("langfuse.session.id", "customer-123"),
        ("langfuse.trace.name", "turn-2"),
        ("langfuse.trace.tags", r#"["pipecat","completed"]"#),
        ("input.value", "Thanks."),
        ("output.value", "You are welcome."),
    ]);
}

const QUESTION: &str = "What is quantum computing?";
const ANSWER: &str = "Quantum computing is a type of computing that uses quantum mechanics.";

/// Plays a question, an LLM call with a tool call, and an LLM call that answers, in real time, as the pull request states
/// durations.
fn play_question_and_answer() {
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
    pipeline.start_user();
    wait(780);
    pipeline.say_as_user(QUESTION);
    pipeline.start_llm_call();
    pipeline.call_tool("look_up", r#"{"topic":"quantum computing"}"#, r#"{"found":true}"#);
    pipeline.start_llm_call();
    wait(1_200);
    pipeline.stream_response(ANSWER);
    pipeline.start_synthesis(ANSWER);
    pipeline.start_bot(ANSWER);
    wait(1_570);
    let (llm, tts) = (pipeline.llm.clone(), pipeline.tts.clone());
    pipeline.report_metric(
        &llm,
        Measurement::LlmUsage(LlmUsage { prompt: 380, completion: 140, total: 520, ..LlmUsage::default() }),
    );
    pipeline.report_metric(&tts, Measurement::Processing(1.57));
    pipeline.end_llm_call();
    pipeline.stop_bot(ANSWER);
    pipeline.end();
}

/// `OpenInference`'s pull request for Pipecat.
#[test]
fn defaults_make_the_turn_of_openinferences_pull_request() {
    let traced = Traced::new();
    play_question_and_answer();
    let trace = Trace::of(traced.spans());
    let turn = trace.first("pipecat.conversation.turn");
    let services = trace.children(turn);
    let names: Vec<&str> = services.iter().map(trace::Span::name).collect();
    assert_eq!(names, ["pipecat.stt", "pipecat.llm", "pipecat.llm", "pipecat.tts"]);
    for span in trace.all() {
        assert_eq!(span.0.span_context.trace_id(), turn.0.span_context.trace_id());
        span.assert_attributes(&[("session.id", "conversation-20251113_152502")]);
    }

    turn.assert_attributes(&[
        ("input.value", QUESTION),
        ("output.value", ANSWER),
        ("conversation.turn_number", "1"),
        ("conversation.end_reason", "completed"),
    ]);
    turn.assert_seconds("conversation.turn_duration_seconds", &(3.5..=5.0));

    let [stt, _first_llm_call, llm, tts] = services[..] else { panic!("{names:?}") };
    stt.assert_attributes(&[
        ("service.name", "OpenAISTTService"),
        ("service.type", "stt"),
        ("llm.provider", "openai"),
        ("llm.model_name", "gpt-4o-transcribe"),
        ("input.value", QUESTION),
        ("audio.transcript", QUESTION),
    ]);
    stt.assert_duration(&(0.78..=1.2));
    llm.assert_attributes(&[
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
    llm.assert_duration(&(2.77..=3.8));
    tts.assert_attributes(&[
        ("service.name", "OpenAITTSService"),
        ("service.type", "tts"),
        ("llm.provider", "openai"),
        ("llm.model_name", "gpt-4o-mini-tts"),
        ("audio.voice", "ballad"),
        ("audio.voice_id", "ballad"),
        ("output.value", ANSWER),
        ("service.processing_time_seconds", "1.57"),
    ]);
    tts.assert_duration(&(1.57..=2.4));
}

/// `OpenObserve`'s guide to Pipecat, which filters by these keys of LLM spans.
#[test]
fn openobserve_preset_writes_the_keys_of_its_guide() {
    const REPLY: &str = "Distributed tracing follows a request through all the services that handle it.";

    let traced = Traced::with(PipecatInstrumentor::builder().preset(Preset::openobserve()));
    let [stt, _, tts] = demo_services();
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm).model("gpt-4o-mini");
    let mut pipeline = Pipeline::start("call-42", [stt, llm, tts]);
    exchange(&mut pipeline, "Explain distributed tracing in one sentence.", REPLY);
    pipeline.end();

    let trace = Trace::of(traced.spans());
    let llm = trace.first("pipecat.llm").assert_attributes(&[
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
