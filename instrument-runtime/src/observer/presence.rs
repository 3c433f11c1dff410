//! Whether anybody in this process observes anything: all that a decorated function asks while nobody does.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many groups and conversations there are.
static PRESENT: AtomicUsize = AtomicUsize::new(0);

/// While it lives, somebody observes something.
#[derive(Debug)]
pub(super) struct Presence(());

impl Presence {
    pub(super) fn new() -> Self {
        PRESENT.fetch_add(1, Ordering::Release);
        Self(())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        PRESENT.fetch_sub(1, Ordering::Release);
    }
}

/// Whether there is a group or a conversation.
#[inline]
pub(crate) fn anyone_present() -> bool {
    PRESENT.load(Ordering::Acquire) > 0
}
