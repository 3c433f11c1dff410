//! Where the group in force is kept.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError};

use once_cell::sync::OnceCell;

use super::InstrumentError;
use crate::observer::ObserverProvider;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{RwLock, shared};

shared! {
    /// How many groups are in force, scoped ones included. While it is zero, looking at it is all that is done.
    static IN_FORCE: AtomicUsize = AtomicUsize::new(0);
}

shared! {
    /// Set once each time it is switched on; the lock is only written to take it out again.
    static PROCESS: RwLock<OnceCell<Arc<ObserverProvider>>> = RwLock::new(OnceCell::new());
}

thread_local! {
    static SCOPES: RefCell<Vec<Arc<ObserverProvider>>> = const { RefCell::new(Vec::new()) };
}

/// Whether nothing is in force on any thread. Inlined into annotated constructors: a load is all that they pay then.
#[inline]
pub(super) fn is_off() -> bool {
    IN_FORCE.load(Ordering::Acquire) == 0
}

/// The group in force on this thread.
#[inline]
pub(crate) fn current() -> Option<Arc<ObserverProvider>> {
    if is_off() { None } else { in_force() }
}

#[cold]
fn in_force() -> Option<Arc<ObserverProvider>> {
    innermost_scope().or_else(|| read_process(|cell| cell.get().cloned()))
}

/// Whether [`turn_on`] could succeed: asked before anything is opened for it.
pub(super) fn refuse_if_on() -> Result<(), InstrumentError> {
    if read_process(|cell| cell.get().is_some()) {
        return Err(InstrumentError::AlreadyInstrumented);
    }
    Ok(())
}

/// Puts `group` in force for the process.
pub(super) fn turn_on(group: ObserverProvider) -> Result<(), InstrumentError> {
    read_process(|cell| cell.set(Arc::new(group))).map_err(|_| InstrumentError::AlreadyInstrumented)?;
    IN_FORCE.fetch_add(1, Ordering::Release);
    Ok(())
}

/// Takes the process's group out of force, if there is one.
pub(super) fn turn_off() {
    let group = PROCESS.write().unwrap_or_else(PoisonError::into_inner).take();
    if group.is_some() {
        IN_FORCE.fetch_sub(1, Ordering::Release);
    }
}

/// Puts `group` in force for this thread.
pub(super) fn enter(group: ObserverProvider) -> ScopedGuard {
    let group = Arc::new(group);
    SCOPES.with_borrow_mut(|scopes| scopes.push(Arc::clone(&group)));
    IN_FORCE.fetch_add(1, Ordering::Release);
    ScopedGuard { group, stays_on_its_thread: PhantomData }
}

fn read_process<T>(look: impl FnOnce(&OnceCell<Arc<ObserverProvider>>) -> T) -> T {
    look(&PROCESS.read().unwrap_or_else(PoisonError::into_inner))
}

fn innermost_scope() -> Option<Arc<ObserverProvider>> {
    // A thread that is going away builds no tasks.
    SCOPES.try_with(|scopes| scopes.borrow().last().cloned()).ok().flatten()
}

/// Holds an instrumentation of one thread in force, over that of the process: for tests, which run side by side.
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
    group: Arc<ObserverProvider>,
    stays_on_its_thread: PhantomData<*const ()>,
}

impl Drop for ScopedGuard {
    fn drop(&mut self) {
        IN_FORCE.fetch_sub(1, Ordering::Release);
        // Guards may be dropped in any order, so it is found by what it holds. A thread that is going away has taken
        // its scopes with it.
        let _ = SCOPES.try_with(|scopes| {
            scopes.borrow_mut().retain(|group| !Arc::ptr_eq(group, &self.group));
        });
    }
}

#[cfg(loom)]
pub mod models;
