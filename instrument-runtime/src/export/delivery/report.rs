//! The outcome of all spans, for people and for programs.

use std::fmt;
use std::path::PathBuf;

use super::ExportError;

/// The outcome of all spans of this process so far, by destination.
///
/// `Display` prints one line for each destination:
///
/// ```text
/// Phoenix at http://localhost:6006/v1/traces: 40 spans exported; 2 failed: it answered 401 Unauthorized: set PHOENIX_API_KEY
/// ```
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::{self, Environment, SetupError};
///
/// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "none")]);
/// let setup = setup::builder().environment(environment).build()?;
/// let report = setup.flush();
/// assert!(report.is_complete());
/// assert_eq!(report.to_string(), "spans have no destination");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it says whether spans were lost"]
pub struct DeliveryReport {
    pub(in crate::export) destinations: Vec<DestinationReport>,
}

/// The outcome of all spans for one destination so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationReport {
    /// The destination: `Phoenix at http://localhost:6006/v1/traces`.
    pub name: String,
    /// Spans that the destination accepted.
    pub exported: u64,
    /// Spans still in the queue: they wait to be sent, or the time was too short to send them.
    pub queued: u64,
    /// Spans dropped because the queue was full, the oldest first.
    pub dropped: u64,
    /// Spans that ended after the shutdown and were not sent.
    pub late: u64,
    /// Spans that wait in the [spool](super::super::SetupBuilder::spool), to be sent later or by the next process.
    /// Includes those that another process has sent meanwhile, as this one does not learn of it.
    pub spooled: u64,
    /// Spans that did not arrive, by error.
    pub failed: Vec<FailedSpans>,
    /// The queued spans, if the last attempt failed and they wait to be sent again, with its error.
    pub retried: Option<FailedSpans>,
    /// The directory of the spool, if there is one.
    pub spool: Option<PathBuf>,
    /// Spans of other processes, mostly of earlier ones, that were in the spool and that the destination accepted.
    pub recovered: u64,
    /// Spans of other processes that were in the spool and are lost, by error.
    pub unrecovered: Vec<FailedSpans>,
}

/// Spans that did not arrive because of one error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedSpans {
    /// The number of spans.
    pub spans: u64,
    /// The error.
    pub error: ExportError,
    /// The error and what to change, as a sentence without a full stop.
    pub explanation: String,
}

/// The error of a program that lost spans: [`DeliveryReport::complete`].
///
/// The message is the report's. `Debug` prints it too, because that is what a `main` that returns the error prints.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeliveryError(pub DeliveryReport);

impl fmt::Debug for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl DeliveryReport {
    /// Returns the report of each destination.
    pub fn destinations(&self) -> &[DestinationReport] {
        &self.destinations
    }

    /// Returns whether every span arrived at every destination.
    pub fn is_complete(&self) -> bool {
        self.destinations.iter().all(DestinationReport::is_complete)
    }

    /// Returns an error unless every span arrived, for the `?` at the end of a program.
    pub fn complete(self) -> Result<Self, DeliveryError> {
        if self.is_complete() { Ok(self) } else { Err(DeliveryError(self)) }
    }
}

impl DestinationReport {
    /// Returns whether every span of this process arrived. A span in the spool has not arrived yet.
    pub fn is_complete(&self) -> bool {
        self.queued == 0 && self.dropped == 0 && self.late == 0 && self.spooled == 0 && self.failed.is_empty()
    }
}

impl fmt::Display for DeliveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.destinations.is_empty() {
            return f.write_str("spans have no destination");
        }
        for (index, destination) in self.destinations.iter().enumerate() {
            write!(f, "{}{destination}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl fmt::Display for DestinationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            exported,
            queued,
            dropped,
            late,
            spooled,
            failed,
            retried,
            spool,
            recovered,
            unrecovered,
        } = self;
        write!(f, "{name}: {exported} {} exported", if *exported == 1 { "span" } else { "spans" })?;
        for FailedSpans { spans, explanation, .. } in failed {
            write!(f, "; {spans} failed: {explanation}")?;
        }
        if *dropped > 0 {
            write!(
                f,
                "; {dropped} dropped because the queue was full: raise OTEL_BSP_MAX_QUEUE_SIZE or \
                 PIPECAT_TRACE_MAX_QUEUE_BYTES"
            )?;
        }
        if *late > 0 {
            write!(f, "; {late} ended after the shutdown: shut down once all conversations are over")?;
        }
        if let Some(FailedSpans { spans, explanation, .. }) = retried {
            write!(f, "; {spans} still queued to be sent again: {explanation}")?;
        } else if *queued > 0 {
            write!(f, "; {queued} still queued: the time was too short to send them")?;
        }
        let directory = spool.as_deref().unwrap_or("the spool".as_ref()).display();
        if *spooled > 0 {
            write!(f, "; {spooled} wait in {directory}, to be sent later")?;
        }
        if *recovered > 0 {
            write!(f, "; {recovered} more from earlier processes, that waited in {directory}")?;
        }
        for FailedSpans { spans, explanation, .. } in unrecovered {
            write!(f, "; {spans} from earlier processes failed: {explanation}")?;
        }
        Ok(())
    }
}
