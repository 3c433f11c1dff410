//! Conversations from the outside: hops in, spans in an exporter.

#![allow(clippy::disallowed_methods, reason = "a test reads the clock")]

mod clock_steps;
mod host_time;
mod plugged_in;
mod program_code;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::{ObserveOptions, Observer, ObserverProvider, caught_panics};
use crate::emit::Tracers;
use crate::engine::frame::{
    Audio, Direction, Frame, FrameId, FrameKind, FramePushed, ObservedFrame, Processor, ProcessorRef, Role,
    TextChunk,
};

/// Long enough for a busy machine to push a few frames within it.
const SHORT: Duration = Duration::from_millis(500);

/// A provider whose spans are kept in memory.
struct Traced {
    observers: ObserverProvider,
    spans: InMemorySpanExporter,
}

impl Traced {
    fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        Self { observers: ObserverProvider::new(Tracers::new(&provider)), spans }
    }

    /// Ends turns soon after the bot has stopped.
    fn with_short_turns() -> Self {
        let Self { observers, spans } = Self::new();
        Self { observers: observers.turn_end_timeout(SHORT), spans }
    }

    fn observe(&self) -> Observer {
        self.observers.observe(ObserveOptions::new())
    }

    fn finished(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.finished().iter().map(|span| span.name.to_string()).collect();
        names.sort_unstable();
        names
    }
}

fn push<F: ObservedFrame + ?Sized>(observer: &Observer, source: &Processor, id: u64, frame: &F) {
    observer.on_push_frame(&hop(source, id, frame));
}

fn hop<'a, F: ?Sized>(source: &'a Processor, id: u64, frame: &'a F) -> FramePushed<'a, F> {
    FramePushed {
        source: source.into(),
        destination: ProcessorRef::named("Next"),
        direction: Direction::Downstream,
        id: Some(FrameId(id)),
        sibling: None,
        frame,
    }
}

fn output() -> Processor {
    Processor::new("Output", "OutputTransport", Role::OutputTransport)
}

fn llm() -> Processor {
    Processor::new("Llm", "OpenAILLMService", Role::Llm)
}

fn tts() -> Processor {
    Processor::new("Tts", "CartesiaTTSService", Role::Tts)
}

/// Pushes one turn, which then waits for its timeout.
fn greet(observer: &Observer) {
    push(observer, &output(), 1, &Frame::Start);
    push(observer, &llm(), 2, &Frame::LlmResponseStart);
    push(observer, &llm(), 3, &Frame::LlmText(TextChunk::new("Hello")));
    push(observer, &llm(), 4, &Frame::LlmResponseEnd);
    push(observer, &output(), 5, &Frame::BotStartedSpeaking);
    push(observer, &output(), 6, &Frame::BotStoppedSpeaking);
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| attribute.value.to_string())
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let given_up = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < given_up, "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn close_ends_open_spans_once() {
    let traced = Traced::new();
    let observer = traced.observe();
    greet(&observer);
    observer.close();
    assert_eq!(traced.names(), ["pipecat.conversation.turn", "pipecat.llm"]);

    observer.close();
    greet(&observer);
    drop(observer);
    assert_eq!(traced.finished().len(), 2);
}

#[test]
fn dropping_the_last_handle_cancels() {
    let traced = Traced::new();
    let observer = traced.observe();
    push(&observer, &output(), 1, &Frame::Start);
    push(&observer, &llm(), 2, &Frame::LlmResponseStart);

    let clone = observer.clone();
    drop(observer);
    assert_eq!(traced.finished(), []);
    drop(clone);
    let spans = traced.finished();
    let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert_eq!(attribute(turn, "conversation.end_reason").as_deref(), Some("cancelled"));
}

#[test]
fn cancel_ends_the_conversation_while_a_handle_is_held() {
    let traced = Traced::new();
    let observer = traced.observe();
    let other_handle = observer.clone();
    push(&observer, &output(), 1, &Frame::Start);
    push(&observer, &llm(), 2, &Frame::LlmResponseStart);
    observer.cancel();

    push(&other_handle, &llm(), 3, &Frame::LlmResponseStart);
    let spans = traced.finished();
    assert_eq!(spans.len(), 2);
    let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert_eq!(attribute(turn, "conversation.end_reason").as_deref(), Some("cancelled"));
}

