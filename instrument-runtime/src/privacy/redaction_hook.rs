//! The program's own redaction, called for each text that the options do not hide.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ContentKind, REDACTED};

static CAUGHT_PANICS: AtomicU64 = AtomicU64::new(0);

/// Number of panics in hooks that were caught so far in this process.
pub(crate) fn caught_panics() -> u64 {
    CAUGHT_PANICS.load(Ordering::Relaxed)
}

type RedactFn = dyn for<'text> Fn(ContentKind, &'text str) -> Cow<'text, str> + Send + Sync;

/// A function given to [`TraceConfig::redact_with`](super::TraceConfig::redact_with). Hooks are equal if they are
/// clones of each other.
#[derive(Clone)]
pub(super) struct RedactionHook(Arc<RedactFn>);

impl RedactionHook {
    pub(super) fn new(
        redact: impl for<'text> Fn(ContentKind, &'text str) -> Cow<'text, str> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(redact))
    }

    /// Returns the hook's result for `text`, or [`REDACTED`] if the hook panics.
    pub(super) fn redact<'text>(&self, kind: ContentKind, text: &'text str) -> Cow<'text, str> {
        // Unwind safe: no state of ours changes during the call.
        catch_unwind(AssertUnwindSafe(|| (self.0)(kind, text))).unwrap_or_else(|panic| {
            // Dropping the payload may panic again. Leaking it is the lesser evil.
            std::mem::forget(panic);
            if CAUGHT_PANICS.fetch_add(1, Ordering::Relaxed) == 0 {
                // The panic's message is left out, as it may quote the text.
                tracing::warn!(
                    ?kind,
                    "the hook of `TraceConfig::redact_with` panicked, and the text was redacted; make the hook return \
                     a value for every text. Further panics are counted, not logged"
                );
            }
            Cow::Borrowed(REDACTED)
        })
    }
}

impl PartialEq for RedactionHook {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for RedactionHook {}

impl fmt::Debug for RedactionHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactionHook")
    }
}
