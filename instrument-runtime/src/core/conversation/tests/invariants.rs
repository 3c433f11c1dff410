//! What holds whatever comes, in whatever order: not only plausible pipelines are made up here.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::core::conversation::{Announced, CloseReason, Conversation, ConversationConfig, Signals};
use crate::core::frame::{
    Audio, Chunking, Delivery, Direction, ErrorReport, Frame, FrameId, FramePushed, FunctionCall,
    FunctionCallResult, LlmUsage, Measurement, Metric, Processor, Role, Spacing, TextChunk, Transcript,
};
use crate::core::record::{GatheredSpans, SpanKind};
use crate::core::time::Time;

/// One hop of a made-up frame.
#[derive(Debug, Clone)]
struct Hop {
    after_millis: u64,
    source: usize,
    destination: usize,
    direction: Direction,
    id: Option<u64>,
    sibling: Option<u64>,
    what: usize,
    text: String,
    number: u64,
}

const ROLES: [Role; 9] = [
    Role::Stt,
    Role::Llm,
    Role::Llm,
    Role::Tts,
    Role::OutputTransport,
    Role::InputTransport,
    Role::Sink,
    Role::Other,
    Role::Unknown,
];

fn hops() -> impl Strategy<Value = Vec<Hop>> {
    let hop = (
        prop_oneof![5 => 0u64..50, 1 => 0u64..6_000],
        0..ROLES.len(),
        0..ROLES.len(),
        any::<bool>(),
        prop::option::weighted(0.95, 0u64..200),
        prop::option::weighted(0.2, 0u64..200),
        0usize..34,
        "[a-z ]{0,6}",
        0u64..5,
    )
        .prop_map(|(after_millis, source, destination, up, id, sibling, what, text, number)| Hop {
            after_millis,
            source,
            destination,
            direction: if up { Direction::Upstream } else { Direction::Downstream },
            id,
            sibling,
            what,
            text,
            number,
        });
    prop::collection::vec(hop, 0..120)
}

fn signals() -> impl Strategy<Value = Signals> {
    let announced = || prop::sample::select(vec![Announced::Yes, Announced::Maybe, Announced::Unreliable]);
    (announced(), announced(), announced()).prop_map(|(user_speech, bot_speech, spoken_text)| Signals {
        user_speech,
        bot_speech,
        spoken_text,
    })
}

/// Plays made-up hops to a conversation; closes it unless it ended by itself.
fn play(signals: Signals, hops: &[Hop]) -> GatheredSpans {
    let processors: Vec<Processor> = ROLES
        .iter()
        .enumerate()
        .map(|(index, &role)| Processor::new(format!("p{index}"), "P", role))
        .collect();
    let mut spans = GatheredSpans::default();
    let mut conversation = Conversation::new(ConversationConfig { signals, ..ConversationConfig::default() });
    let mut now = 1_000_000;
    for hop in hops {
        now += hop.after_millis * 1_000_000;
        with_frame(hop, &processors, |frame| {
            let pushed = FramePushed {
                source: (&processors[hop.source]).into(),
                destination: (&processors[hop.destination]).into(),
                direction: hop.direction,
                id: hop.id.map(FrameId),
                sibling: hop.sibling.map(FrameId),
                frame,
            };
            conversation.handle(Time::from_unix_nanos(now), &pushed, &mut spans);
        });
    }
    conversation.close(Time::from_unix_nanos(now), CloseReason::Dropped, &mut spans);
    assert!(conversation.is_closed());
    assert_eq!(conversation.deadline(), None, "nothing is due after the end");
    spans
}

