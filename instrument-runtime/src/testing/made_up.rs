//! Made-up pipelines: hops in any order, not only plausible ones, and what must hold whatever comes.
//!
//! ```
//! use pipecat_instrument_runtime::core::conversation::Signals;
//! use pipecat_instrument_runtime::testing::made_up::{Hop, check, play};
//!
//! let hops = Hop::from_bytes(b"whatever bytes a fuzzer comes up with, fourteen of them a hop");
//! check(&play(Signals::default(), &hops));
//! ```

use std::collections::{HashMap, HashSet};

use crate::core::conversation::{CloseReason, Conversation, ConversationConfig, Signals};
use crate::core::frame::{
    Audio, ChatContext, Chunking, Delivery, Direction, ErrorReport, Frame, FrameId, FramePushed,
    FunctionCall, FunctionCallResult, LlmUsage, Measurement, Message, Metric, Processor, Role, Spacing,
    TextChunk, Transcript,
};
use crate::core::record::{GatheredSpans, SpanKind};
use crate::core::time::Time;

/// One hop of a made-up frame. Numbers that are too large for what they choose from are taken modulo.
#[derive(Debug, Clone)]
pub struct Hop {
    /// How long after the hop before it, in milliseconds.
    pub after_millis: u64,
    /// Which processor pushes it.
    pub source: usize,
    /// Which processor gets it.
    pub destination: usize,
    /// Which way.
    pub direction: Direction,
    /// The frame's id, if it has one.
    pub id: Option<u64>,
    /// The id of its sibling, if it has one.
    pub sibling: Option<u64>,
    /// Which frame.
    pub what: usize,
    /// Text for frames that carry some.
    pub text: String,
    /// A number for frames that carry some choice.
    pub number: u64,
}

/// How many bytes a hop is made of.
const BYTES: usize = 14;

impl Hop {
    /// Hops made of bytes, as many as there are bytes for.
    pub fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        bytes.chunks_exact(BYTES).map(Self::of).collect()
    }

    fn of(bytes: &[u8]) -> Self {
        let number = |at: usize| u64::from(bytes[at]);
        let pause = if bytes[1] < 240 { number(0) / 8 } else { number(0) * 25 };
        Self {
            after_millis: pause,
            source: usize::from(bytes[2]),
            destination: usize::from(bytes[3]),
            direction: if bytes[4].is_multiple_of(2) { Direction::Downstream } else { Direction::Upstream },
            id: (bytes[5] > 8).then(|| number(6)),
            sibling: (bytes[7] > 200).then(|| number(8)),
            what: usize::from(bytes[9]),
            text: String::from_utf8_lossy(&bytes[10..12]).into_owned(),
            number: number(12),
        }
    }
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

/// Plays made-up hops to a conversation; closes it unless it ended by itself.
///
/// # Panics
///
/// If something is still due after the end.
pub fn play(signals: Signals, hops: &[Hop]) -> GatheredSpans {
    play_by(signals, hops, |conversation, now, hop, spans| conversation.handle(now, hop, spans))
}

/// The same, as an observer does: what can be done without a lock or a clock is.
///
/// # Panics
///
/// If something is still due after the end.
pub fn play_as_observed(signals: Signals, hops: &[Hop]) -> GatheredSpans {
    let mut known = HashSet::new();
    play_by(signals, hops, |conversation, now, hop, spans| {
        let id = hop.id.filter(|_| hop.frame.kind().says_all_at_once());
        if id.is_none_or(|id| known.insert(id)) && !conversation.handle_at_any_time(hop) {
            conversation.handle(now, hop, spans);
        }
    })
}

