//! Trace context of outgoing requests and of the incoming call, over real HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use opentelemetry_sdk::trace::SpanData;
use pipecat_instrument::frame::{Frame, FunctionCall, FunctionCallResult, Processor, Role};
use pipecat_instrument::opentelemetry::propagation::Injector;
use pipecat_instrument::opentelemetry::trace::{SpanContext, SpanId};
use pipecat_instrument::{ObservedTask, Observer, TracingContext, instrument_task, propagation};
use support::{Traced, attribute, push};

const FORWARDER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const CALL: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Default)]
struct Task {
    observer: Option<Observer>,
    tracing: TracingContext,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.tracing = observer.tracing_context();
        self.observer = Some(observer);
    }
}

#[instrument_task]
impl Task {
    fn new() -> Self {
        Self::default()
    }
}

#[instrument_task(parent = traceparent, link = FORWARDER)]
fn forward(traceparent: Option<&str>) -> Task {
    Task::default()
}

impl Task {
    /// Pushes a call of the function `check_calendar`, which sends requests to the calendar's server.
    fn check_calendar(&self, calendar: &Server) {
        let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
        let (name, tool_call_id) = ("check_calendar", "call_1");
        let (result, error) = (None, None);
        let frames = [
            Frame::Start,
            Frame::LlmResponseStart,
            Frame::FunctionCallInProgress(FunctionCall { name, tool_call_id, arguments: None }),
            Frame::LlmResponseEnd,
            Frame::FunctionCallResult(FunctionCallResult {
                name,
                tool_call_id,
                result,
                error,
                is_final: true,
            }),
        ];
        for (id, frame) in (1..).zip(&frames) {
            if id == 5 {
                self.request(calendar);
            }
            if let Some(observer) = &self.observer {
                push(observer, &llm, id, frame);
            }
        }
    }

    /// Sends one request with the context of the turn, and one with that of the tool.
    fn request(&self, calendar: &Server) {
        let mut turn_headers = Headers::default();
        self.tracing.inject(&mut turn_headers);
        calendar.get(&turn_headers);

        let mut tool_headers = Headers::default();
        if let Some(context) = self.tracing.tool_context("call_1") {
            propagation::inject(&context, &mut tool_headers);
        }
        calendar.get(&tool_headers);
    }
}

/// Headers of a request, as an HTTP client has them.
#[derive(Default)]
struct Headers(String);

impl Injector for Headers {
    fn set(&mut self, key: &str, value: String) {
        self.0.push_str(&[key, ": ", &value, "\r\n"].concat());
    }
}

/// A server that answers two requests, and returns the span context of each.
struct Server {
    port: u16,
    callers: JoinHandle<[Option<SpanContext>; 2]>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let callers = std::thread::spawn(move || [(); 2].map(|()| caller(&listener.accept().unwrap().0)));
        Self { port, callers }
    }

    fn get(&self, headers: &Headers) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET /free HTTP/1.1\r\nhost: calendar\r\n{}\r\n", headers.0).unwrap();
        assert_eq!(BufReader::new(stream).lines().next().unwrap().unwrap(), "HTTP/1.1 204 No Content");
    }

    fn callers(self) -> [Option<SpanContext>; 2] {
        self.callers.join().unwrap()
    }
}

/// Answers a request and returns its span context.
fn caller(mut stream: &TcpStream) -> Option<SpanContext> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let headers: HashMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect();
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    propagation::extract(&headers)
}

fn span(traced: &Traced, name: &str) -> SpanData {
    traced.spans().into_iter().find(|span| span.name == name).unwrap()
}

#[test]
fn requests_carry_the_context_of_exported_spans() {
    let traced = Traced::new();
    let calendar = Server::start();
    let task = Task::new();
    task.check_calendar(&calendar);
    drop(task);

    let [by_turn, by_tool] = calendar.callers().map(Option::unwrap);
    let turn = span(&traced, "pipecat.conversation.turn");
    let tool = span(&traced, "pipecat.tool.check_calendar");
    assert_eq!(by_turn.span_id(), turn.span_context.span_id());
    assert_eq!(by_tool.span_id(), tool.span_context.span_id());
    for caller in [by_turn, by_tool] {
        assert_eq!(caller.trace_id(), turn.span_context.trace_id());
        assert!(caller.is_sampled() && caller.is_remote());
    }
}

#[test]
fn an_unobserved_task_sends_requests_without_context() {
    let calendar = Server::start();
    Task::new().check_calendar(&calendar);
    assert_eq!(calendar.callers(), [None, None]);
}

#[test]
fn turns_are_children_of_the_incoming_request() {
    let traced = Traced::new();
    let calendar = Server::start();
    let task = Task::new();
    task.tracing.set_parent(CALL);
    task.tracing.set_attribute(opentelemetry::KeyValue::new("caller.line", "reception"));
    task.check_calendar(&calendar);
    drop(task);

    let turn = span(&traced, "pipecat.conversation.turn");
    assert_eq!(turn.parent_span_id, SpanId::from_hex("b7ad6b7169203331").unwrap());
    assert_eq!(attribute(&turn, "caller.line").as_deref(), Some("reception"));
    let [by_turn, _] = calendar.callers().map(Option::unwrap);
    assert_eq!(by_turn.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
}

#[test]
fn the_annotation_sets_parent_and_link() {
    for (traceparent, parent) in [(Some(CALL), "b7ad6b7169203331"), (None, "0000000000000000")] {
        let traced = Traced::new();
        forward(traceparent).check_calendar(&Server::start());

        let turn = span(&traced, "pipecat.conversation.turn");
        assert_eq!(turn.parent_span_id.to_string(), parent);
        let links: Vec<String> =
            turn.links.iter().map(|link| link.span_context.span_id().to_string()).collect();
        assert_eq!(links, ["00f067aa0ba902b7"]);
    }
}
