//! The process-wide observer provider, and scoped ones for single threads.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError};

use once_cell::sync::OnceCell;

use super::InstrumentError;
use crate::observer::ObserverProvider;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{RwLock, shared};

shared! {
    /// The number of current providers, including scoped ones. If it is zero, no other state is read.
    static CURRENT: AtomicUsize = AtomicUsize::new(0);
}

shared! {
    /// The provider of the process. The write lock is taken only to remove it.
    static PROCESS: RwLock<OnceCell<Arc<ObserverProvider>>> = RwLock::new(OnceCell::new());
}

thread_local! {
    static SCOPES: RefCell<Vec<Arc<ObserverProvider>>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether no thread has a current provider. Inlined into annotated constructors, which then cost one load.
#[inline]
pub(super) fn is_off() -> bool {
    CURRENT.load(Ordering::Acquire) == 0
}

/// Returns this thread's current provider: the innermost scoped one, otherwise that of the process.
#[inline]
pub(crate) fn current_provider() -> Option<Arc<ObserverProvider>> {
    if is_off() { None } else { scoped_or_process_provider() }
}

#[cold]
fn scoped_or_process_provider() -> Option<Arc<ObserverProvider>> {
    innermost_scope().or_else(|| read_process(|cell| cell.get().cloned()))
}

/// Returns an error if the process has a provider. Called before any file is opened for a new one.
pub(super) fn ensure_unset() -> Result<(), InstrumentError> {
    if read_process(|cell| cell.get().is_some()) {
        return Err(InstrumentError::AlreadyInstrumented);
    }
    Ok(())
}

/// Makes `provider` current for the process.
pub(super) fn set(provider: ObserverProvider) -> Result<(), InstrumentError> {
    read_process(|cell| cell.set(Arc::new(provider))).map_err(|_| InstrumentError::AlreadyInstrumented)?;
    CURRENT.fetch_add(1, Ordering::Release);
    Ok(())
}

/// Removes the provider of the process, if there is one.
pub(super) fn unset() {
    let provider = PROCESS.write().unwrap_or_else(PoisonError::into_inner).take();
    if provider.is_some() {
        CURRENT.fetch_sub(1, Ordering::Release);
    }
}

/// Makes `provider` current for this thread, until the guard is dropped.
pub(super) fn enter_scope(provider: ObserverProvider) -> ScopedGuard {
    let provider = Arc::new(provider);
    SCOPES.with_borrow_mut(|scopes| scopes.push(Arc::clone(&provider)));
    CURRENT.fetch_add(1, Ordering::Release);
    ScopedGuard { provider, not_send: PhantomData }
}

fn read_process<T>(read: impl FnOnce(&OnceCell<Arc<ObserverProvider>>) -> T) -> T {
    read(&PROCESS.read().unwrap_or_else(PoisonError::into_inner))
}

fn innermost_scope() -> Option<Arc<ObserverProvider>> {
    // A thread that is exiting builds no tasks.
    SCOPES.try_with(|scopes| scopes.borrow().last().cloned()).ok().flatten()
}

/// Keeps a scoped instrumentation current on one thread, in place of the process's. For tests, which run in parallel.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::instrumentor::{InstrumentError, PipecatInstrumentor};
///
/// let scoped = PipecatInstrumentor::builder().scoped(NoopTracerProvider::new())?;
/// assert!(PipecatInstrumentor::is_instrumented());
/// drop(scoped);
/// assert!(!PipecatInstrumentor::is_instrumented());
/// # Ok::<(), InstrumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "the instrumentation ends when this is dropped; bind it to a name: `let _scoped = …`"]
pub struct ScopedGuard {
    provider: Arc<ObserverProvider>,
    not_send: PhantomData<*const ()>,
}

impl Drop for ScopedGuard {
    fn drop(&mut self) {
        CURRENT.fetch_sub(1, Ordering::Release);
        // Guards may be dropped in any order. The scopes of a thread that is exiting are gone.
        let _ = SCOPES.try_with(|scopes| {
            scopes.borrow_mut().retain(|provider| !Arc::ptr_eq(provider, &self.provider));
        });
    }
}

#[cfg(loom)]
pub mod loom;
