//! One conversation: frames in, spans out.

mod config;

pub use config::{Announced, ConversationConfig, Signals};

use std::time::Duration;

use super::frame::{FrameKind, FramePushed, ProcessorRef};
use super::record::Spans;
use super::time::Time;

/// Why a conversation is closed from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The task was dropped, or its log breaks off.
    Dropped,
    /// The process is shutting down in good order.
    Shutdown,
}

/// Whether the next piece of outgoing audio changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AudioInterest {
    /// It does, as the first of a reply: it has to be handled as it comes.
    Every,
    /// It only adds to what was sent: it can be told later, together with its like.
    LaterIsFine,
}

/// Pieces of outgoing audio, told together.
#[derive(Debug, Clone, Copy)]
pub struct AudioBatch<'a> {
    /// What they were.
    pub kind: FrameKind,
    /// Who sent them.
    pub source: ProcessorRef<'a>,
    /// When the first was sent.
    pub first: Time,
    /// When the last was sent.
    pub last: Time,
    /// How long they play, all together.
    pub duration: Duration,
}

/// One conversation, as a pure function of what happens in it.
pub struct Conversation {
    closed: bool,
}

impl Conversation {
    /// A conversation in which nothing has happened yet.
    pub fn new(_config: ConversationConfig) -> Self {
        Self { closed: false }
    }

    /// One hop of one frame, at `now`.
    pub fn handle(&mut self, _now: Time, _hop: &FramePushed<'_>, _spans: &mut dyn Spans) {}

    /// Whether the next piece of outgoing audio changes anything.
    pub fn audio_interest(&self) -> AudioInterest {
        AudioInterest::LaterIsFine
    }

    /// Outgoing audio that was sent since the last event, and only counted then.
    pub fn audio(&mut self, _batch: &AudioBatch<'_>, _spans: &mut dyn Spans) {}

    /// When something will be due though no frame comes; `None` if nothing will.
    pub fn deadline(&self) -> Option<Time> {
        None
    }

    /// Does what is due at `now`. Doing it late changes nothing: the deadline is the time that counts.
    pub fn expire(&mut self, _now: Time, _spans: &mut dyn Spans) {}

    /// Ends what is still open. Nothing happens afterwards.
    pub fn close(&mut self, _now: Time, _why: CloseReason, _spans: &mut dyn Spans) {
        self.closed = true;
    }

    /// Whether it is over, and all of its spans are out.
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}
