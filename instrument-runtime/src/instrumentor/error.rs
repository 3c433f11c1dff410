//! Why a program could not be instrumented.

/// Why a program could not be instrumented. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstrumentError {
    /// It is instrumented.
    #[error(
        "this process is instrumented already, and stays as it is; call PipecatInstrumentor::uninstrument() first to \
         change its provider or settings"
    )]
    AlreadyInstrumented,
}
