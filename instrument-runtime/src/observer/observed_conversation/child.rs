//! A conversation in a child of `fork`.
//!
//! The conversation that the child inherits is the parent's: its spans are open there, and a thread of the parent may
//! have held its locks. At its first hop in the child, another conversation with the same id takes over. Like an observer
//! that is added late, it has missed the start.
//!
//! ```text
//!   parent   ObservedConversation ──────────────────────────────────────────▶ its spans
//!   fork          │ (copied)
//!   child    ObservedConversation ──hop──▶ ObservedConversation (in_child) ──▶ other spans
//!            never locked, emitted or dropped
//! ```
//!
//! Reading the id of the process takes a system call. So chunks of a response and counted audio do not check it: the next
//! other frame does.

use std::sync::Arc;
use std::time::Duration;

use super::ObservedConversation;
use crate::engine::conversation::CloseReason;
use crate::engine::frame::{FrameKind, FramePushed, ObservedFrame};
use crate::observer::clock::TimeSource;
use crate::process::ProcessId;
use crate::sync::atomic::Ordering;

impl ObservedConversation {
    /// Returns whether this process is a child of the one that observes the conversation.
    pub(super) fn is_of_parent(&self) -> bool {
        self.owner != ProcessId::current()
    }

    /// Returns the conversation as this process observes it; `None` in a child that has pushed no frame to it.
    pub(in crate::observer) fn of_this_process(&self) -> Option<&Self> {
        if self.is_of_parent() { self.in_child.get()?.of_this_process() } else { Some(self) }
    }

    /// Returns the conversation as this process observes it; `None` in a child that has pushed no frame to it.
    pub(in crate::observer) fn into_this_process(self: Arc<Self>) -> Option<Arc<Self>> {
        if self.is_of_parent() { Arc::clone(self.in_child.get()?).into_this_process() } else { Some(self) }
    }

    /// Makes the conversation that takes over in this process, at its first hop, and passes the hop on.
    #[cold]
    pub(super) fn take_over(&self, time: impl TimeSource, hop: &FramePushed<'_>) {
        // From now on, all hops are passed on.
        self.is_closed.store(true, Ordering::Relaxed);
        if self.in_child.get().is_none()
            && let Some(child) = self.to_child()
        {
            // Another thread may have been first. Then this one is dropped, without a frame.
            let _ = self.in_child.set(Box::new(child));
        }
        self.pass_to_child(time, hop.frame.kind(), hop);
    }

    /// Passes a logged hop to the conversation that has taken over, if any.
    #[cold]
    #[inline(never)]
    pub(super) fn pass_to_child<F, T>(&self, time: T, kind: FrameKind, hop: &FramePushed<'_, F>)
    where
        F: ObservedFrame + ?Sized,
        T: TimeSource,
    {
        if let Some(child) = self.in_child.get() {
            child.filter_logged(time, kind, hop);
        }
    }

    /// Closes the conversation that has taken over, if any. That of the parent stays open there.
    pub(super) fn close_in_child(&self, reason: CloseReason, timeout: Duration) {
        self.is_closed.store(true, Ordering::Relaxed);
        if let Some(child) = self.in_child.get() {
            child.close(reason, timeout);
        }
    }

    /// Keeps the parent's spans from being ended in this process, when the conversation is dropped here.
    pub(super) fn forget_spans(&self) {
        std::mem::forget(Arc::clone(&self.outbox));
    }

    /// Returns a new conversation with the same settings. Returns `None` if the conversation was closed at the fork, or
    /// locked: its settings cannot be read then.
    fn to_child(&self) -> Option<Arc<Self>> {
        let config = self.state.try_lock().ok()?.config()?.clone();
        let emitter = self.outbox.to_emitter()?;
        let log = self.log.clone();
        Some(Self::new(Arc::clone(&self.id), config, emitter, log, self.timer, self.emission))
    }
}
