//! One conversation: frames in, spans out.
//!
//! ```text
//!             Cancel                     Cancel at the end of the pipeline, close
//!   Running ─────────▶ Cancelled ─────────────────────────────────────────────────▶ Closed
//!      │               (only metrics count)                                           ▲
//!      └──────────────────────────────────────────────────────────────────────────────┘
//!                 End or Stop at the end of the pipeline, close
//! ```
//!
//! `events` holds what each group of frames does, `spans` the spans while they are being gathered, `services`
//! the processors.

mod config;
mod dispatch;
mod events;
mod services;
mod spans;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

pub use config::{ConversationConfig, FrameSupport, Support};

use super::dedup::SeenFrames;
use super::frame::{Frame, FrameId, FrameKind, FramePushed, ProcessorRef, Role};
use super::record::{SpanKey, SpanSink, TurnNumber};
use super::time::Time;
use events::{EarlyTtfb, Given, Heard, LastContext, Playback, SpokenText, Voice};
use services::{ServiceIndex, Services};
use spans::operations::Work;
use spans::{Fault, Tool, Turn, Utterance};

/// Why a conversation is closed from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The task was dropped, or its log breaks off.
    Dropped,
    /// The process is shutting down in good order.
    Shutdown,
}

/// Whether a conversation still takes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// A cancel is on its way: only metrics count, on what was open when it came.
    Cancelled,
    Closed,
}

/// How the pipeline is told to end while its last frames still travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    NotYet,
    /// An `End` or `Stop` is on its way behind the speech.
    Requested,
}

/// Outgoing audio that was counted without being looked at one by one.
#[derive(Debug, Clone, Copy)]
pub struct AudioBatch<'a> {
    /// Which kind.
    pub kind: FrameKind,
    /// Who sent it.
    pub source: ProcessorRef<'a>,
    /// When the first of it was sent.
    pub first: Time,
    /// When the last of it was sent.
    pub last: Time,
    /// How long it all plays.
    pub duration: Duration,
}

/// Whether the conversation must see the next piece of outgoing audio at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AudioInterest {
    /// It must: it may be the first of a reply.
    #[default]
    Every,
    /// It may be counted, and told before the next event.
    Batched,
}

/// One conversation, as a pure function of what happens in it.
///
/// ```
/// use pipecat_instrument_runtime::engine::conversation::{CloseReason, Conversation, ConversationConfig};
/// use pipecat_instrument_runtime::engine::frame::{Direction, Frame, FrameId, FramePushed, ProcessorRef};
/// use pipecat_instrument_runtime::engine::record::SpanBuffer;
/// use pipecat_instrument_runtime::engine::time::Time;
///
/// let mut spans = SpanBuffer::default();
/// let mut conversation = Conversation::new(ConversationConfig::default());
/// for (id, frame) in [Frame::Start, Frame::BotStartedSpeaking, Frame::BotStoppedSpeaking].iter().enumerate() {
///     let hop = FramePushed {
///         source: ProcessorRef::named("Output"),
///         destination: ProcessorRef::named("Sink"),
///         direction: Direction::Downstream,
///         id: Some(FrameId(id as u64)),
///         sibling: None,
///         frame,
///     };
///     conversation.handle_input(Time::from_unix_nanos(id as u64 * 1_000_000), &hop, &mut spans);
/// }
/// conversation.close(Time::from_unix_nanos(9_000_000), CloseReason::Dropped, &mut spans);
/// assert_eq!(spans.ended.len(), 1, "one turn");
/// ```
pub struct Conversation {
    config: ConversationConfig,
    phase: Phase,
    ending: Ending,
    /// The newest moment that was told; time never steps back.
    now: Time,
    started: bool,
    seen: SeenFrames,
    contexts_seen: VecDeque<(FrameId, ServiceIndex)>,
    services: Services,
    next_key: u64,
    next_turn: u32,
    turn: Option<Turn>,
    /// Turns that have ended and whose spans are held for what may come late.
    held: VecDeque<Turn>,
    last_turn_end: Time,
    /// When the newest interruption frame came.
    last_interruption: Option<Time>,
    user_id: Option<Arc<str>>,
    voice: Voice,
    utterance: Option<Utterance>,
    /// Utterances that came in no turn: they are the next one's.
    carried: Vec<Utterance>,
    heard: Heard,
    playback: Playback,
    /// How many replies have been asked for, by contexts and speak frames.
    replies: u64,
    /// The newest reply was cut before it was all said: what is still synthesized for it is for nobody.
    reply_is_dead: bool,
    last_contexts: Vec<(ServiceIndex, LastContext)>,
    given: Option<Given>,
    /// What models that hear by themselves have heard, for calls that are still to come.
    heard_by_models: Vec<(ServiceIndex, String)>,
    early_ttfb: Option<EarlyTtfb>,
    pending_characters: Vec<(ServiceIndex, u64)>,
    pending_spoken: Vec<SpokenText>,
    /// The output transport has told what is spoken at least once.
    spoken_text_seen: bool,
    pending_faults: Vec<Fault>,
    /// What services that listen are at work on while there is no turn.
    early_operations: Vec<Work>,
}

