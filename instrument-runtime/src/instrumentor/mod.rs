//! Instruments the process, and provides observers to annotated constructors.
//!
//! ```text
//!   off ──instrument()──▶ on ──uninstrument()──▶ off …      the process
//!   scoped() overrides either on one thread, until its guard is dropped
//! ```
//!
//! Changes affect only new tasks: an observed task finishes its conversation.

mod builder;
pub(crate) mod construction;
mod global;
mod registry;
mod task;

pub use builder::InstrumentorBuilder;
pub use global::ScopedGuard;
pub(crate) use global::current_provider;
#[cfg(loom)]
pub use global::loom;
pub use registry::AnnotatedType;
pub use task::{ObservedTask, TaskAccess};

use std::time::Duration;

use opentelemetry::trace::{Tracer, TracerProvider};

use crate::frame_log::FrameLogWriteError;
use crate::observer::{ObserveOptions, Observer};

/// Instruments the process: annotated tasks that are built from then on are observed.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::instrumentor::{InstrumentError, PipecatInstrumentor};
///
/// let provider = NoopTracerProvider::new();
/// PipecatInstrumentor::instrument(provider)?;
/// assert!(PipecatInstrumentor::is_instrumented());
///
/// PipecatInstrumentor::uninstrument();
/// assert!(!PipecatInstrumentor::is_instrumented());
/// # Ok::<(), InstrumentError>(())
/// ```
#[derive(Debug)]
pub enum PipecatInstrumentor {}

impl PipecatInstrumentor {
    /// Observes every annotated task that is built from now on, and makes their spans with `provider`.
    ///
    /// # Errors
    ///
    /// Returns [`InstrumentError::AlreadyInstrumented`] if the process is instrumented. Nothing has changed then.
    pub fn instrument<P>(provider: P) -> Result<(), InstrumentError>
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        Self::builder().instrument(provider)
    }

    /// Returns a builder for settings other than the defaults.
    pub fn builder() -> InstrumentorBuilder {
        InstrumentorBuilder::default()
    }

    /// Stops observing new tasks. Observed tasks finish their conversations. Does not shut the tracer provider down.
    pub fn uninstrument() {
        global::unset();
    }

    /// Returns whether a task that this thread builds now would be observed.
    pub fn is_instrumented() -> bool {
        current_provider().is_some()
    }

    /// Waits until everything recorded so far is in its frame logs, for `timeout` at most. Call it before
    /// [`uninstrument`](Self::uninstrument) at the end of a process: the writer thread ends with the process, and loses
    /// queued events.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    ///
    /// PipecatInstrumentor::flush_frame_logs(Duration::from_secs(5))?;
    /// PipecatInstrumentor::uninstrument();
    /// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogWriteError>(())
    /// ```
    pub fn flush_frame_logs(timeout: Duration) -> Result<(), FrameLogWriteError> {
        current_provider().map_or(Ok(()), |provider| provider.flush_frame_logs(timeout))
    }

    /// Returns the types and constructors of this program that are annotated with `#[instrument_task]`, in any order.
    ///
    /// ```
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    ///
    /// for annotated in PipecatInstrumentor::annotated_types() {
    ///     println!("{annotated}"); // PipelineTask (src/task.rs:12)
    /// }
    /// ```
    pub fn annotated_types() -> impl Iterator<Item = &'static AnnotatedType> {
        registry::annotated_types()
    }

    /// Makes an observer for a conversation whose task is not annotated. Returns `None` while the process is not
    /// instrumented.
    ///
    /// ```
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    /// use pipecat_instrument_runtime::observer::ObserveOptions;
    ///
    /// if let Some(observer) = PipecatInstrumentor::observe(ObserveOptions::new().conversation_id("call-42")) {
    ///     // hand it to the pipeline
    /// #   drop(observer);
    /// }
    /// ```
    pub fn observe(options: ObserveOptions) -> Option<Observer> {
        current_provider().map(|provider| provider.observe(options))
    }
}

/// An error of [`PipecatInstrumentor::instrument`]. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstrumentError {
    /// The process is instrumented.
    #[error(
        "this process is already instrumented, and stays as it is; to change its provider or settings, call \
         PipecatInstrumentor::uninstrument() first"
    )]
    AlreadyInstrumented,
    /// The frame log cannot be written.
    #[error(transparent)]
    FrameLogWriter(#[from] FrameLogWriteError),
}
