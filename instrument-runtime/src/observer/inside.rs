//! A conversation, as code inside it reaches it.

use crate::emit::Emitter;
use crate::engine::conversation::Conversation;
use crate::engine::record::SpanKey;
use crate::engine::time::Time;

/// A conversation, as code inside it reaches it: what is due has been done, and its lock is held.
pub(super) struct Inside<'a> {
    /// `None` before the first frame.
    pub(super) conversation: Option<&'a mut Conversation>,
    pub(super) emitter: &'a mut Emitter,
    pub(super) now: Time,
}

impl Inside<'_> {
    /// Begins the span of the turn that is under way, if it has not.
    pub(super) fn begin_turn(&mut self) -> Option<SpanKey> {
        self.conversation.as_mut()?.begin_current_turn(self.emitter)
    }
}
