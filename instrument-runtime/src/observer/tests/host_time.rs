//! Hosts that give the times of frames, handle timeouts, and emit spans themselves.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::trace::SpanData;

use super::{Traced, attribute, greet, hop, llm, output, wait_until};
use crate::engine::frame::{Frame, Processor, TextChunk};
use crate::engine::operation::{Outcome, ServiceKind, ServiceName};
use crate::engine::time::Time;
use crate::frame_log::{FrameLogReader, FrameLogWriter};
use crate::observer::{Emission, ObserveOptions, Observer, OperationSpan, OperationSpec, Timer};

/// A moment in 1970: no clock of this machine shows it.
fn millis(millis: u64) -> Time {
    Time::from_unix_nanos(millis * 1_000_000)
}

fn push_at(observer: &Observer, at: Time, source: &Processor, id: u64, frame: &Frame<'_>) {
    observer.on_push_frame_at(at, &hop(source, id, frame));
}

/// Pushes a turn that begins at 1 s and waits for its timeout from 1.5 s on.
fn greet_in_1970(observer: &Observer) {
    push_at(observer, millis(1_000), &output(), 1, &Frame::Start);
    push_at(observer, millis(1_100), &llm(), 2, &Frame::LlmResponseStart);
    push_at(observer, millis(1_200), &llm(), 3, &Frame::LlmText(TextChunk::new("Hello")));
    push_at(observer, millis(1_300), &llm(), 4, &Frame::LlmResponseEnd);
    push_at(observer, millis(1_400), &output(), 5, &Frame::BotStartedSpeaking);
    push_at(observer, millis(1_500), &output(), 6, &Frame::BotStoppedSpeaking);
}

/// Returns name, start and end of each span, in milliseconds.
fn times(spans: &[SpanData]) -> Vec<(&str, u128, u128)> {
    let millis = |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_millis();
    spans.iter().map(|span| (&*span.name, millis(span.start_time), millis(span.end_time))).collect()
}

const GREETING: [(&str, u128, u128); 2] =
    [("pipecat.llm", 1_100, 1_300), ("pipecat.conversation.turn", 1_000, 1_500)];

#[test]
fn spans_have_the_times_of_the_host() {
    let traced = Traced::new();
    let observer = traced.observe();
    greet_in_1970(&observer);
    observer.close();
    assert_eq!(times(&traced.finished()), GREETING);
}

#[test]
fn time_that_goes_back_counts_as_the_newest() {
    let traced = Traced::new();
    let observer = traced.observe();
    push_at(&observer, millis(1_000), &output(), 1, &Frame::Start);
    push_at(&observer, millis(1_500), &llm(), 2, &Frame::LlmResponseStart);
    push_at(&observer, millis(1_200), &llm(), 3, &Frame::LlmResponseEnd);
    observer.close();
    assert_eq!(times(&traced.finished())[0], ("pipecat.llm", 1_500, 1_500));
}

