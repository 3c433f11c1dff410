//! `pipecat-trace send`, as a user runs it. `tests/backends/phoenix.rs` tests it with a real Phoenix.
#![allow(clippy::unwrap_used, reason = "a failure here fails the test")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/frames");

fn recording(name: &str) -> PathBuf {
    Path::new(CORPUS).join(name).with_extension("jsonl")
}

/// A backend that answers each request with one status and keeps the bodies.
struct Backend {
    url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Backend {
    fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bodies);
        thread::spawn(move || {
            for stream in listener.incoming() {
                kept.lock().unwrap().push(take(&mut stream.unwrap(), status));
            }
        });
        Self { url, bodies }
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().unwrap();
        let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|spans| spans.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

/// Reads one request, answers it, and returns its body.
fn take(stream: &mut TcpStream, status: &str) -> Vec<u8> {
    let mut request = Vec::new();
    let mut piece = [0; 8 * 1024];
    loop {
        if let Some(head) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>();
            if request.len() >= head + 4 + length.unwrap() {
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
                return request.split_off(head + 4);
            }
        }
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "a request that breaks off");
        request.extend_from_slice(&piece[..read]);
    }
}

fn send(arguments: &[&str], files: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipecat-trace"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["OTEL_", "PHOENIX_", "LANGFUSE_", "PIPECAT_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.arg("send").args(arguments).args(files).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn recordings_are_sent_with_their_original_times() {
    let backend = Backend::answering("200 OK");
    let output = send(&["--endpoint", &backend.url], &[&recording("c_tool"), &recording("a_simple")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), format!("{}/v1/traces: 18 spans exported\n", backend.url));
    assert!(stderr(&output).contains("took a span in "), "{}", stderr(&output));
    let spans = backend.spans();
    assert_eq!(spans[0].name, "setup.check");
    // Both recordings begin on November 20, 2026, after noon, as their headers show.
    let noon = 1_795_176_000_000_000_000..1_795_180_000_000_000_000;
    assert_eq!(spans.len(), 19);
    assert!(spans[1..].iter().all(|span| noon.contains(&span.start_time_unix_nano)), "{spans:?}");
}

#[test]
fn the_preset_selects_the_conventions() {
    let backend = Backend::answering("200 OK");
    let names = |arguments: &[&str]| {
        let arguments = [arguments, &["--endpoint", &backend.url]].concat();
        assert_eq!(send(&arguments, &[&recording("a_simple")]).status.code(), Some(0));
        let mut names: Vec<String> = backend.spans().into_iter().map(|span| span.name).collect();
        backend.bodies.lock().unwrap().clear();
        names.sort();
        names.dedup();
        names
    };
    assert!(names(&["--preset", "jaeger"]).contains(&"conversation-conv-a_simple".to_owned()));
    assert!(names(&["--preset", "phoenix"]).contains(&"pipecat.conversation.turn".to_owned()));
    assert!(names(&["--preset", "phoenix", "--names", "pipecat"]).contains(&"turn-1".to_owned()));
}

#[test]
fn a_refusing_backend_is_reported_before_reading() {
    let backend = Backend::answering("401 Unauthorized");
    let output = send(&["--preset", "phoenix", "--endpoint", &backend.url], &[&recording("c_tool")]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        format!(
            "pipecat-trace: Phoenix at {}/v1/traces did not take a span: it answered 401 Unauthorized: set PHOENIX_API_KEY.\n",
            backend.url
        )
    );
    assert_eq!(stdout(&output), "");
}

#[test]
fn an_unreadable_file_does_not_stop_the_others() {
    let backend = Backend::answering("200 OK");
    let output = send(&["--endpoint", &backend.url], &[Path::new("missing.jsonl"), &recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("missing.jsonl: "), "{}", stderr(&output));
    assert!(stdout(&output).ends_with(": 8 spans exported\n"), "{}", stdout(&output));
}

#[test]
fn without_a_backend_sending_is_an_error() {
    let output = send(&[], &[&recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("name a backend with --preset or --endpoint"), "{}", stderr(&output));
}
