//! Catches panics of this crate, and of code that it calls, before they reach the pipeline.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::privacy;

static CAUGHT: AtomicU64 = AtomicU64::new(0);

/// Returns the number of panics caught in this process, including those of redaction hooks.
///
/// ```
/// assert_eq!(pipecat_instrument_runtime::observer::caught_panics(), 0);
/// ```
pub fn caught_panics() -> u64 {
    CAUGHT.load(Ordering::Relaxed) + privacy::caught_panics()
}

/// The message of a panic that was caught.
#[derive(Debug)]
pub(crate) struct PanicMessage(pub(crate) String);

/// Runs `work`. A panic in it is caught, counted and returned.
///
/// The caller must drop any state that `work` may have left inconsistent.
#[inline]
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, PanicMessage> {
    catch_unwind(AssertUnwindSafe(work)).map_err(count)
}

#[cold]
fn count(panic: Box<dyn Any + Send>) -> PanicMessage {
    CAUGHT.fetch_add(1, Ordering::Relaxed);
    let message = panic_message(&*panic);
    // Dropping a payload may panic again; leaking it does not.
    std::mem::forget(panic);
    PanicMessage(message)
}

/// Returns the message of a panic's payload.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
