//! The spans that code inside a conversation refers to.

use super::support::{LLM, OUT, Pipeline};
use super::tree::assert_tree;
use crate::engine::conversation::{CloseReason, Conversation, ConversationConfig, FrameSupport};
use crate::engine::frame::{
    Direction, Frame, FrameId, FramePushed, LlmUsage, Measurement, Message, Metric, Processor, ProcessorRef,
    Role,
};
use crate::engine::record::{
    LlmRecord, LlmRequest, Recording, SpanBuffer, SpanDetails, SpanRecord, SpanSink, SpanStart,
};
use crate::engine::time::Time;

#[test]
fn referenced_silent_turn_is_exported() {
    let mut pipeline = Pipeline::new();
    assert_eq!(pipeline.conversation.current_turn(), None);
    let turn = pipeline.conversation.begin_current_turn(&mut pipeline.spans);
    assert_eq!(turn, pipeline.conversation.current_turn().map(|(key, _)| key));
    assert_eq!(pipeline.conversation.begin_current_turn(&mut pipeline.spans), turn, "it begins once");
    pipeline.at(500).ends();
    assert_tree(&pipeline, "turn 1 0..500 ended - -");
}

#[test]
fn no_current_turn_between_turns() {
    let mut pipeline = Pipeline::new();
    pipeline.at(100).bot_starts().at(200).bot_stops();
    pipeline.conversation.handle_timeout(Time::from_unix_nanos(9_000_000_000), &mut pipeline.spans);
    assert_eq!(pipeline.conversation.begin_current_turn(&mut pipeline.spans), None);
}

#[test]
fn latest_running_llm_call_is_current() {
    let mut pipeline = Pipeline::of(
        FrameSupport::default(),
        &[(LLM, Role::Llm), ("Judge", Role::Llm), (OUT, Role::OutputTransport)],
    );
    pipeline.push(LLM, &Frame::LlmResponseStart);
    let first = pipeline.conversation.current_llm_call();
    pipeline.push("Judge", &Frame::LlmResponseStart);
    let second = pipeline.conversation.current_llm_call();
    assert!(first.is_some() && second.is_some() && first != second);
    pipeline.push("Judge", &Frame::LlmResponseEnd);
    assert_eq!(pipeline.conversation.current_llm_call(), first);
    pipeline.push(LLM, &Frame::LlmResponseEnd);
    assert_eq!(pipeline.conversation.current_llm_call(), None);
}

/// A sink that needs numbers, but no texts.
#[derive(Default)]
struct Counter(SpanBuffer);

impl SpanSink for Counter {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.0.start(start);
        Recording::MetricsOnly
    }

    fn end(&mut self, record: SpanRecord) {
        self.0.end(record);
    }
}

#[test]
fn metrics_only_recording_copies_no_messages() {
    let mut spans = Counter::default();
    let mut conversation = Conversation::new(ConversationConfig::default());
    let llm = Processor::new(LLM, LLM, Role::Llm);
    let messages = vec![Message::text("user", "Hello.")];
    let usage = LlmUsage { prompt: 3, completion: 4, total: 7, ..LlmUsage::default() };
    let metrics = [Metric { processor: LLM, model: None, value: Measurement::LlmUsage(usage) }];
    let context = Frame::LlmContext(Some(&messages));
    let frames = [Frame::Start, context, Frame::Metrics(&metrics)];
    for (id, frame) in frames.iter().enumerate() {
        let hop = FramePushed {
            source: if id < 2 { ProcessorRef::named("User") } else { (&llm).into() },
            destination: (&llm).into(),
            direction: Direction::Downstream,
            id: Some(FrameId(id as u64)),
            sibling: None,
            frame,
        };
        conversation.handle_input(Time::from_unix_nanos(id as u64), &hop, &mut spans);
        conversation.begin_current_turn(&mut spans);
    }
    conversation.close(Time::from_unix_nanos(9), CloseReason::Dropped, &mut spans);

    let calls = spans.0.ended.iter().filter_map(|record| match &record.details {
        SpanDetails::Llm(llm) => Some(&**llm),
        _ => None,
    });
    let [LlmRecord { request, usage: counted, .. }] = calls.collect::<Vec<_>>()[..] else {
        panic!("one call")
    };
    assert_eq!((request, counted), (&LlmRequest::default(), &Some(usage)));
}
