//! Conversations sent to Phoenix: by the example `voice_agent`, by `pipecat-trace send`, and through a collector.

use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use pipecat_instrument::ObserveOptions;
use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk, Transcript};
use pipecat_instrument::opentelemetry::KeyValue;
use pipecat_instrument::setup::{self, Backend, Compression, Environment, Protocol};

use super::server::{PROJECT, Phoenix};
use crate::rotel::Collector;
use crate::support::push;

/// The conversations sent so far. Each is sent once, by the first test that needs it.
#[derive(Default)]
pub(crate) struct SentConversations {
    over_http: OnceLock<()>,
    over_grpc: OnceLock<()>,
    recording: OnceLock<()>,
}

/// Runs the example `voice_agent`. Returns the id of its session.
pub(super) fn send_voice_agent(phoenix: &Phoenix, protocol: Protocol) -> String {
    let (sent, session) = match protocol {
        Protocol::HttpProtobuf => (&phoenix.sent.over_http, "flowcat-over-http"),
        _ => (&phoenix.sent.over_grpc, "flowcat-over-grpc"),
    };
    sent.get_or_init(|| {
        run(built(phoenix, "voice_agent", &["--package", "voice_agent", "--features", "otlp-grpc"])
            .args(["--call-id", session])
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_string()));
    });
    session.to_owned()
}

/// Sends a recording of Pipecat by `pipecat-trace`. Returns the id of its session.
pub(super) fn send_recording(phoenix: &Phoenix) -> String {
    phoenix.sent.recording.get_or_init(|| {
        run(built(phoenix, "pipecat-trace", &["--package", "pipecat-instrument-cli"]).args([
            "send",
            "--preset",
            "phoenix",
            "tests/corpus/frames/c_tool.jsonl",
        ]));
    });
    "conv-c_tool".to_owned()
}

/// Runs so many bots at once, each with one conversation, which a collector forwards. Returns the ids of their
/// sessions.
pub(super) fn send_many_through(collector: &Collector, bots: usize) -> Vec<String> {
    let sessions: Vec<String> = (0..bots).map(|bot| format!("bot-{bot}")).collect();
    thread::scope(|scope| {
        for session in &sessions {
            scope.spawn(|| send_one_through(collector, session));
        }
    });
    sessions
}

fn send_one_through(collector: &Collector, session: &str) {
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
    converse(session);
    drop(scoped);
    let report = setup.shutdown(Duration::from_secs(60));
    assert!(report.is_complete(), "{report}");
}

/// Pushes the frames of one turn: a question and an answer.
fn converse(session: &str) {
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
