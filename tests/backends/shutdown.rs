//! Calls that are open when the program ends: a shutdown exports them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk};
use pipecat_instrument::setup::{self, Environment, Setup};
use pipecat_instrument::{InstrumentorBuilder, ObserveOptions, Observer, PipecatInstrumentor, TraceLayout};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::record::{EndReason, SpanBuffer, SpanDetails};
use pipecat_instrument_runtime::frame_log::{FrameLogReader, replay};

use crate::loopback::{LIMIT, ReceivedRequest, Reply, Server};
use crate::support::push;

/// The variable with the URL of the server, for the program that is interrupted.
const SERVER_URL: &str = "TEST_SERVER_URL";

/// Two turns, the second of which is open.
fn begin_a_call(observer: &Observer) {
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
    let output = Processor::new("Output", "Output", Role::OutputTransport);
    push(observer, &output, 1, &Frame::Start);
    for id in [10, 20] {
        push(observer, &output, id, &Frame::UserStartedSpeaking);
        push(observer, &output, id + 1, &Frame::UserStoppedSpeaking);
        push(observer, &llm, id + 2, &Frame::LlmResponseStart);
        push(observer, &llm, id + 3, &Frame::LlmText(TextChunk::new("It is noon.")));
        push(observer, &llm, id + 4, &Frame::LlmResponseEnd);
        push(observer, &output, id + 5, &Frame::BotStartedSpeaking);
    }
}

const SPANS_OF_A_CALL: [&str; 5] = [
    "pipecat.conversation",
    "pipecat.conversation.turn",
    "pipecat.conversation.turn",
    "pipecat.llm",
    "pipecat.llm",
];

fn span_names(server: &Server) -> Vec<String> {
    let mut names: Vec<_> = server.requests().iter().flat_map(ReceivedRequest::span_names).collect();
    names.sort_unstable();
    names
}

/// Begins a call in a scope of its own, and returns its observer.
fn observe_in(instrumentor: InstrumentorBuilder, setup: &Setup) -> Observer {
    let _scoped = instrumentor.layout(TraceLayout::PerConversation).scoped(setup.provider()).unwrap();
    PipecatInstrumentor::observe(ObserveOptions::new().conversation_id("call-42")).unwrap()
}

#[test]
fn shutdown_exports_a_call_that_is_open() {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().build().unwrap();
    let observer = observe_in(setup.instrumentor(), &setup);
    begin_a_call(&observer);

    let report = setup.shutdown(LIMIT);
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.destinations()[0].exported, 5);
    assert_eq!(span_names(&server), SPANS_OF_A_CALL);
    begin_a_call(&observer);
    assert_eq!(server.span_count(), 5, "the call is over");
}

#[test]
fn dropping_the_setup_exports_a_call_that_is_open() {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().build().unwrap();
    let observer = observe_in(setup.instrumentor(), &setup);
    begin_a_call(&observer);
    drop(setup);
    assert_eq!(span_names(&server), SPANS_OF_A_CALL);
}

#[test]
fn shutdown_leaves_the_calls_of_another_setup_open() {
    let server = Server::replying(Reply::Ok);
    let (setup, other) = (server.setup_builder().build().unwrap(), server.setup_builder().build().unwrap());
    let observer = observe_in(other.instrumentor(), &other);
    begin_a_call(&observer);
    assert_eq!(setup.shutdown(LIMIT).destinations()[0].exported, 0);
    observer.cancel();
    assert_eq!(other.shutdown(LIMIT).destinations()[0].exported, 5);
}

#[test]
fn replay_ends_a_call_as_the_shutdown_did() {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().build().unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shutdown-{}.jsonl", std::process::id()));
    let instrumentor = setup.instrumentor().debug_log(&path).layout(TraceLayout::PerConversation);
    let scoped = instrumentor.scoped(setup.provider()).unwrap();
    let observer = PipecatInstrumentor::observe(ObserveOptions::new().conversation_id("call-42")).unwrap();
    begin_a_call(&observer);
    assert!(setup.shutdown(LIMIT).is_complete());
    PipecatInstrumentor::flush_frame_logs(LIMIT).unwrap();
    drop(scoped);

    let log = path.with_file_name(format!("{}-call-42.jsonl", path.file_stem().unwrap().display()));
    let mut reader = FrameLogReader::open(&log).unwrap();
    let config = reader.header().config(ConversationConfig::default());
    let mut spans = SpanBuffer::default();
    let report = replay(&mut reader, config, &mut spans);
    std::fs::remove_file(log).unwrap();
    assert_eq!(report.problems(), [""; 0]);
    assert!(reader.footer().unwrap().shutdown_at.is_some());
    let end_reasons: Vec<EndReason> = spans
        .ended
        .iter()
        .filter_map(|record| match &record.details {
            SpanDetails::Turn(turn) => Some(turn.end_reason),
            _ => None,
        })
        .collect();
    assert_eq!(end_reasons, [EndReason::Interrupted, EndReason::Ended]);
}

/// The program of the next test. Its handler is the README's.
#[test]
#[ignore = "started by `ctrl_c_exports_a_call_that_is_open`"]
fn program_with_a_live_call() {
    let Ok(url) = std::env::var(SERVER_URL) else { return };
    let environment = Environment::from_iter([("OTEL_EXPORTER_OTLP_ENDPOINT", url)]);
    let setup = Arc::new(setup::builder().environment(environment).build().unwrap());
    let on_ctrl_c = Arc::clone(&setup);
    ctrlc::set_handler(move || {
        println!("{}", on_ctrl_c.shutdown(Duration::from_secs(5)));
        std::process::exit(130);
    })
    .unwrap();

    let observer = observe_in(setup.instrumentor(), &setup);
    begin_a_call(&observer);
    println!("\nlive");
    std::thread::sleep(LIMIT);
}

#[test]
#[cfg(unix)]
fn ctrl_c_exports_a_call_that_is_open() {
    let server = Server::replying(Reply::Ok);
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shutdown::program_with_a_live_call", "--ignored", "--nocapture"])
        .env(SERVER_URL, server.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "live"));
    let interrupt = Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
    assert!(interrupt.success());

    let report = lines.next().unwrap();
    assert!(report.ends_with("5 spans exported"), "{report}");
    assert_eq!(program.wait().unwrap().code(), Some(130));
    assert_eq!(span_names(&server), SPANS_OF_A_CALL);
}
