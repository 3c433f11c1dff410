//! Whether the backend takes spans: asked with one.

use std::fmt;
use std::time::Duration;

use super::delivery::ExportError;

/// The backend takes spans.
///
/// ```no_run
/// use pipecat_instrument_runtime::export as setup;
///
/// let setup = setup::from_env()?;
/// match setup.check() {
///     Ok(checked) => println!("{checked}"), // Phoenix at http://localhost:6006/v1/traces took a span in 12 ms.
///     Err(failed) => eprintln!("{failed}"), // …: nobody listens there: start the backend, or check …
/// }
/// # Ok::<(), setup::SetupError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    pub(super) took: Vec<(String, Duration)>,
}

/// The backend did not take a span. The message says why, and what to change. `Debug` is the same, for that is what a
/// `main` that returns it prints.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} did not take a span: {explanation}.")]
#[non_exhaustive]
pub struct CheckError {
    /// The backend: `Phoenix at http://localhost:6006/v1/traces`.
    pub name: String,
    /// Why it did not.
    pub error: ExportError,
    /// Why it did not, and what to change.
    pub explanation: String,
}

impl fmt::Debug for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.took.is_empty() {
            return f.write_str("Nothing was asked, as traces go to no backend.");
        }
        for (index, (name, time)) in self.took.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{name} took a span in {} ms.", time.as_millis())?;
        }
        Ok(())
    }
}

#[cfg(feature = "otlp")]
mod asking {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceState};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanLinks};

    use super::super::clock::{self, Stopwatch};
    use super::super::delivery::{ExportError, Receipt};
    use super::super::export_pipeline::ExportPipeline;
    use super::super::settings::OtlpSettings;
    use super::{CheckError, CheckReport};
    use crate::emit::keys;
    use crate::export::Setup;

    impl Setup {
        /// Sends one span, called `setup.check`, to each backend, and says whether it was taken; if not, why, and what to
        /// change. It takes no longer than the backend's timeout, some ten seconds. Blocks.
        pub fn check(&self) -> Result<CheckReport, CheckError> {
            let mut took = Vec::new();
            for pipeline in &self.pipelines {
                let Some(settings) = &pipeline.otlp else { continue };
                let watch = Stopwatch::start();
                let outcome = ask(settings, &self.resource);
                if let Some(cause) = cause(outcome) {
                    return Err(failed(pipeline, cause));
                }
                took.push((pipeline.queue.target().name(), watch.elapsed()));
            }
            Ok(CheckReport { took })
        }
    }

    fn failed(pipeline: &ExportPipeline, cause: ExportError) -> CheckError {
        let target = pipeline.queue.target();
        CheckError { name: target.name(), explanation: target.explain(&cause), error: cause }
    }

    fn cause(outcome: Result<Receipt, ExportError>) -> Option<ExportError> {
        match outcome {
            Ok(Receipt { rejected: 0, .. }) => None,
            Ok(Receipt { remark, .. }) => Some(ExportError::Partly(remark)),
            Err(cause) => Some(cause),
        }
    }

    /// On a thread of its own, with a connection of its own: whatever runtime the caller is in, and whatever waits.
    fn ask(settings: &OtlpSettings, resource: &Resource) -> Result<Receipt, ExportError> {
        let transport = super::super::export_pipeline::open(settings, resource)
            .map_err(|error| ExportError::Broken(error.to_string()))?;
        let (answers, answer) = mpsc::channel();
        let asking = move || {
            let _ = answers.send(futures_executor::block_on(transport.send(vec![span()])));
        };
        thread::Builder::new()
            .name("pipecat-check".to_owned())
            .spawn(asking)
            .map_err(|error| ExportError::Broken(error.to_string()))?;
        // What is tried again within the timeout may take another.
        answer
            .recv_timeout(settings.timeout * 2 + Duration::from_secs(1))
            .unwrap_or(Err(ExportError::TimedOut))
    }

    fn span() -> SpanData {
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
}

#[cfg(not(feature = "otlp"))]
impl super::Setup {
    /// Sends one span to each backend, and says whether it was taken: without the feature `otlp`, there is none.
    pub fn check(&self) -> Result<CheckReport, CheckError> {
        Ok(CheckReport { took: Vec::new() })
    }
}
