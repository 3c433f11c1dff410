//! `TraceLayout::PerConversation`, through the facade: each conversation is exported once, however it ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use pipecat_instrument::frame::{
    Direction, Frame, FrameId, FrameKind, FramePushed, ObservedFrame, Processor, ProcessorRef, Role,
    TextChunk,
};
use pipecat_instrument::{ObserveOptions, Observer, PipecatInstrumentor, Preset, TraceLayout};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, replay};
use support::{Traced, attribute, provider, push};

const NAME: &str = "pipecat.conversation";

fn per_conversation() -> Traced {
    Traced::with(PipecatInstrumentor::builder().layout(TraceLayout::PerConversation))
}

fn observer() -> Observer {
    PipecatInstrumentor::observe(ObserveOptions::new().conversation_id("call-42")).unwrap()
}

fn llm() -> Processor {
    Processor::new("Llm", "OpenAILLMService", Role::Llm)
}

/// Pushes a greeting of the bot.
fn greet(observer: &Observer) {
    let output = Processor::new("Output", "Output", Role::OutputTransport);
    push(observer, &output, 1, &Frame::Start);
    push(observer, &llm(), 2, &Frame::LlmResponseStart);
    push(observer, &llm(), 3, &Frame::LlmText(TextChunk::new("Hello")));
    push(observer, &llm(), 4, &Frame::LlmResponseEnd);
    push(observer, &output, 5, &Frame::BotStartedSpeaking);
    push(observer, &output, 6, &Frame::BotStoppedSpeaking);
}

/// Pushes a frame over the last hop, to the end of the pipeline.
fn push_to_sink(observer: &Observer, id: u64, frame: &Frame<'_>) {
    observer.on_push_frame(&FramePushed {
        source: ProcessorRef::named("Output"),
        destination: (&Processor::new("Sink", "Sink", Role::Sink)).into(),
        direction: Direction::Downstream,
        id: Some(FrameId(id)),
        sibling: None,
        frame,
    });
}

fn conversations(spans: &[SpanData]) -> Vec<&SpanData> {
    spans.iter().filter(|span| span.name == NAME).collect()
}

#[test]
fn conversation_and_first_turn_say_that_their_start_was_missed() {
    let traced = per_conversation();
    let (observer, key) = (observer(), "conversation.start_missed");
    for id in [1, 10] {
        push(&observer, &llm(), id, &Frame::LlmResponseStart);
        push(&observer, &llm(), id + 1, &Frame::LlmResponseEnd);
        push(&observer, &llm(), id + 2, &Frame::UserStartedSpeaking);
    }
    observer.close();
    let spans = traced.spans();
    let [conversation] = conversations(&spans)[..] else { panic!("{spans:?}") };
    assert_eq!(attribute(conversation, key).as_deref(), Some("true"));
    let turns = spans.iter().filter(|span| span.name == "pipecat.conversation.turn");
    let marks: Vec<bool> = turns.map(|turn| attribute(turn, key).is_some()).collect();
    assert_eq!(marks, [true, false]);
}

#[test]
fn a_conversation_ends_with_its_pipeline_while_the_task_lives() {
    for end in [Frame::End, Frame::Cancel] {
        let traced = per_conversation();
        let observer = observer();
        greet(&observer);
        assert!(conversations(&traced.spans()).is_empty());
        push_to_sink(&observer, 7, &end);
        let spans = traced.spans();
        let [conversation] = conversations(&spans)[..] else { panic!("{spans:?}") };
        let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
        assert_eq!((turn.start_time, turn.end_time), (conversation.start_time, conversation.end_time));

        drop(observer);
        assert_eq!(traced.spans().len(), 3, "conversation, turn, LLM");
    }
}

#[test]
fn close_ends_a_conversation_once() {
    let traced = per_conversation();
    let observer = observer();
    greet(&observer);
    observer.close();
    assert_eq!(conversations(&traced.spans()).len(), 1);

    observer.close();
    greet(&observer);
    drop(observer);
    assert_eq!(traced.spans().len(), 3);
}

#[test]
fn dropping_the_task_ends_the_conversation() {
    let traced = per_conversation();
    greet(&observer());
    let spans = traced.spans();
    let [conversation] = conversations(&spans)[..] else { panic!("{spans:?}") };
    assert_eq!(attribute(conversation, "session.id").as_deref(), Some("call-42"));
    assert_eq!(attribute(conversation, "openinference.span.kind").as_deref(), Some("CHAIN"));
}

/// A frame whose `view` panics.
struct Broken;

impl ObservedFrame for Broken {
    fn kind(&self) -> FrameKind {
        FrameKind::LlmText
    }

    fn view(&self) -> Frame<'_> {
        panic!("the view panics")
    }
}

#[test]
fn a_panic_in_a_frame_ends_the_conversation() {
    let traced = per_conversation();
    let observer = observer();
    greet(&observer);
    push(&observer, &llm(), 7, &Broken);
    assert_eq!(conversations(&traced.spans()).len(), 1);
    drop(observer);
    assert_eq!(conversations(&traced.spans()).len(), 1);
}

#[test]
fn a_conversation_without_events_has_no_trace() {
    let traced = per_conversation();
    let observer = observer();
    push_to_sink(&observer, 1, &Frame::Start);
    push_to_sink(&observer, 2, &Frame::End);
    drop(observer);
    assert_eq!(traced.spans(), []);
}

#[test]
fn settings_after_a_preset_override_it() {
    let builder = PipecatInstrumentor::builder().preset(Preset::jaeger()).layout(TraceLayout::PerTurn);
    let traced = Traced::with(builder);
    greet(&observer());
    let spans = traced.spans();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["llm_openaillmservice", "turn-1"]);
}

#[test]
fn every_recording_is_one_trace_that_contains_its_turns() {
    for log in recordings() {
        let per_turn = replayed(&log, EmitSettings::default());
        let spans = replayed(&log, EmitSettings::default().layout(TraceLayout::PerConversation));
        assert_eq!(spans.len(), per_turn.len() + 1, "{}", log.display());

        let [conversation] = conversations(&spans)[..] else { panic!("{}: {spans:?}", log.display()) };
        assert_eq!(conversation.parent_span_id, SpanId::INVALID);
        for span in &spans {
            let is_within =
                span.start_time >= conversation.start_time && span.end_time <= conversation.end_time;
            assert!(is_within, "{}: {} lies outside", log.display(), span.name);
            assert_eq!(span.span_context.trace_id(), conversation.span_context.trace_id(), "{}", span.name);
        }
        for turn in spans.iter().filter(|span| span.name == "pipecat.conversation.turn") {
            assert_eq!(turn.parent_span_id, conversation.span_context.span_id(), "{}", log.display());
        }
    }
}

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("corpus").join("frames");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn replayed(log: &Path, settings: EmitSettings) -> Vec<SpanData> {
    let spans = InMemorySpanExporter::default();
    let provider = provider(&spans);
    let mut reader = FrameLogReader::open(log).unwrap();
    let config = reader.header().config(ConversationConfig::default());
    let mut emitter = Emitter::new(&Tracers::new(&provider), Arc::new(settings), Session::new("call-42"));
    replay(&mut reader, config, &mut emitter);
    emitter.finish();
    spans.get_finished_spans().unwrap()
}
