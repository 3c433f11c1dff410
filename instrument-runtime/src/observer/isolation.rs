//! Keeps a panic of ours, or of what we call, away from the pipeline.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::privacy;

static CAUGHT: AtomicU64 = AtomicU64::new(0);

/// How many panics were kept away from pipelines since the process began, those of a redaction hook among them.
///
/// ```
/// assert_eq!(pipecat_instrument_runtime::observer::caught_panics(), 0);
/// ```
pub fn caught_panics() -> u64 {
    CAUGHT.load(Ordering::Relaxed) + privacy::caught_panics()
}

/// What a panic said.
#[derive(Debug)]
pub(crate) struct Panicked(pub(crate) String);

/// Runs `work`; a panic in it is counted and returned.
///
/// Who calls this drops whatever `work` may have left half done.
pub(crate) fn isolate<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        CAUGHT.fetch_add(1, Ordering::Relaxed);
        Panicked(message(panic))
    })
}

fn message(panic: Box<dyn Any + Send>) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    // A payload may panic when it is dropped; leaking it is the lesser evil.
    std::mem::forget(panic);
    message
}
