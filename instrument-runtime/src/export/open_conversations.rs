//! The open conversations whose spans go to a setup.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::clock::Deadline;
use crate::emit::ConversationHandle;

/// The number of conversations up to which those that have ended are not looked for.
const MIN_PRUNED: usize = 64;

/// Learns of conversations from the parent contexts of their root spans. Clones share everything.
///
/// So it knows every conversation that has a span in the setup, however its observer was made.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenConversations {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the address of the conversation.
    handles: HashMap<usize, ConversationHandle>,
    /// The number of handles at which those of ended conversations are removed.
    prune_at: usize,
}

impl OpenConversations {
    /// Ends all open conversations as at the end of their pipelines. Returns their number.
    pub(super) fn shut_down(&self, deadline: Deadline) -> usize {
        let handles = std::mem::take(&mut self.lock().handles);
        let open = handles.into_values().filter_map(|handle| handle.upgrade());
        open.filter(|conversation| conversation.shut_down(deadline.left().unwrap_or(Duration::ZERO))).count()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn insert(&mut self, handle: &ConversationHandle) {
        if self.handles.len() >= self.prune_at.max(MIN_PRUNED) {
            self.handles
                .retain(|_, handle| handle.upgrade().is_some_and(|conversation| conversation.is_open()));
            self.prune_at = 2 * self.handles.len();
        }
        self.handles.entry(handle.address()).or_insert_with(|| handle.clone());
    }
}

impl SpanProcessor for OpenConversations {
    fn on_start(&self, _span: &mut Span, parent: &Context) {
        if let Some(handle) = parent.get::<ConversationHandle>() {
            self.lock().insert(handle);
        }
    }

    fn on_end(&self, _span: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
