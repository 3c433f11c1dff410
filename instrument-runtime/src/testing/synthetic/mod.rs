//! Made-up pipelines: hops in any order, not only plausible ones, and what must hold whatever comes.
//!
//! ```
//! use pipecat_instrument_runtime::engine::conversation::FrameSupport;
//! use pipecat_instrument_runtime::testing::synthetic::{SyntheticHop, check, play};
//!
//! let hops = SyntheticHop::from_bytes(b"whatever bytes a fuzzer comes up with, fourteen of them a hop");
//! check(&play(FrameSupport::default(), &hops));
//! ```

#[cfg(test)]
pub(crate) mod arbitrary;
mod check;
mod frames;

use std::collections::HashSet;

use crate::engine::conversation::{CloseReason, Conversation, ConversationConfig, FrameSupport, Support};
use crate::engine::frame::{Direction, FrameId, FramePushed, Processor, Role};
use crate::engine::record::{SpanBuffer, SpanSink};
use crate::engine::time::Time;

pub use self::check::check;
use self::frames::with_frame;

/// What hide_content that is said in a made-up pipeline begins with, so that it is seen where it leaves. Nothing else
/// holds it: it takes three bytes, and names are made of two.
pub const CONTENT_MARK: char = '⟪';

/// One hop of a made-up frame. Numbers that are too large for what they choose from are taken modulo.
#[derive(Debug, Clone)]
pub struct SyntheticHop {
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

impl SyntheticHop {
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

/// What a made-up pipeline announces, chosen by a fuzzer's byte.
pub fn frame_support(byte: u8) -> FrameSupport {
    let choice =
        |part: u8| [Support::Native, Support::Inferred, Support::Unreliable][usize::from(byte / part % 3)];
    FrameSupport { user_speech: choice(1), bot_speech: choice(3), spoken_text: choice(9) }
}

/// Plays made-up hops to a conversation; closes it unless it ended by itself.
///
/// # Panics
///
/// If something is still due after the end.
pub fn play(signals: FrameSupport, hops: &[SyntheticHop]) -> SpanBuffer {
    let mut spans = SpanBuffer::default();
    play_to(signals, hops, &mut spans);
    spans
}

/// The same, with the spans going to `spans`.
///
/// # Panics
///
/// If something is still due after the end.
pub fn play_to(signals: FrameSupport, hops: &[SyntheticHop], spans: &mut dyn SpanSink) {
    play_by(signals, hops, spans, |conversation, now, hop, spans| conversation.handle_input(now, hop, spans));
}

/// The same, as an observer does: what can be done without a lock or a clock is.
///
/// # Panics
///
/// If something is still due after the end.
pub fn play_as_observed(signals: FrameSupport, hops: &[SyntheticHop]) -> SpanBuffer {
    let (mut known, mut spans) = (HashSet::new(), SpanBuffer::default());
    play_by(signals, hops, &mut spans, |conversation, now, hop, spans| {
        let id = hop.id.filter(|_| hop.frame.kind().is_hop_invariant());
        if id.is_none_or(|id| known.insert(id)) && !conversation.handle_untimed(hop) {
            conversation.handle_input(now, hop, spans);
        }
    });
    spans
}

fn play_by(
    signals: FrameSupport,
    hops: &[SyntheticHop],
    spans: &mut dyn SpanSink,
    mut handle: impl FnMut(&mut Conversation, Time, &FramePushed<'_>, &mut dyn SpanSink),
) {
    let processors: Vec<Processor> = ROLES
        .iter()
        .enumerate()
        .map(|(index, &role)| Processor::new(format!("p{index}"), "P", role))
        .collect();
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
            handle(&mut conversation, Time::from_unix_nanos(now), &pushed, spans);
        });
    }
    conversation.close(Time::from_unix_nanos(now), CloseReason::Dropped, spans);
    assert!(conversation.is_closed());
    assert_eq!(conversation.poll_timeout(), None, "nothing is due after the end");
}
