//! Why a program could not be instrumented.

use crate::frame_log::FrameLogWriteError;

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
    /// No frame log can be written where it was asked for.
    #[error(transparent)]
    FrameLogWriter(#[from] FrameLogWriteError),
}