#[test]
fn observer_without_frames_leaves_no_spans() {
    let traced = Traced::new();
    drop(traced.observe());
    assert_eq!(traced.finished(), []);
}

#[test]
fn timer_ends_a_turn_without_more_frames() {
    let traced = Traced::with_short_turns();
    let observer = traced.observe();
    greet(&observer);
    let turn_is_out = || traced.finished().iter().any(|span| span.name == "pipecat.conversation.turn");
    wait_until(turn_is_out);

    let spans = traced.finished();
    let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
    assert_eq!(attribute(turn, "conversation.end_reason").as_deref(), Some("completed"));
    let lasted = turn.end_time.duration_since(turn.start_time).unwrap();
    assert!(lasted < SHORT, "the waiting time is in the turn: {lasted:?}");
    drop(observer);
}

/// A frame whose `view` panics.
struct Broken;

impl ObservedFrame for Broken {
    fn kind(&self) -> FrameKind {
        FrameKind::LlmText
    }

    fn view(&self) -> Frame<'_> {
        panic!("no view today")
    }
}

#[test]
fn panic_ends_only_its_own_conversation() {
    let traced = Traced::new();
    let (broken, other) = (traced.observe(), traced.observe());
    greet(&broken);
    let caught_before = caught_panics();
    push(&broken, &llm(), 7, &Broken);
    assert!(caught_panics() > caught_before);
    assert_eq!(traced.names(), ["pipecat.conversation.turn", "pipecat.llm"], "what was open is ended");

    push(&broken, &llm(), 8, &Broken);
    greet(&other);
    other.close();
    assert_eq!(traced.finished().len(), 4);
}

#[test]
fn hops_from_many_threads_make_one_conversation() {
    const THREADS: u64 = 8;
    const EACH: u64 = 50;

    let traced = Traced::new();
    let observer = traced.observe();
    push(&observer, &output(), 1, &Frame::Start);
    push(&observer, &llm(), 2, &Frame::LlmResponseStart);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let observer = &observer;
            scope.spawn(move || {
                for n in 0..EACH {
                    let id = 100 + thread * EACH + n;
                    push(observer, &llm(), id, &Frame::LlmText(TextChunk::new("x")));
                    push(observer, &output(), id, &Frame::LlmText(TextChunk::new("x")));
                }
            });
        }
    });
    push(&observer, &llm(), 3, &Frame::LlmResponseEnd);
    observer.close();

    let spans = traced.finished();
    let llm = spans.iter().find(|span| span.name == "pipecat.llm").unwrap();
    let text = attribute(llm, "output.value").unwrap();
    assert_eq!(text.chars().filter(|c| *c == 'x').count() as u64, THREADS * EACH);
}

#[test]
fn audio_counted_without_the_lock_is_in_the_span() {
    let traced = Traced::new();
    let observer = traced.observe();
    let piece = Frame::TtsAudio(Audio::pcm16(640, 16_000, 1));
    push(&observer, &output(), 1, &Frame::Start);
    push(&observer, &tts(), 2, &Frame::TtsStarted { context_id: None });
    for id in 10..60 {
        push(&observer, &tts(), id, &piece);
        // The next hop of the same frame.
        push(&observer, &Processor::new("Mixer", "Mixer", Role::Other), id, &piece);
    }
    push(&observer, &tts(), 3, &Frame::TtsStopped { context_id: None });
    observer.close();

    let spans = traced.finished();
    let tts = spans.iter().find(|span| span.name == "pipecat.tts").unwrap();
    assert_eq!(attribute(tts, "tts.audio_seconds").as_deref(), Some("1"));
}

#[test]
fn frame_of_an_untraced_kind_is_not_viewed() {
    struct Microphone(Arc<Mutex<u32>>);
    impl ObservedFrame for Microphone {
        fn kind(&self) -> FrameKind {
            FrameKind::InputAudio
        }
        fn view(&self) -> Frame<'_> {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            Frame::InputAudio(Audio::default())
        }
    }

    let traced = Traced::new();
    let views = Arc::new(Mutex::new(0));
    push(&traced.observe(), &output(), 1, &Microphone(Arc::clone(&views)));
    assert_eq!(*views.lock().unwrap(), 0);
}
