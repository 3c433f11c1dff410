//! A conversation, as code inside it reaches it.

use crate::core::conversation::Conversation;
use crate::core::record::SpanKey;
use crate::core::time::Time;
use crate::emit::Emitter;

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
