//! Rules of one's own.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ContentKind, REDACTED};

static CAUGHT: AtomicU64 = AtomicU64::new(0);

/// How many panics of hooks were kept away from pipelines.
pub(crate) fn caught_panics() -> u64 {
    CAUGHT.load(Ordering::Relaxed)
}

type Redact = dyn for<'text> Fn(ContentKind, &'text str) -> Cow<'text, str> + Send + Sync;

/// What a program itself says may leave of a text.
#[derive(Clone)]
pub(super) struct Hook(Arc<Redact>);

impl Hook {
    pub(super) fn new(
        redact: impl for<'text> Fn(ContentKind, &'text str) -> Cow<'text, str> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(redact))
    }

    /// What may leave of `text`; nothing if the hook panics.
    pub(super) fn ask<'text>(&self, kind: ContentKind, text: &'text str) -> Cow<'text, str> {
        // Nothing of ours is half done when it panics, and what is half done of its own it will see itself.
        catch_unwind(AssertUnwindSafe(|| (self.0)(kind, text))).unwrap_or_else(|panic| {
            // A payload may panic when it is dropped; leaking it is the lesser evil.
            std::mem::forget(panic);
            warn_of_panic(kind);
            Cow::Borrowed(REDACTED)
        })
    }
}

/// Says so once. What the panic said is not repeated: it may well quote the text.
fn warn_of_panic(kind: ContentKind) {
    if CAUGHT.fetch_add(1, Ordering::Relaxed) == 0 {
        tracing::warn!(
            ?kind,
            "the hook of `TraceConfig::redact_with` panics: what it was asked about is redacted; make it return \
             something for every text"
        );
    }
}

/// Two hooks are equal if they are one.
impl PartialEq for Hook {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Hook {}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
