//! One conversation with frames from several threads, while the timer fires and handles are dropped.

use std::sync::Arc;
use std::time::Duration;

use ::loom::thread;
use opentelemetry::Value;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::check;
use crate::emit::{Tracers, keys};
use crate::engine::frame::{
    Audio, Direction, Frame, FrameId, FramePushed, Processor, ProcessorRef, Role, TextChunk,
};
use crate::observer::{ObserveOptions, Observer, ObserverProvider, caught_panics};

/// A provider with spans in memory, shared by all runs of a model.
struct Backend {
    observers: ObserverProvider,
    spans: InMemorySpanExporter,
}

impl Backend {
    /// Ends turns at the next event after the bot has stopped.
    fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let observers = ObserverProvider::new(Tracers::new(&provider)).turn_end_timeout(Duration::ZERO);
        Self { observers, spans }
    }

    fn take(&self) -> Vec<SpanData> {
        let spans = self.spans.get_finished_spans().unwrap();
        self.spans.reset();
        spans
    }
}

struct Pipeline {
    llm: Processor,
    tts: Processor,
    next: Processor,
    output: Processor,
}

impl Pipeline {
    fn new() -> Self {
        Self {
            llm: Processor::new("Llm", "OpenAILLMService", Role::Llm),
            tts: Processor::new("Tts", "CartesiaTTSService", Role::Tts),
            next: Processor::new("Next", "Next", Role::Other),
            output: Processor::new("Output", "OutputTransport", Role::OutputTransport),
        }
    }

    /// Starts a conversation in which the bot answers.
    fn answering(&self, observers: &ObserverProvider) -> Observer {
        let observer = observers.observe(ObserveOptions::new().conversation_id("call-42"));
        push(&observer, &self.next, 1, &Frame::Start);
        push(&observer, &self.llm, 2, &Frame::LlmResponseStart);
        observer
    }
}

fn push(observer: &Observer, source: &Processor, id: u64, frame: &Frame<'_>) {
    observer.on_push_frame(&FramePushed {
        source: source.into(),
        destination: ProcessorRef::named("Sink"),
        direction: Direction::Downstream,
        id: Some(FrameId(id)),
        sibling: None,
        frame,
    });
}

fn push_text(observer: &Observer, source: &Processor, id: u64, word: &str) {
    push(observer, source, id, &Frame::LlmText(TextChunk::new(word)));
}

/// Returns the names of the spans in alphabetical order.
fn names(spans: &[SpanData]) -> Vec<&str> {
    let mut names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    names.sort_unstable();
    names
}

fn value<'a>(spans: &'a [SpanData], name: &str, key: &str) -> Option<&'a Value> {
    let span = spans.iter().find(|span| span.name == name)?;
    span.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}

/// Two processors push, and one frame comes from both; the timer fires; and the last thread drops the last handle, which ends
/// the conversation.
pub fn frames_from_two_threads_meet_the_timer_and_the_end() {
    let backend = Arc::new(Backend::new());
    check(move || {
        let pipeline = Arc::new(Pipeline::new());
        let observer = pipeline.answering(&backend.observers);
        let timer = thread::spawn(observer.waker());
        let other = thread::spawn({
            let (pipeline, observer) = (Arc::clone(&pipeline), observer.clone());
            move || {
                push_text(&observer, &pipeline.llm, 10, " one");
                push_text(&observer, &pipeline.llm, 11, " two");
            }
        });
        push_text(&observer, &pipeline.llm, 10, " one");
        push(&observer, &pipeline.output, 12, &Frame::BotStartedSpeaking);
        drop(observer);
        other.join().unwrap();
        timer.join().unwrap();

        let spans = backend.take();
        assert_eq!(names(&spans), ["pipecat.conversation.turn", "pipecat.llm"]);
        assert_eq!(value(&spans, "pipecat.llm", keys::OUTPUT_VALUE), Some(&Value::from("one two")));
        assert_eq!(caught_panics(), 0);
    });
}

/// A turn that is due to end ends once, by the timer or by the next frame.
pub fn turn_ends_once() {
    let backend = Arc::new(Backend::new());
    check(move || {
        let pipeline = Arc::new(Pipeline::new());
        let observer = pipeline.answering(&backend.observers);
        push_text(&observer, &pipeline.llm, 10, " one");
        push(&observer, &pipeline.output, 11, &Frame::BotStartedSpeaking);
        push(&observer, &pipeline.llm, 12, &Frame::LlmResponseEnd);
        let timer = thread::spawn(observer.waker());
        let stops = thread::spawn({
            let (pipeline, observer) = (Arc::clone(&pipeline), observer.clone());
            move || push(&observer, &pipeline.output, 13, &Frame::BotStoppedSpeaking)
        });
        push(&observer, &pipeline.next, 14, &Frame::VadUserStartedSpeaking);
        observer.close();
        stops.join().unwrap();
        timer.join().unwrap();

        let spans = backend.take();
        assert_eq!(names(&spans), ["pipecat.conversation.turn", "pipecat.llm"]);
        assert_eq!(caught_panics(), 0);
    });
}

/// The first audio starts a synthesis, through the lock; the rest is counted without it.
pub fn concurrent_audio_starts_one_synthesis() {
    let backend = Arc::new(Backend::new());
    check(move || {
        let audio = Frame::TtsAudio(Audio::pcm16(640, 16_000, 1));
        let pipeline = Arc::new(Pipeline::new());
        let observer = pipeline.answering(&backend.observers);
        let (pass_on, passed) = ::loom::sync::mpsc::channel();
        let next = thread::spawn({
            let (pipeline, observer) = (Arc::clone(&pipeline), observer.clone());
            move || {
                let id = passed.recv().unwrap();
                push(&observer, &pipeline.next, id, &audio);
            }
        });
        let timer = thread::spawn(observer.waker());
        push(&observer, &pipeline.tts, 20, &audio);
        pass_on.send(20).unwrap();
        push(&observer, &pipeline.tts, 21, &audio);
        observer.close();
        next.join().unwrap();
        timer.join().unwrap();

        let spans = backend.take();
        assert_eq!(names(&spans), ["pipecat.conversation.turn", "pipecat.llm", "pipecat.tts"]);
        assert_eq!(value(&spans, "pipecat.tts", keys::TTS_AUDIO_DURATION), Some(&Value::from(0.04)));
        assert_eq!(caught_panics(), 0);
    });
}
