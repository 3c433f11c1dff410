//! One conversation: frames in, spans out.
//!
//! ```text
//!             Cancel                     Cancel at the sink, close
//!   Running ─────────▶ Cancelled ─────────────────────────────────▶ Closed
//!      │               (only metrics count)                           ▲
//!      └──────────────────────────────────────────────────────────────┘
//!                 End or Stop at the sink, close
//! ```
//!
//! Each subject has a tracker: a struct whose fields only its own event methods change. `dispatch` routes a frame to
//! the tracker that it concerns. The tracker returns the consequences for other trackers as `Effect`s, and `dispatch`
//! applies them.
//!
//! | module | subject |
//! |---|---|
//! | `dispatch` | frames to trackers, and effects of one tracker to the others |
//! | `turns` | start, end and timeout of a turn; its input, spoken output and latency |
//! | `stt` | the user's voice, announcements and transcripts; utterances |
//! | `llm` | requests to language models and their responses |
//! | `tts` | replies, their synthesis and its usage; `tts.interrupted` |
//! | `tools` | tool calls |
//! | `playback` | the audible part of the bot's speech |
//! | `operations` | work that traced functions report |
//! | `release` | the spans of an ended turn as records |
//! | `span`, `turn_scope` | the fields that all spans share, and the turn that they start in |
//! | `processors` | services and transports, with their observed capabilities |
//!
//! The rules are those of
//! [`docs/spans.md`](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md).

mod config;
mod dispatch;
mod effect;
mod llm;
mod operations;
mod playback;
mod processors;
mod release;
mod span;
mod stt;
mod tools;
mod tts;
mod turn_scope;
mod turns;

use std::time::Duration;

pub use config::{ConversationConfig, FrameSupport, Support};
pub use llm::{ContextCopy, ContextDemand};

use super::dedup::SeenFrames;
use super::frame::{Frame, FrameKind, FramePushed, ProcessorRef, Role};
use super::record::{EndReason, Recording, SpanKey, SpanSink, TurnNumber};
use super::time::Time;
use effect::Moment;
use llm::{ContextSource, LlmCalls};
use operations::Operations;
use playback::Playback;
use processors::Processors;
use span::SpanKeys;
use stt::UserSpeech;
use tools::ToolCalls;
use tts::Syntheses;
use turns::Turns;

/// Why a conversation is closed from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The task was dropped, or its frame log breaks off.
    Dropped,
    /// The process is shutting down in good order.
    Shutdown,
}

/// Whether a conversation still accepts events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// A Cancel is on its way to the sink: only metrics count, on spans that were open when it came.
    Cancelled,
    Closed,
}

/// Whether the start of the pipeline was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    NotSeen,
    Seen,
    /// The conversation had begun when its observer was added, and the first turn's span says so.
    ReportedMissed,
}

/// Whether the pipeline was asked to end. Its last frames may still be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    NotRequested,
    /// An `End` or `Stop` follows the speech through the pipeline.
    Requested,
}

/// Something that happens without a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timeout {
    /// All audio sent so far has been played.
    Playback,
    /// The bot has been silent for long enough.
    Turn {
        /// When the bot was done.
        done_at: Time,
    },
    /// The oldest ended turn has waited long enough for late events.
    Release,
}

/// Consecutive pieces of outgoing audio, counted without passing each to the conversation.
#[derive(Debug, Clone, Copy)]
pub struct AudioBatch<'a> {
    /// The kind of frame.
    pub kind: FrameKind,
    /// The processor that sent the audio.
    pub source: ProcessorRef<'a>,
    /// When the first piece was sent.
    pub first: Time,
    /// When the last piece was sent.
    pub last: Time,
    /// The playing time of all pieces.
    pub duration: Duration,
}

/// Whether the conversation must receive the next piece of outgoing audio at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AudioInterest {
    /// Yes: the piece may be the first of a reply.
    #[default]
    Every,
    /// No: the piece may be counted, and passed on in a [batch](AudioBatch) before the next event.
    Batched,
}

/// One conversation: a pure function from frames and times to spans.
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
    /// The latest time of any event. Time never goes back.
    now: Time,
    beginning: Beginning,
    seen: SeenFrames,
    keys: SpanKeys,
    processors: Processors,
    turns: Turns,
    stt: UserSpeech,
    llm: LlmCalls,
    tts: Syntheses,
    tools: ToolCalls,
    playback: Playback,
    operations: Operations,
}

impl Conversation {
    /// Creates a conversation in which nothing has happened yet.
    pub fn new(config: ConversationConfig) -> Self {
        Self {
            phase: Phase::Running,
            ending: Ending::NotRequested,
            now: Time::default(),
            beginning: Beginning::NotSeen,
            seen: SeenFrames::default(),
            keys: SpanKeys::default(),
            processors: Processors::default(),
            turns: Turns::new(config.turn_end_timeout),
            stt: UserSpeech::new(config.frame_support.user_speech),
            llm: LlmCalls::default(),
            tts: Syntheses::default(),
            tools: ToolCalls::default(),
            playback: Playback::new(config.frame_support),
            operations: Operations::default(),
            config,
        }
    }

    /// Returns the settings.
    pub(crate) const fn config(&self) -> &ConversationConfig {
        &self.config
    }

    /// Handles one hop of one frame, at `now`.
    pub fn handle_input(&mut self, now: Time, hop: &FramePushed<'_>, sink: &mut dyn SpanSink) {
        self.handle_timeout(now, sink);
        let moment = &mut Moment { now: self.now, sink };
        match self.phase {
            Phase::Running => self.on_frame(hop, moment),
            Phase::Cancelled => self.on_frame_after_cancel(hop, moment),
            Phase::Closed => {}
        }
    }