#[test]
fn frame_log_has_the_times_of_the_host() {
    let directory = std::env::temp_dir().join(format!("pipecat-host-time-{}", std::process::id()));
    let Traced { observers, spans } = Traced::new();
    let logs = FrameLogWriter::new(directory.join("frames-{conversation_id}.jsonl")).unwrap();
    let traced = Traced { observers: observers.frame_log(logs.clone()), spans };
    let observer = traced.observers.observe(ObserveOptions::new().conversation_id("call"));
    greet_in_1970(&observer);
    observer.close();
    logs.flush(Duration::from_secs(60)).unwrap();
    let mut log = FrameLogReader::open(directory.join("frames-call.jsonl")).unwrap();
    let times: Vec<Time> = log.by_ref().map(|event| event.unwrap().at()).collect();
    assert_eq!(times, [1_000, 1_100, 1_200, 1_300, 1_400, 1_500].map(millis));
    assert_eq!(log.header().begun, millis(1_000));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn timer_thread_waits_as_long_as_the_host_would() {
    let traced = Traced::with_short_turns();
    let observer = traced.observe();
    greet_in_1970(&observer);
    assert_eq!(traced.finished().len(), 0);
    wait_until(|| !traced.finished().is_empty());
    observer.close();
    assert_eq!(times(&traced.finished()), GREETING);
}

#[test]
fn host_handles_timeouts() {
    let traced = Traced::new();
    let observer = traced.observers.observe(ObserveOptions::new().timer(Timer::Host));
    assert_eq!(observer.poll_timeout(), None, "nothing has happened");
    greet_in_1970(&observer);
    let turn_end = observer.poll_timeout();
    assert_eq!(turn_end, Some(millis(4_000)), "2.5 s after the bot has stopped");
    observer.handle_timeout(millis(3_999));
    assert_eq!(observer.poll_timeout(), turn_end);
    observer.handle_timeout(millis(4_000));
    let release = observer.poll_timeout();
    assert!(release.is_some_and(|at| at > millis(4_000)), "late metrics may come: {release:?}");
    assert_eq!(traced.finished().len(), 0);
    observer.handle_timeout(release.unwrap());
    assert_eq!(observer.poll_timeout(), None);
    assert_eq!(times(&traced.finished()), GREETING);
    observer.close();
    observer.handle_timeout(millis(9_000));
    assert_eq!((observer.poll_timeout(), traced.finished().len()), (None, 2));
}

#[test]
fn late_host_ends_the_turn_when_it_was_due() {
    let traced = Traced::new();
    let observer = traced.observers.observe(ObserveOptions::new().timer(Timer::Host));
    greet_in_1970(&observer);
    observer.handle_timeout(millis(60_000));
    let spans = traced.finished();
    assert_eq!(times(&spans), GREETING);
    assert_eq!(attribute(&spans[1], "conversation.end_reason").as_deref(), Some("completed"));
}

#[test]
fn host_emits_spans() {
    let traced = Traced::new();
    let observer = traced.observers.observe(ObserveOptions::new().emission(Emission::Host));
    assert!(!observer.has_spans_to_emit());
    greet(&observer);
    push_at(&observer, millis(1), &output(), 7, &Frame::UserStartedSpeaking);
    assert!(observer.has_spans_to_emit());
    assert_eq!(traced.finished().len(), 0);
    observer.emit();
    assert!(!observer.has_spans_to_emit());
    drop(observer);
    assert_eq!(traced.names(), ["pipecat.conversation.turn", "pipecat.llm"]);
}

#[test]
fn closing_emits_the_spans_that_the_host_has_not() {
    let traced = Traced::new();
    let observer = traced.observers.observe(ObserveOptions::new().emission(Emission::Host));
    greet(&observer);
    observer.close();
    assert_eq!(traced.finished().len(), 2);
}

#[test]
fn context_is_available_before_the_host_emits() {
    let traced = Traced::new();
    let observer = traced.observers.observe(ObserveOptions::new().emission(Emission::Host));
    push_at(&observer, millis(1_000), &output(), 1, &Frame::Start);
    push_at(&observer, millis(1_100), &llm(), 2, &Frame::LlmResponseStart);
    let traceparent = observer.tracing_context().traceparent().unwrap();
    assert_eq!(traced.finished().len(), 0);
    observer.close();
    let spans = traced.finished();
    let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert!(traceparent.contains(&turn.span_context.span_id().to_string()), "{traceparent}");
}

#[test]
fn operation_has_its_context_before_the_host_emits() {
    let traced = Traced::new();
    let observer = traced.observers.observe(ObserveOptions::new().emission(Emission::Host));
    push_at(&observer, millis(1_000), &output(), 1, &Frame::Start);
    push_at(&observer, millis(1_100), &output(), 2, &Frame::UserStartedSpeaking);
    let spec = OperationSpec {
        conversation: Some(observer.tracing_context()),
        kind: ServiceKind::Llm,
        service: ServiceName::Explicit("OpenAILLMService"),
    };
    let operation = OperationSpan::begin(spec, || None).unwrap();
    assert!(operation.context().span().span_context().is_sampled());
    operation.end(Outcome::default());
    observer.close();
    assert_eq!(traced.names(), ["pipecat.conversation.turn", "pipecat.llm"]);
}
