//! Memory limits: turns that the sampler dropped, and turns that never end.

use std::cell::Cell;

use super::super::{Conversation, ConversationConfig};
use super::support::{LLM, Pipeline};
use crate::engine::frame::{
    ChatContext, Direction, Frame, FrameId, FramePushed, Message, Processor, ProcessorRef, Role, TextChunk,
};
use crate::engine::record::{Recording, SpanDetails, SpanKind, SpanRecord, SpanSink, SpanStart};
use crate::engine::time::Time;

/// A sampler that drops every turn.
#[derive(Default)]
struct Dropped {
    started: Vec<SpanKind>,
    ended: Vec<SpanRecord>,
}

impl SpanSink for Dropped {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.started.push(start.kind);
        Recording::No
    }

    fn end(&mut self, record: SpanRecord) {
        self.ended.push(record);
    }
}

/// A context that counts how often its messages are copied.
#[derive(Default)]
struct Counted(Cell<u32>);

impl ChatContext for Counted {
    fn message_count(&self) -> usize {
        200
    }

    fn role(&self, index: usize) -> &'static str {
        if index == 199 { "user" } else { "assistant" }
    }

    fn message(&self, _: usize) -> Message {
        self.0.set(self.0.get() + 1);
        Message::text("user", "Hello.")
    }

    fn tool_count(&self) -> usize {
        0
    }

    fn tool(&self, _: usize) -> String {
        String::new()
    }
}

#[test]
fn dropped_turn_gathers_nothing() {
    let llm = Processor::new(LLM, LLM, Role::Llm);
    let context = Counted::default();
    let mut spans = Dropped::default();
    let mut conversation = Conversation::new(ConversationConfig::default());
    let frames = [
        Frame::LlmContext(Some(&context)),
        Frame::LlmResponseStart,
        Frame::LlmText(TextChunk::new("Hi.")),
        Frame::LlmResponseEnd,
        Frame::BotStartedSpeaking,
        Frame::BotStoppedSpeaking,
        Frame::UserStartedSpeaking,
    ];
    for (id, frame) in frames.iter().enumerate() {
        let hop = FramePushed {
            source: (&llm).into(),
            destination: ProcessorRef::from(&llm),
            direction: Direction::Downstream,
            id: Some(FrameId(id as u64)),
            sibling: None,
            frame,
        };
        conversation.handle_input(Time::from_unix_nanos(id as u64 * 1_000_000), &hop, &mut spans);
    }
    conversation.handle_timeout(Time::from_unix_nanos(60_000_000_000), &mut spans);
    assert_eq!(context.0.get(), 1, "only what the user asked is read: it may begin a turn");
    assert_eq!(spans.started, [SpanKind::Turn], "its children agree");
    assert_eq!(spans.ended.len(), 1);
    assert!(matches!(&spans.ended[0].details, SpanDetails::Turn(turn) if turn.output.is_none()));
}

#[test]
fn endless_turn_writes_its_oldest_spans_early() {
    let mut pipeline = Pipeline::new();
    for round in 0..1_000 {
        pipeline.at(1_000 + round).asks("Again?").answers("Yes.");
    }
    let let_go = pipeline.spans.ended.len();
    assert!(let_go > 700, "{let_go} of 1000 are out, while the turn goes on");
    pipeline.at(9_000).ends();
    assert_eq!(pipeline.spans.ended.len(), 1_001);
    assert_eq!(pipeline.spans.started.len(), 1_001);
}