fn play_by(
    signals: Signals,
    hops: &[Hop],
    mut handle: impl FnMut(&mut Conversation, Time, &FramePushed<'_>, &mut GatheredSpans),
) -> GatheredSpans {
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
                source: (&processors[hop.source % ROLES.len()]).into(),
                destination: (&processors[hop.destination % ROLES.len()]).into(),
                direction: hop.direction,
                id: hop.id.map(FrameId),
                sibling: hop.sibling.map(FrameId),
                frame,
            };
            handle(&mut conversation, Time::from_unix_nanos(now), &pushed, &mut spans);
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
    let value = match hop.number % 5 {
        0 => Measurement::TimeToFirstByte(0.1),
        1 => Measurement::Processing(0.2),
        2 => Measurement::TtsCharacters(u64::MAX / 2),
        3 => Measurement::SttAudioSeconds(f64::NAN),
        _ => Measurement::LlmUsage(LlmUsage { prompt: u64::MAX, total: u64::MAX, ..LlmUsage::default() }),
    };
    let metrics = [Metric { processor: &processors[hop.source % ROLES.len()].name, model: None, value }];
    let call = FunctionCall { name: text, tool_call_id: id, arguments: None };
    let report = ErrorReport { message: text, fatal: hop.number == 0, ..ErrorReport::default() };
    let stopped = Frame::VadUserStoppedSpeaking {
        stop_secs: [Some(0.2), None, Some(-1.0), Some(f64::NAN), Some(1e300)]
            [usize::try_from(hop.number).unwrap_or(0) % 5],
        transcript: (hop.number == 1).then_some(transcript),
    };
    let context_id = chunk.context_id;
    let context = Asked(text);
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
    let what = hop.what % (frames.len() + 3);
    let frame = frames.get(what).copied().unwrap_or_else(|| match (what - frames.len(), hop.number) {
        (0, 0) => Frame::End,
        (1, 0) => Frame::Stop,
        (2, 0) => Frame::Cancel,
        _ => Frame::UserStartedSpeaking,
    });
    push(&frame);
}

/// Holds what must always hold of the spans of a conversation.
///
/// # Panics
///
/// If it does not hold: every span begins once and ends once, with its events between, within its turn, under a span of
/// the same turn; turns are numbered upwards and do not overlap.
pub fn check(spans: &GatheredSpans) {
    let starts: HashMap<_, _> = spans.started.iter().map(|start| (start.key, start)).collect();
    let ends: HashMap<_, _> = spans.ended.iter().map(|record| (record.key, record)).collect();
    assert_eq!(starts.len(), spans.started.len(), "a key is used once");
    assert_eq!(ends.len(), spans.ended.len(), "a span ends once");
    assert_eq!(starts.len(), ends.len(), "what begins ends");
    let turns: Vec<_> = spans.started.iter().filter(|start| start.kind == SpanKind::Turn).collect();
    for record in &spans.ended {
        let start = starts[&record.key];
        assert!(record.end >= record.start);
        assert!(record.events.iter().all(|event| event.at >= record.start && event.at <= record.end));
        let Some(parent) = start.parent else {
            assert_eq!(start.kind, SpanKind::Turn);
            continue;
        };
        assert_eq!(starts[&parent].turn, start.turn, "a parent is of the same turn");
        let turn = turns.iter().find(|turn| turn.turn == start.turn).map(|turn| ends[&turn.key]);
        assert!(
            turn.is_some_and(|turn| record.start >= turn.start && record.end <= turn.end),
            "{record:?} outside {turn:?}"
        );
    }
    for pair in turns.windows(2) {
        assert!(pair[0].turn < pair[1].turn, "turns are numbered upwards");
        assert!(ends[&pair[0].key].end <= ends[&pair[1].key].start, "and do not overlap");
    }
}

struct Asked<'a>(&'a str);

impl ChatContext for Asked<'_> {
    fn message_count(&self) -> usize {
        1
    }

    fn role(&self, _: usize) -> &'static str {
        "user"
    }

    fn message(&self, _: usize) -> Message {
        Message::text("user", self.0)
    }

    fn tool_count(&self) -> usize {
        0
    }

    fn tool(&self, _: usize) -> String {
        String::new()
    }
}
