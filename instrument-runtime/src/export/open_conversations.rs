//! The open conversations whose spans go to a setup.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::clock::Deadline;
use crate::emit::ConversationHandle;
use crate::process::PerProcess;

/// The number of handles up to which those of ended conversations stay.
const MIN_PRUNED: usize = 64;

/// Finds conversations in the parent contexts of their root spans: all that have a span in the setup, however their
/// observers were made. Clones share everything.
#[derive(Debug, Clone)]
pub(super) struct OpenConversations {
    known: Arc<PerProcess<Mutex<Known>>>,
}

#[derive(Debug, Default)]
struct Known {
    handles: HashSet<ConversationHandle>,
    /// The number of handles at which those of ended conversations are removed.
    prune_at: usize,
}

impl OpenConversations {
    pub(super) fn new() -> Self {
        Self { known: Arc::new(PerProcess::new()) }
    }

    /// Ends all open conversations as at the end of their pipelines.
    pub(super) fn shut_down(&self, deadline: Deadline) {
        // Their last spans start while they end, so the lock is released before.
        let handles = std::mem::take(&mut self.lock().handles);
        for handle in handles {
            handle.shut_down(deadline.left().unwrap_or_default());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn insert(&mut self, handle: &ConversationHandle) {
        if self.handles.len() >= self.prune_at.max(MIN_PRUNED) {
            self.handles.retain(ConversationHandle::is_open);
            self.prune_at = 2 * self.handles.len();
        }
        if !self.handles.contains(handle) {
            self.handles.insert(handle.clone());
        }
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
