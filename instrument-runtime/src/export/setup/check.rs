//! A test of the connection, with one span.

use std::fmt;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanLinks};

use super::Setup;
use crate::emit::keys;
use crate::export::ExportError;
use crate::export::clock::{self, Stopwatch};
use crate::export::settings::Destination;
use crate::export::transport::{Receipt, Transport};

/// The result of a successful [`Setup::check`]: every backend took a span.
///
/// `Display` prints one line for each backend: `Phoenix at http://localhost:6006/v1/traces took a span in 12 ms.`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    durations: Vec<(String, Duration)>,
}

/// The error of a failed [`Setup::check`]: a backend did not take a span.
///
/// The message states the reason and the remedy. `Debug` prints it too, because that is what a `main` that returns the
/// error prints.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} did not take a span: {explanation}.")]
#[non_exhaustive]
pub struct CheckError {
    /// The backend: `Phoenix at http://localhost:6006/v1/traces`.
    pub name: String,
    /// The reason.
    pub error: ExportError,
    /// The reason and what to change, as a sentence without a full stop.
    pub explanation: String,
}

impl fmt::Debug for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.durations.is_empty() {
            return f.write_str("Nothing was checked, as traces go to no backend.");
        }
        for (index, (name, duration)) in self.durations.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{name} took a span in {} ms.", duration.as_millis())?;
        }
        Ok(())
    }
}

impl Setup {
    /// Sends one span, named `setup.check`, to each backend and waits for the response.
    ///
    /// Blocks for little more than the [timeout](super::super::SetupBuilder::timeout) at most. The console is not
    /// checked.
    ///
    /// # Errors
    ///
    /// Returns the first backend that did not take the span, with the reason and what to change.
    ///
    /// ```no_run
    /// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
    /// use pipecat_instrument::setup;
    ///
    /// let setup = setup::from_env()?;
    /// match setup.check() {
    ///     Ok(report) => println!("{report}"), // Phoenix at http://localhost:6006/v1/traces took a span in 12 ms.
    ///     Err(error) => eprintln!("{error}"), // … did not take a span: connection refused: start the backend, or …
    /// }
    /// # Ok::<(), setup::SetupError>(())
    /// ```
    pub fn check(&self) -> Result<CheckReport, CheckError> {
        let mut durations = Vec::new();
        for pipeline in &self.pipelines {
            let destination = pipeline.destination();
            let Destination::Otlp(settings) = destination else { continue };
            let watch = Stopwatch::start();
            // Looking up the name of a host may take longer than the timeout.
            let limit = settings.timeout.saturating_add(Duration::from_secs(1));
            send_one(destination, &self.settings.resource, limit).map_err(|error| CheckError {
                name: destination.name(),
                explanation: destination.explain(&error),
                error,
            })?;
            durations.push((destination.name(), watch.elapsed()));
        }
        Ok(CheckReport { durations })
    }
}

/// Sends one span on its own thread and over its own connection, so that neither the caller's async runtime nor the
/// queue delays it.
fn send_one(destination: &Destination, resource: &Resource, limit: Duration) -> Result<(), ExportError> {
    let transport =
        Transport::open(destination, resource).map_err(|error| ExportError::Other(error.to_string()))?;
    let (outcomes, outcome) = mpsc::channel();
    let send = move || {
        let _ = outcomes.send(transport.send(vec![check_span()]).map_err(|failed| failed.error));
    };
    thread::Builder::new()
        .name("pipecat-check".to_owned())
        .spawn(send)
        .map_err(|error| ExportError::Other(error.to_string()))?;
    match outcome.recv_timeout(limit).unwrap_or(Err(ExportError::TimedOut))? {
        Receipt { rejected_spans: 0, .. } => Ok(()),
        Receipt { message, .. } => Err(ExportError::PartiallyRejected(message)),
    }
}

fn check_span() -> SpanData {
    let ids = RandomIdGenerator::default();
    let now = clock::now();
    SpanData {
        span_context: SpanContext::new(
            ids.new_trace_id(),
            ids.new_span_id(),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: "setup.check".into(),
        start_time: now,
        end_time: now,
        attributes: vec![KeyValue::new(keys::SPAN_KIND, "CHAIN")],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Ok,
        instrumentation_scope: InstrumentationScope::builder("pipecat-instrument").build(),
    }
}