fn with_frame(hop: &Hop, processors: &[Processor], push: impl FnOnce(&Frame<'_>)) {
    let text = hop.text.as_str();
    let id = ["a", "b", ""][usize::try_from(hop.number).unwrap_or(0) % 3];
    let chunking = [Chunking::Unknown, Chunking::Delta, Chunking::Cumulative, Chunking::Overlapping];
    let chunk = TextChunk {
        text,
        spacing: if hop.number.is_multiple_of(2) { Spacing::Included } else { Spacing::Between },
        chunking: chunking[usize::try_from(hop.number).unwrap_or(0) % 4],
        context_id: Some(id).filter(|id| !id.is_empty()),
        delivery: if hop.after_millis == 7 { Delivery::Silent } else { Delivery::Aloud },
    };
    let transcript = Transcript { text, user_id: Some("u"), language: None };
    let audio = Audio::pcm16(usize::try_from(hop.number).unwrap_or(0) * 16_000, 16_000, 1);
    let value = match hop.number {
        0 => Measurement::TimeToFirstByte(0.1),
        1 => Measurement::Processing(0.2),
        2 => Measurement::TtsCharacters(u64::MAX / 2),
        3 => Measurement::SttAudioSeconds(f64::NAN),
        _ => Measurement::LlmUsage(LlmUsage { prompt: u64::MAX, total: u64::MAX, ..LlmUsage::default() }),
    };
    let metrics = [Metric { processor: &processors[hop.source].name, model: None, value }];
    let call = FunctionCall { name: text, tool_call_id: id, arguments: None };
    let report = ErrorReport { message: text, fatal: hop.number == 0, ..ErrorReport::default() };
    let stopped = Frame::VadUserStoppedSpeaking {
        stop_secs: [Some(0.2), None, Some(-1.0), Some(f64::NAN), Some(1e300)]
            [usize::try_from(hop.number).unwrap_or(0)],
        transcript: (hop.number == 1).then_some(transcript),
    };
    let context_id = chunk.context_id;
    let context = super::support::Messages(vec![("user", hop.text.clone())]);
    let result = FunctionCallResult { name: text, tool_call_id: id, result: None, error: Some(text) };
    let frames = [
        Frame::Start,
        Frame::UserStartedSpeaking,
        Frame::UserStoppedSpeaking,
        Frame::VadUserStartedSpeaking,
        stopped,
        Frame::BotStartedSpeaking,
        Frame::BotStoppedSpeaking,
        Frame::Transcription(transcript),
        Frame::InterimTranscription(transcript),
        Frame::LlmContext(Some(&context)),
        Frame::LlmContext(None),
        Frame::LlmResponseStart,
        Frame::LlmText(chunk),
        Frame::LlmText(chunk),
        Frame::LlmResponseEnd,
        Frame::TtsSpeak(Some(text)),
        Frame::TtsSpeak(None),
        Frame::AggregatedText(chunk),
        Frame::TtsText(chunk),
        Frame::TtsStarted { context_id },
        Frame::TtsStopped { context_id },
        Frame::TtsAudio(audio),
        Frame::OutputAudio(audio),
        Frame::InputAudio(audio),
        Frame::Metrics(&metrics),
        Frame::FunctionCallInProgress(call),
        Frame::FunctionCallResult(result),
        Frame::FunctionCallCancel { tool_call_id: id },
        Frame::Error(report),
        Frame::Interruption,
        Frame::Other { class: "Odd" },
    ];
    // The ends of a conversation are rare, or nothing else would be seen.
    let frame = frames.get(hop.what).copied().unwrap_or(match (hop.what, hop.number) {
        (31, 0) => Frame::End,
        (32, 0) => Frame::Stop,
        (33, 0) => Frame::Cancel,
        _ => Frame::UserStartedSpeaking,
    });
    push(&frame);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_span_begins_once_ends_once_and_lies_within_its_turn(signals in signals(), hops in hops()) {
        let spans = play(signals, &hops);
        let starts: HashMap<_, _> = spans.started.iter().map(|start| (start.key, start)).collect();
        let ends: HashMap<_, _> = spans.ended.iter().map(|record| (record.key, record)).collect();
        prop_assert_eq!(starts.len(), spans.started.len(), "a key is used once");
        prop_assert_eq!(ends.len(), spans.ended.len(), "a span ends once");
        prop_assert_eq!(starts.len(), ends.len(), "what begins ends");
        for record in &spans.ended {
            let start = starts[&record.key];
            prop_assert!(record.end >= record.start);
            prop_assert!(record.events.iter().all(|event| event.at >= record.start && event.at <= record.end));
            let Some(parent) = start.parent else {
                prop_assert_eq!(start.kind, SpanKind::Turn);
                continue;
            };
            let turn = spans.started.iter().find(|turn| turn.kind == SpanKind::Turn && turn.turn == start.turn);
            let turn = ends[&turn.expect("a span has a turn").key];
            prop_assert!(record.start >= turn.start && record.end <= turn.end, "{:?} outside {:?}", record, turn);
            prop_assert_eq!(starts[&parent].turn, start.turn, "a parent is of the same turn");
        }
        let turns: Vec<_> = spans.started.iter().filter(|start| start.kind == SpanKind::Turn).collect();
        for pair in turns.windows(2) {
            prop_assert!(pair[0].turn < pair[1].turn, "turns are numbered upwards");
            prop_assert!(ends[&pair[0].key].end <= ends[&pair[1].key].start, "and do not overlap");
        }
    }

    #[test]
    fn the_same_frames_give_the_same_spans(signals in signals(), hops in hops()) {
        let (one, two) = (play(signals, &hops), play(signals, &hops));
        // NaN is not equal to itself, but reads the same.
        prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }
}
