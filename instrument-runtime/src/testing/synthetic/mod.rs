//! Synthetic conversations: hops in any order, plausible or not, and the invariants of their span records.
//!
//! ```
//! use pipecat_instrument_runtime::engine::conversation::FrameSupport;
//! use pipecat_instrument_runtime::testing::synthetic::{SyntheticHop, check, play};
//!
//! let hops = SyntheticHop::from_bytes(b"any bytes that a fuzzer generates, fourteen of them per hop");
//! check(&play(FrameSupport::default(), &hops));
//! ```

#[cfg(test)]
pub(crate) mod arbitrary;
mod frames;

use std::collections::{HashMap, HashSet};

use crate::engine::conversation::{CloseReason, Conversation, ConversationConfig, FrameSupport, Support};
use crate::engine::frame::{Direction, FrameId, FrameKind, FramePushed, Processor, Role};
use crate::engine::record::{SpanBuffer, SpanKind, SpanSink};
use crate::engine::time::Time;

use self::frames::{pick_kind, with_frame};

/// The first character of all content in synthetic frames, for finding content in exported spans. The mark takes three
/// bytes, and names have two bytes, so no name contains it.
pub const CONTENT_MARK: char = '⟪';

/// A hop of a synthetic frame. Indices beyond the end are taken modulo.
#[derive(Debug, Clone)]
pub struct SyntheticHop {
    /// Milliseconds since the hop before.
    pub after_millis: u64,
    /// Index of the processor that pushes.
    pub source: usize,
    /// Index of the processor that receives.
    pub destination: usize,
    /// The direction.
    pub direction: Direction,
    /// The id of the frame.
    pub id: Option<u64>,
    /// The id of the other frame of a broadcast.
    pub sibling: Option<u64>,
    /// The kind of the frame.
    pub kind: FrameKind,
    /// Text for names and content.
    pub text: String,
    /// Picks the other values of the frame.
    pub number: usize,
}

/// Number of bytes per hop.
const BYTES: usize = 14;

