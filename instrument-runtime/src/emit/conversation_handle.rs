//! The open conversation of a span, for span processors.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// A conversation that is still open.
pub(crate) trait OpenConversation: Send + Sync {
    /// Returns whether it has not ended.
    fn is_open(&self) -> bool;

    /// Ends the conversation as at the end of its pipeline. Waits until its spans are emitted, for `timeout` at most.
    /// Returns whether it was open.
    fn shut_down(&self, timeout: Duration) -> bool;
}

/// The conversation of a root span, as a value of the span's parent context. Does not keep the conversation open.
#[derive(Clone)]
pub(crate) struct ConversationHandle(Weak<dyn OpenConversation>);

impl ConversationHandle {
    pub(crate) fn new(conversation: Weak<dyn OpenConversation>) -> Self {
        Self(conversation)
    }

    /// Returns the conversation, unless it is dropped.
    #[cfg_attr(not(feature = "setup"), expect(dead_code, reason = "read by the setup's span processor"))]
    pub(crate) fn upgrade(&self) -> Option<Arc<dyn OpenConversation>> {
        self.0.upgrade()
    }

    /// Returns whether both are the same conversation.
    #[cfg_attr(not(feature = "setup"), expect(dead_code, reason = "read by the setup's span processor"))]
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr().addr()
    }
}

impl fmt::Debug for ConversationHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConversationHandle")
    }
}
