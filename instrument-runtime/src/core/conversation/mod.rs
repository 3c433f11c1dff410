//! One conversation: frames in, spans out.

mod config;

pub use config::{Announced, ConversationConfig, Signals};

use super::frame::FramePushed;
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