/// One moment: when it is, and where spans go.
struct Moment<'s> {
    now: Time,
    spans: &'s mut dyn SpanSink,
}

impl Conversation {
    /// A conversation in which nothing has happened yet.
    pub fn new(config: ConversationConfig) -> Self {
        Self {
            config,
            phase: Phase::Running,
            ending: Ending::NotYet,
            now: Time::default(),
            started: false,
            seen: SeenFrames::default(),
            contexts_seen: VecDeque::new(),
            services: Services::default(),
            next_key: 0,
            next_turn: 1,
            turn: None,
            held: VecDeque::new(),
            last_turn_end: Time::default(),
            last_interruption: None,
            user_id: None,
            voice: Voice::default(),
            utterance: None,
            carried: Vec::new(),
            heard: Heard::default(),
            playback: Playback::default(),
            replies: 0,
            reply_is_dead: false,
            last_contexts: Vec::new(),
            given: None,
            heard_by_models: Vec::new(),
            early_ttfb: None,
            pending_characters: Vec::new(),
            pending_spoken: Vec::new(),
            spoken_text_seen: false,
            pending_faults: Vec::new(),
            early_operations: Vec::new(),
        }
    }

    /// One hop of one frame, at `now`.
    pub fn handle_input(&mut self, now: Time, hop: &FramePushed<'_>, spans: &mut dyn SpanSink) {
        self.handle_timeout(now, spans);
        let moment = &mut Moment { now: self.now, spans };
        match self.phase {
            Phase::Running => self.takes(hop, moment),
            Phase::Cancelled => self.takes_after_cancel(hop, moment),
            Phase::Closed => {}
        }
    }

    /// One hop of one frame, if what it does is the same whenever it comes: the next piece of an answer that is
    /// streaming. Says whether it was; else it is to be [handled](Self::handle_input), with the time.
    ///
    /// Such pieces are most of what comes, and asking a clock costs more than all else that is done with them.
    pub fn handle_untimed(&mut self, hop: &FramePushed<'_>) -> bool {
        match hop.frame {
            Frame::LlmText(chunk) if self.phase == Phase::Running => self.response_just_streams(hop, chunk),
            _ => false,
        }
    }

    /// Outgoing audio that was counted since the last event.
    pub fn handle_audio(&mut self, batch: &AudioBatch<'_>, spans: &mut dyn SpanSink) {
        self.handle_timeout(batch.first, spans);
        if self.phase == Phase::Running {
            let moment = &mut Moment { now: self.now, spans };
            self.audio_is_sent(batch, moment);
        }
    }

    /// Whether the next piece of outgoing audio must be told at once.
    pub fn audio_interest(&self) -> AudioInterest {
        if self.phase == Phase::Running && self.next_audio_says_something_new() {
            AudioInterest::Every
        } else {
            AudioInterest::Batched
        }
    }

    /// When something will be due though no frame comes; `None` if nothing will.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.next_due().map(|(at, _)| at)
    }

    /// Does what is due at `now`. Doing it late changes nothing: the deadline is the time that counts.
    pub fn handle_timeout(&mut self, now: Time, spans: &mut dyn SpanSink) {
        self.now = self.now.max(now);
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= self.now) {
            self.does(due, &mut Moment { now: at, spans });
        }
    }

    /// Ends what is still open. Nothing happens afterwards.
    pub fn close(&mut self, now: Time, why: CloseReason, spans: &mut dyn SpanSink) {
        self.handle_timeout(now, spans);
        let moment = &mut Moment { now: self.now, spans };
        // Where nobody is known as the pipeline's end, closing is the only way to see that an `End` was worked off.
        let was_worked_off = self.ending == Ending::Requested && !self.services.has(Role::Sink);
        if why == CloseReason::Shutdown || was_worked_off {
            self.pipeline_ends(moment);
        } else {
            self.is_cancelled(moment);
        }
        self.lets_go_of_all(moment);
    }

    /// Whether it is over, and all of its spans are out.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// The turn that is under way, if its span has begun.
    pub fn current_turn(&self) -> Option<(SpanKey, TurnNumber)> {
        self.turn.as_ref().filter(|turn| turn.has_begun()).map(|turn| (turn.key, turn.number))
    }

    /// Begins the span of the turn that is under way, if it has not: somebody does something in it that belongs there.
    pub fn begin_current_turn(&mut self, spans: &mut dyn SpanSink) -> Option<SpanKey> {
        let turn = self.turn.as_mut()?;
        turn.begin(spans);
        Some(turn.key)
    }

    /// The newest invocation of a language model that is under way in the current turn.
    pub fn current_llm_call(&self) -> Option<SpanKey> {
        let turn = self.turn.as_ref()?;
        let call = turn.calls.iter().rev().find(|call| call.is_under_way()).map(|call| call.key);
        call.or_else(|| turn.own_call())
    }

    /// The function call `tool_call_id`, if it is under way in the current turn.
    pub fn current_tool_call(&self, tool_call_id: &str) -> Option<SpanKey> {
        let is_it = |tool: &&Tool| tool.call_id == tool_call_id && tool.is_under_way();
        self.turn.as_ref()?.tools.iter().rev().find(is_it).map(|tool| tool.key)
    }
}

#[cfg(test)]
mod tests;