impl SyntheticHop {
    /// Creates hops from bytes, one per fourteen.
    pub fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        bytes.chunks_exact(BYTES).map(Self::from_chunk).collect()
    }

    fn from_chunk(bytes: &[u8]) -> Self {
        let byte = |index: usize| u64::from(bytes[index]);
        let number = usize::from(u16::from_le_bytes([bytes[12], bytes[13]]));
        Self {
            after_millis: if bytes[1] < 240 { byte(0) / 8 } else { byte(0) * 25 },
            source: usize::from(bytes[2]),
            destination: usize::from(bytes[3]),
            direction: if bytes[4].is_multiple_of(2) { Direction::Downstream } else { Direction::Upstream },
            id: (bytes[5] > 8).then(|| byte(6)),
            sibling: (bytes[7] > 200).then(|| byte(8)),
            kind: pick_kind(usize::from(bytes[9]), number),
            text: String::from_utf8_lossy(&bytes[10..12]).into_owned(),
            number,
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

/// Chooses the frame support of a pipeline by a fuzzer's byte.
pub fn frame_support(byte: u8) -> FrameSupport {
    let pick = |divisor: u8| {
        [Support::Native, Support::Inferred, Support::Unreliable][usize::from(byte / divisor % 3)]
    };
    FrameSupport { user_speech: pick(1), bot_speech: pick(3), spoken_text: pick(9) }
}

/// Plays hops to a conversation, closes it, and returns its spans.
///
/// # Panics
///
/// Panics if the conversation waits for a timeout after its end.
pub fn play(support: FrameSupport, hops: &[SyntheticHop]) -> SpanBuffer {
    let mut spans = SpanBuffer::default();
    play_to(support, hops, &mut spans);
    spans
}

/// Plays hops to a conversation whose spans go to `spans`, and closes it.
///
/// # Panics
///
/// Panics if the conversation waits for a timeout after its end.
pub fn play_to(support: FrameSupport, hops: &[SyntheticHop], spans: &mut dyn SpanSink) {
    play_with(support, hops, spans, |conversation, now, hop, spans| {
        conversation.handle_input(now, hop, spans);
    });
}

/// Plays hops as an observer does, with its shortcuts for frames that need no lock or clock.
///
/// # Panics
///
/// Panics if the conversation waits for a timeout after its end.
pub fn play_as_observed(support: FrameSupport, hops: &[SyntheticHop]) -> SpanBuffer {
    let (mut seen, mut spans) = (HashSet::new(), SpanBuffer::default());
    play_with(support, hops, &mut spans, |conversation, now, hop, spans| {
        let kind = hop.frame.kind();
        let id = hop.id.filter(|_| kind.is_hop_invariant());
        let is_kept_back = kind.is_outgoing_audio() && hop.source.role() == Role::OutputTransport;
        let is_passed_on = kind.is_traced() && !is_kept_back && id.is_none_or(|id| seen.insert(id));
        if is_passed_on && !conversation.handle_untimed(hop) {
            conversation.handle_input(now, hop, spans);
        }
    });
    spans
}

fn play_with(
    support: FrameSupport,
    hops: &[SyntheticHop],
    spans: &mut dyn SpanSink,
    mut handle: impl FnMut(&mut Conversation, Time, &FramePushed<'_>, &mut dyn SpanSink),
) {
    let processors: Vec<Processor> = ROLES
        .iter()
        .enumerate()
        .map(|(index, &role)| Processor::new(format!("p{index}"), "P", role))
        .collect();
    let config = ConversationConfig { frame_support: support, ..ConversationConfig::default() };
    let mut conversation = Conversation::new(config);
    let mut now = 1_000_000;
    for hop in hops {
        now += hop.after_millis * 1_000_000;
        let source = &processors[hop.source % ROLES.len()];
        with_frame(hop, &source.name, |frame| {
            let pushed = FramePushed {
                source: source.into(),
                destination: (&processors[hop.destination % ROLES.len()]).into(),
                direction: hop.direction,
                id: hop.id.map(FrameId),
                sibling: hop.sibling.map(FrameId),
                frame,
            };
            handle(&mut conversation, Time::from_unix_nanos(now), &pushed, spans);
        });
    }
    conversation.close(Time::from_unix_nanos(now), CloseReason::Dropped, spans);
    assert!(conversation.is_closed());
    assert_eq!(conversation.poll_timeout(), None, "a timeout after the end");
}

/// Checks the invariants of the span records of a conversation.
///
/// # Panics
///
/// Panics unless every span starts and ends once, with its events in between, within its turn and with a parent in the same
/// turn, and turns have rising numbers and overlap only if a span of the earlier one started late.
pub fn check(spans: &SpanBuffer) {
    let starts: HashMap<_, _> = spans.started.iter().map(|start| (start.key, start)).collect();
    let ends: HashMap<_, _> = spans.ended.iter().map(|record| (record.key, record)).collect();
    assert_eq!(starts.len(), spans.started.len(), "a key was used twice");
    assert_eq!(ends.len(), spans.ended.len(), "a span ended twice");
    assert_eq!(starts.len(), ends.len(), "not every span ended");
    let turns: Vec<_> = spans.started.iter().filter(|start| start.kind == SpanKind::Turn).collect();
    for record in &spans.ended {
        let start = starts[&record.key];
        assert_eq!(record.start, start.at, "{record:?} has another start");
        assert!(record.end >= record.start);
        assert!(record.events.iter().all(|event| event.at >= record.start && event.at <= record.end));
        let Some(parent) = start.parent else {
            assert_eq!(start.kind, SpanKind::Turn);
            continue;
        };
        assert_eq!(starts[&parent].turn, start.turn, "the parent is in another turn");
        let turn = turns.iter().find(|turn| turn.turn == start.turn).map(|turn| ends[&turn.key]);
        assert!(
            turn.is_some_and(|turn| record.start >= turn.start && record.end <= turn.end),
            "{record:?} is outside {turn:?}"
        );
    }
    for pair in turns.windows(2) {
        assert!(pair[0].turn < pair[1].turn, "turns have rising numbers");
        let of_turn = spans.started.iter().filter(|start| start.turn == pair[0].turn);
        let last_start = of_turn.map(|start| start.at).max();
        let overlaps = ends[&pair[0].key].end > pair[1].at;
        let is_late = Some(ends[&pair[0].key].end) == last_start;
        assert!(!overlaps || is_late, "turns overlap without a late span");
    }
}
