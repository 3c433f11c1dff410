//! Conversations that Phoenix is sent: flowcat's, by the example; a recording, by the command; many, through a collector.

use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use pipecat_instrument::ObserveOptions;
use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk, Transcript};
use pipecat_instrument::opentelemetry::KeyValue;
use pipecat_instrument::setup::{self, Backend, Compression, Environment, Protocol};

use super::asked::PROJECT;
use super::server::Phoenix;
use crate::rotel::Collector;
use crate::support::push;

/// What has been sent: each conversation once, however many tests look at it.
#[derive(Default)]
pub(crate) struct Held {
    over_http: OnceLock<()>,
    over_grpc: OnceLock<()>,
    recording: OnceLock<()>,
}

/// The call of the example `voice_agent`, held and sent. Returns its session.
pub(super) fn flowcat(phoenix: &Phoenix, protocol: Protocol) -> String {
    let (held, session) = match protocol {
        Protocol::HttpProtobuf => (&phoenix.held.over_http, "flowcat-over-http"),
        _ => (&phoenix.held.over_grpc, "flowcat-over-grpc"),
    };
    held.get_or_init(|| {
        run(built(phoenix, "examples/voice_agent", &["--example", "voice_agent"])
            .args(["--call-id", session])
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_string()));
    });
    session.to_owned()
}

/// A recording of Pipecat's, sent by `pipecat-trace`. Returns its session.
pub(super) fn recording(phoenix: &Phoenix) -> String {
    phoenix.held.recording.get_or_init(|| {
        run(built(phoenix, "pipecat-trace", &["--package", "pipecat-instrument-cli"]).args([
            "send",
            "--preset",
            "phoenix",
            "tests/corpus/frames/c_tool.jsonl",
        ]));
    });
    "conv-c_tool".to_owned()
}

/// So many bots at once, each with a conversation of its own, and each to the collector. Returns their sessions.
pub(super) fn many_through(collector: &Collector, bots: usize) -> Vec<String> {
    let sessions: Vec<String> = (0..bots).map(|bot| format!("bot-{bot}")).collect();
    thread::scope(|scope| {
        for session in &sessions {
            scope.spawn(|| one_through(collector, session));
        }
    });
    sessions
}

fn one_through(collector: &Collector, session: &str) {
    let setup = setup::builder()
        .environment(Environment::default())
        .backend(Backend::Phoenix)
        .endpoint(collector.url(Protocol::HttpProtobuf))
        .compression(Compression::Gzip)
        .project(PROJECT)
        .resource_attributes([KeyValue::new("bot", session.to_owned())])
        .build()
        .unwrap();
    let scoped = setup.instrumentor().scoped(setup.provider()).unwrap();
    hold_a_conversation(session);
    drop(scoped);
    let report = setup.shutdown(Duration::from_secs(60));
    assert!(report.is_complete(), "{report}");
}

/// One question and one answer: a turn, with an utterance and a call of the model in it.
fn hold_a_conversation(session: &str) {
    let options = ObserveOptions::new().conversation_id(session);
    let observer = pipecat_instrument::PipecatInstrumentor::observe(options).unwrap();
    let stt = Processor::new("Stt", "DeepgramSTTService", Role::Stt);
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
    let output = Processor::new("Output", "Output", Role::OutputTransport);
    let frames = [
        (&output, Frame::Start),
        (&output, Frame::UserStartedSpeaking),
        (&stt, Frame::Transcription(Transcript::from("What time is it?"))),
        (&output, Frame::UserStoppedSpeaking),
        (&llm, Frame::LlmResponseStart),
        (&llm, Frame::LlmText(TextChunk::new("It is noon."))),
        (&llm, Frame::LlmResponseEnd),
        (&output, Frame::BotStartedSpeaking),
        (&output, Frame::BotStoppedSpeaking),
    ];
    for (id, (source, frame)) in (1..).zip(&frames) {
        push(&observer, source, id, frame);
    }
}

/// A program of this workspace, in an environment that names this Phoenix. `cargo test --workspace` has built it beside
/// these tests; if it was not, cargo does.
fn built(phoenix: &Phoenix, place: &str, target: &[&str]) -> Command {
    let tests = std::env::current_exe().unwrap();
    let beside = tests.ancestors().nth(2).unwrap().join(place);
    let mut command = if beside.exists() {
        Command::new(beside)
    } else {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet"]).args(target).arg("--");
        cargo
    };
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PIPECAT_TRACE_PRESET", "phoenix")
        .env("PHOENIX_COLLECTOR_ENDPOINT", phoenix.url())
        .env("PHOENIX_GRPC_PORT", phoenix.grpc.to_string())
        .env("PHOENIX_PROJECT_NAME", PROJECT);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
