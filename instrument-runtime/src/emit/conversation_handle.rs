//! The open conversation of a span, for span processors.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Weak;
use std::time::Duration;

/// A conversation with an observer.
pub(crate) trait OpenConversation: Send + Sync {
    /// Returns whether it has not ended.
    fn is_open(&self) -> bool;

    /// Ends it as at the end of its pipeline. Waits until its spans are emitted, for `timeout` at most.
    fn shut_down(&self, timeout: Duration);
}

/// The conversation of a root span, as a value of the span's parent context. Does not keep the conversation open.
///
/// With it, a span processor can end the conversations that are open when its provider shuts down, as
/// `Setup::shutdown` does.
///
/// ```
/// use std::collections::HashSet;
/// use std::sync::Mutex;
/// use std::time::Duration;
///
/// use opentelemetry::Context;
/// use pipecat_instrument_runtime::emit::ConversationHandle;
///
/// #[derive(Default)]
/// struct OpenConversations(Mutex<HashSet<ConversationHandle>>);
///
/// impl OpenConversations {
///     /// To be called in `SpanProcessor::on_start`.
///     fn on_start(&self, parent: &Context) {
///         if let Some(conversation) = parent.get::<ConversationHandle>() {
///             self.0.lock().unwrap().insert(conversation.clone());
///         }
///     }
///
///     fn shut_down(&self) {
///         for conversation in self.0.lock().unwrap().drain() {
///             conversation.shut_down(Duration::from_secs(1));
///         }
///     }
/// }
/// # OpenConversations::default().on_start(&Context::new());
/// # OpenConversations::default().shut_down();
/// ```
#[derive(Clone)]
pub struct ConversationHandle(Weak<dyn OpenConversation>);

impl ConversationHandle {
    pub(crate) fn new(conversation: Weak<dyn OpenConversation>) -> Self {
        Self(conversation)
    }

    /// Returns whether the conversation has not ended.
    pub fn is_open(&self) -> bool {
        self.0.upgrade().is_some_and(|conversation| conversation.is_open())
    }

    /// Ends the conversation as at the end of its pipeline: an open turn has the end reason `ended`. Waits until its
    /// spans are passed to the tracer, for `timeout` at most. Returns whether the conversation was open.
    pub fn shut_down(&self, timeout: Duration) -> bool {
        let Some(conversation) = self.0.upgrade().filter(|conversation| conversation.is_open()) else {
            return false;
        };
        conversation.shut_down(timeout);
        true
    }
}

impl PartialEq for ConversationHandle {
    fn eq(&self, other: &Self) -> bool {
        Weak::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ConversationHandle {}

impl Hash for ConversationHandle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_ptr().addr().hash(state);
    }
}

impl fmt::Debug for ConversationHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationHandle").field("is_open", &self.is_open()).finish()
    }
}
