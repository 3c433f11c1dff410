//! The process-wide switch, and what annotated constructors need when it is on.
//!
//! ```text
//!   Off ──instrument()──▶ On ──uninstrument()──▶ Off …      the process
//!   scoped() lies over either, for one thread, until its guard is dropped
//! ```
//!
//! Only new tasks look at the switch: a task that is being observed finishes its conversation whatever happens here.

mod builder;
pub(crate) mod construction;
mod error;
#[cfg(feature = "setup")]
mod from_setup;
mod registry;
#[cfg(loom)]
pub use switch::models;
mod switch;
mod task;

pub use builder::InstrumentorBuilder;
pub use error::InstrumentError;
pub use registry::AnnotatedType;
pub use switch::ScopedGuard;
pub(crate) use switch::current as group_in_force;
pub use task::{ObservedTask, TaskPresence};

use std::time::Duration;

use opentelemetry::trace::{Tracer, TracerProvider};

use crate::frame_log::FrameLogWriteError;
use crate::observer::{ObserveOptions, Observer};

/// The process-wide switch.
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
    /// From now on, every annotated task that is built is observed, and its spans are made by `provider`.
    pub fn instrument<P>(provider: P) -> Result<(), InstrumentError>
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        Self::builder().instrument(provider)
    }

    /// The same, with settings.
    pub fn builder() -> InstrumentorBuilder {
        InstrumentorBuilder::default()
    }

    /// No further task is observed. Those that are finish their conversation; the provider is left alone.
    pub fn uninstrument() {
        switch::turn_off();
    }

    /// Whether a task that this thread builds now would be observed.
    pub fn is_instrumented() -> bool {
        switch::current().is_some()
    }

    /// Waits until what was recorded so far is in its frame logs, but no longer than `timeout`. To be called before
    /// [`uninstrument`](Self::uninstrument) at the end of a process: the thread that writes them ends with it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    ///
    /// PipecatInstrumentor::flush_debug_log(Duration::from_secs(5))?;
    /// PipecatInstrumentor::uninstrument();
    /// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogWriteError>(())
    /// ```
    pub fn flush_debug_log(timeout: Duration) -> Result<(), FrameLogWriteError> {
        switch::current().map_or(Ok(()), |group| group.flush_debug_log(timeout))
    }

    /// The constructors and types annotated with `#[instrument_task]` in this program, in no particular order.
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

    /// An observer for a conversation whose task is not annotated; `None` while switched off.
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
        switch::current().map(|group| group.observe(options))
    }
}
