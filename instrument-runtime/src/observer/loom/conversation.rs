//! One conversation whose frames come on several threads, while the timer fires and its handles are dropped.

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

/// Spans in memory, and who makes them: once for all runs of a model.
struct Backend {
    group: ObserverProvider,
    spans: InMemorySpanExporter,
}

impl Backend {
    /// Turns end as soon as the bot has stopped and somebody looks.
    fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let group = ObserverProvider::new(Tracers::new(&provider)).turn_end_timeout(Duration::ZERO);
        Self { group, spans }
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

    /// A conversation in which the bot answers.
    fn answering(&self, group: &ObserverProvider) -> Observer {
        let observer = group.observe(ObserveOptions::new().conversation_id("call-42"));
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

fn say(observer: &Observer, source: &Processor, id: u64, word: &str) {
    push(observer, source, id, &Frame::LlmText(TextChunk::new(word)));
}

/// The spans by name, in alphabetical order.
fn names(spans: &[SpanData]) -> Vec<&str> {
    let mut names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    names.sort_unstable();
    names
}

fn value<'a>(spans: &'a [SpanData], name: &str, key: &str) -> Option<&'a Value> {
    let span = spans.iter().find(|span| span.name == name)?;
    span.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}

/// Two processors push, one of them a frame that the other has pushed as well; the timer looks after what is due; and
/// whoever is last drops the last handle, which ends the conversation.
pub fn frames_of_two_threads_the_timer_and_the_end() {
    let backend = Arc::new(Backend::new());
    check(move || {
        let pipeline = Arc::new(Pipeline::new());
        let observer = pipeline.answering(&backend.group);
        let timer = thread::spawn(observer.waker());
        let other = thread::spawn({
            let (pipeline, observer) = (Arc::clone(&pipeline), observer.clone());
            move || {
                say(&observer, &pipeline.llm, 10, " one");
                say(&observer, &pipeline.llm, 11, " two");
            }
        });
        say(&observer, &pipeline.llm, 10, " one");
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

/// A turn that is due to end is ended by the timer or by the next frame, once.
pub fn a_turn_ends_once() {
    let backend = Arc::new(Backend::new());
    check(move || {
        let pipeline = Arc::new(Pipeline::new());
        let observer = pipeline.answering(&backend.group);
        say(&observer, &pipeline.llm, 10, " one");
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

/// The first audio begins a synthesis, through the lock; what follows is counted without one.
pub fn audio_begins_one_synthesis() {
    let backend = Arc::new(Backend::new());
    check(move || {
        let audio = Frame::TtsAudio(Audio::pcm16(640, 16_000, 1));
        let pipeline = Arc::new(Pipeline::new());
        let observer = pipeline.answering(&backend.group);
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