    /// Returns how much of the context of `hop` the conversation needs.
    ///
    /// A host that shares the conversation between threads should [copy](ContextCopy::new) that much without holding its
    /// lock, as the methods of a context are code of the program, and then call [`handle_context`](Self::handle_context).
    pub fn context_demand(&self, now: Time, hop: &FramePushed<'_>) -> ContextDemand {
        self.demand_of_context(now, hop)
    }

    /// Handles one hop of a context, at `now`, in place of [`handle_input`](Self::handle_input). Reads `copy`, and not
    /// the frame.
    pub fn handle_context(
        &mut self,
        now: Time,
        hop: &FramePushed<'_>,
        mut copy: ContextCopy,
        sink: &mut dyn SpanSink,
    ) {
        self.handle_timeout(now, sink);
        if self.phase == Phase::Running {
            let moment = &mut Moment { now: self.now, sink };
            self.learn_processors(hop);
            self.on_context(hop, ContextSource::Copied(&mut copy), moment);
        }
    }

    /// Handles one hop of one frame if its effect does not depend on the time: a further chunk of a streaming response.
    /// Returns `false` if the hop must be passed to [`handle_input`](Self::handle_input) instead.
    ///
    /// Most frames are such chunks, and reading a clock costs more than handling one.
    pub fn handle_untimed(&mut self, hop: &FramePushed<'_>) -> bool {
        match hop.frame {
            Frame::LlmText(chunk) if self.phase == Phase::Running => self.on_untimed_llm_text(hop, chunk),
            _ => false,
        }
    }

    /// Handles outgoing audio that was counted since the last event.
    pub fn handle_audio(&mut self, batch: &AudioBatch<'_>, sink: &mut dyn SpanSink) {
        self.handle_timeout(batch.first, sink);
        if self.phase == Phase::Running {
            let moment = &mut Moment { now: self.now, sink };
            self.on_audio_batch(batch, moment);
        }
    }

    /// Returns whether the next piece of outgoing audio must be passed on at once.
    pub fn audio_interest(&self) -> AudioInterest {
        if self.phase == Phase::Running && self.next_audio_is_news() {
            AudioInterest::Every
        } else {
            AudioInterest::Batched
        }
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) must be called if no frame comes before; `None` if never.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.next_timeout().map(|(at, _)| at)
    }

    /// Handles everything that is due at `now`. A late call has the same result: deadlines count, not the time of the
    /// call.
    pub fn handle_timeout(&mut self, now: Time, sink: &mut dyn SpanSink) {
        self.now = self.now.max(now);
        while let Some((at, timeout)) = self.next_timeout().filter(|(at, _)| *at <= self.now) {
            let moment = &mut Moment { now: at, sink };
            match timeout {
                Timeout::Playback => self.on_playback_end(moment),
                Timeout::Turn { done_at } => self.end_turn(done_at, EndReason::Completed, moment),
                Timeout::Release => self.release_oldest_turn(moment),
            }
        }
    }

    /// Ends everything that is open. Later events change nothing.
    pub fn close(&mut self, now: Time, reason: CloseReason, sink: &mut dyn SpanSink) {
        self.handle_timeout(now, sink);
        let moment = &mut Moment { now: self.now, sink };
        // Without a known sink, a requested End cannot be seen to arrive; closing is then the only sign of it.
        let has_ended = self.ending == Ending::Requested && !self.processors.has(Role::Sink);
        if reason == CloseReason::Shutdown || has_ended {
            self.end_last_turn(moment);
        } else {
            self.on_cancel(moment);
        }
        self.release_all(moment);
    }

    /// Returns whether the conversation has ended and all of its spans are written.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Returns the current turn, if its span has started.
    pub fn current_turn(&self) -> Option<(SpanKey, TurnNumber)> {
        self.turns.current().filter(|turn| turn.has_started()).map(|turn| (turn.key(), turn.number()))
    }

    /// Starts the span of the current turn, unless it has started: code in the conversation refers to it.
    pub fn begin_current_turn(&mut self, sink: &mut dyn SpanSink) -> Option<SpanKey> {
        let turn = self.turns.current_mut()?;
        turn.begin(sink);
        Some(turn.key())
    }

    /// Sets how the sink records a turn, for a sink that knows it only after [`SpanSink::start`] has returned.
    pub fn set_recording(&mut self, turn: SpanKey, recording: Recording) {
        if let Some(turn) = self.turns.set_recording(turn, recording).filter(|turn| !turn.records_content()) {
            self.llm.discard_content(turn.number());
        }
    }

    /// Returns the latest LLM call under way in the current turn.
    pub fn current_llm_call(&self) -> Option<SpanKey> {
        let turn = self.turns.current_number()?;
        self.llm.current(turn).or_else(|| self.operations.current_llm_call(turn))
    }

    /// Returns the tool call `tool_call_id`, if it is under way in the current turn.
    pub fn current_tool_call(&self, tool_call_id: &str) -> Option<SpanKey> {
        self.tools.current(self.turns.current_number()?, tool_call_id)
    }

    /// Returns the next thing that happens without a frame, and when.
    fn next_timeout(&self) -> Option<(Time, Timeout)> {
        if self.phase == Phase::Closed {
            return None;
        }
        // Of several timeouts at the same time, the one considered first wins.
        let mut next = self.playback.ends_at().map(|at| (at, Timeout::Playback));
        let mut consider = |at: Time, timeout| {
            if next.is_none_or(|(earliest, _)| at < earliest) {
                next = Some((at, timeout));
            }
        };
        if let Some((at, done_at)) = self.turns.timeout(|turn| self.activity(turn)) {
            consider(at, Timeout::Turn { done_at });
        }
        if let Some(at) = self.turns.next_release() {
            consider(at, Timeout::Release);
        }
        next
    }
}

#[cfg(test)]
mod tests;
