//! What became of the spans, to be read by people and by programs.

use std::fmt;

use super::ExportError;

/// What became of the spans of this process so far.
///
/// ```
/// use pipecat_instrument_runtime::export::{self as setup, Environment, SetupError};
///
/// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "none")]);
/// let setup = setup::builder().environment(environment).build()?;
/// let report = setup.flush();
/// assert!(report.is_complete());
/// assert_eq!(report.to_string(), "nothing is sent anywhere");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it says whether spans were lost"]
pub struct DeliveryReport {
    pub(in crate::export) destinations: Vec<DestinationReport>,
}

/// What became of the spans for one destination so far.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationReport {
    /// The destination: `Phoenix at http://localhost:6006/v1/traces`.
    pub name: String,
    /// Spans that it took.
    pub exported: u64,
    /// Spans that still wait: there was no time to send them.
    pub waiting: u64,
    /// Spans that were dropped because there was no room for more to wait.
    pub dropped: u64,
    /// Spans that ended after the shutdown, and were not sent.
    pub late: u64,
    /// Spans that it did not take, by the reason.
    pub failed: Vec<FailedSpans>,
}

/// Spans that were not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedSpans {
    /// How many.
    pub spans: u64,
    /// Why.
    pub error: ExportError,
    /// Why, and what to change, in a sentence.
    pub explanation: String,
}

/// Not all spans arrived. The message is the [`DeliveryReport`]'s, and so is `Debug`, for that is what a `main` that returns
/// it prints.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeliveryError(pub DeliveryReport);

impl fmt::Debug for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl DeliveryReport {
    /// For each destination, what became of its spans.
    pub fn destinations(&self) -> &[DestinationReport] {
        &self.destinations
    }

    /// Whether every span that was given arrived everywhere.
    pub fn is_complete(&self) -> bool {
        self.destinations.iter().all(DestinationReport::is_complete)
    }

    /// An error unless every span arrived: for the `?` at the end of a program.
    pub fn complete(self) -> Result<Self, DeliveryError> {
        if self.is_complete() { Ok(self) } else { Err(DeliveryError(self)) }
    }
}

impl DestinationReport {
    /// Whether every span that was given arrived.
    pub fn is_complete(&self) -> bool {
        self.waiting == 0 && self.dropped == 0 && self.late == 0 && self.failed.is_empty()
    }
}

impl fmt::Display for DeliveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.destinations.is_empty() {
            return f.write_str("nothing is sent anywhere");
        }
        for (index, destination) in self.destinations.iter().enumerate() {
            write!(f, "{}{destination}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// One line: `Phoenix at http://…: 40 spans exported; 2 refused: it answered 401 Unauthorized: set PHOENIX_API_KEY`.
impl fmt::Display for DestinationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans = if self.exported == 1 { "span" } else { "spans" };
        write!(f, "{}: {} {spans} exported", self.name, self.exported)?;
        for refused in &self.failed {
            write!(f, "; {} not taken: {}", refused.spans, refused.explanation)?;
        }
        if self.dropped > 0 {
            write!(
                f,
                "; {} dropped, as too many waited: raise OTEL_BSP_MAX_QUEUE_SIZE or PIPECAT_TRACE_MAX_QUEUE_BYTES",
                self.dropped
            )?;
        }
        if self.late > 0 {
            write!(
                f,
                "; {} ended after the shutdown, and were not sent: shut down when all calls are over",
                self.late
            )?;
        }
        if self.waiting > 0 {
            write!(f, "; {} still waiting: there was no time to send them", self.waiting)?;
        }
        Ok(())
    }
}
