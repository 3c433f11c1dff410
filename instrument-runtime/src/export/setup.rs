//! What was set up, to be held until the program ends.

use std::fmt;
use std::thread;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanProcessor};

use super::clock::Deadline;
use super::delivery::DeliveryReport;
use super::env_reader::SettingWarning;
use super::export_pipeline::ExportPipeline;
use crate::emit::EmitSettings;

/// How long a flush may take that was not told how long.
const FLUSH: Duration = Duration::from_secs(10);
/// How long dropping may take.
const DROP: Duration = Duration::from_secs(5);

/// A provider of spans, and what becomes of them. To be held until the program ends: when it is dropped, what still waits
/// is sent, for five seconds at the most.
///
/// `setup.instrument()` observes every annotated task from then on; `setup.instrumentor()` does so with further settings.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::export::{self as setup, Environment, SetupError};
///
/// # let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console")]);
/// let setup = setup::builder()
///     .service_name("desk")
/// #   .environment(environment)
///     .build()?;
/// println!("{setup}"); // Traces of desk go to Phoenix at http://localhost:6006/v1/traces.
///
/// // … the program …
///
/// println!("{}", setup.shutdown(Duration::from_secs(5)));
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug)]
#[must_use = "when it is dropped, what waits is sent; bind it to a name: `let setup = …`"]
pub struct Setup {
    pub(super) provider: SdkTracerProvider,
    pub(super) pipelines: Vec<ExportPipeline>,
    pub(super) resource: Resource,
    pub(super) service_name: String,
    pub(super) switched_off_by: Option<&'static str>,
    pub(super) is_on: bool,
    pub(super) emit: EmitSettings,
    pub(super) value_length: Option<usize>,
    pub(super) warnings: Vec<SettingWarning>,
    /// Whether it was shut down: then nothing is left to be done when it is dropped.
    pub(super) is_shut_down: bool,
}

impl Setup {
    /// What makes spans. Clones share everything.
    pub fn provider(&self) -> SdkTracerProvider {
        self.provider.clone()
    }

    /// Whether spans go anywhere: not with `OTEL_SDK_DISABLED=true`, `ENABLE_TRACING=false` or
    /// `OTEL_TRACES_EXPORTER=none`.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// What suits the backend: layout, names, conventions, and the limit of attributes, which is the provider's own.
    pub fn emit_settings(&self) -> &EmitSettings {
        &self.emit
    }

    /// At how many characters texts are cut, if `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` says so.
    pub fn max_value_length(&self) -> Option<usize> {
        self.value_length
    }

    /// What was wrong with the environment, but not so wrong that nothing could be set up. It was also logged.
    pub fn warnings(&self) -> &[SettingWarning] {
        &self.warnings
    }

    /// Sends what waits, for ten seconds at the most, and says what became of all spans so far. Blocks: in async code,
    /// call it in `spawn_blocking`, or where nothing else has to happen.
    pub fn flush(&self) -> DeliveryReport {
        self.flush_within(FLUSH)
    }

    /// The same, for `timeout` at the most.
    pub fn flush_within(&self, timeout: Duration) -> DeliveryReport {
        let deadline = Deadline::within(timeout);
        for pipeline in &self.pipelines {
            // The SDK's own flush waits five seconds, whatever one has to spare.
            let processor = pipeline.processor.clone();
            let flush = move || {
                let _ = processor.force_flush();
            };
            // If no thread can be had, the batch processor still sends in its own time.
            let _ = thread::Builder::new().name("pipecat-flush".to_owned()).spawn(flush);
        }
        for pipeline in &self.pipelines {
            pipeline.queue.wait_until_settled(deadline);
        }
        self.report()
    }

    /// Sends what waits and closes down, in `timeout` at the most; says what became of all spans. Blocks.
    pub fn shutdown(mut self, timeout: Duration) -> DeliveryReport {
        self.is_shut_down = true;
        let deadline = Deadline::within(timeout);
        let _ = self.flush_within(timeout);
        // What has not gone by now waits for a backend that hangs: it is left to it.
        let left = deadline.left().unwrap_or(Duration::from_millis(1));
        let _ = self.provider.shutdown_with_timeout(left);
        self.report()
    }

    /// What became of all spans so far. Does not wait.
    pub fn report(&self) -> DeliveryReport {
        DeliveryReport {
            destinations: self.pipelines.iter().map(|pipeline| pipeline.queue.report()).collect(),
        }
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        if self.is_shut_down || self.pipelines.iter().all(|pipeline| pipeline.queue.report().waiting == 0) {
            return;
        }
        let report = self.flush_within(DROP);
        if !report.is_complete() {
            tracing::warn!("not all spans arrived: {report}");
        }
    }
}

/// A sentence for a program's start: where traces go.
impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = self.switched_off_by {
            return write!(f, "Tracing is switched off by {variable}.");
        }
        if self.pipelines.is_empty() {
            return write!(f, "Traces of {} go nowhere.", self.service_name);
        }
        let names: Vec<String> =
            self.pipelines.iter().map(|pipeline| pipeline.queue.target().name()).collect();
        write!(f, "Traces of {} go to {}.", self.service_name, names.join(" and "))
    }
}
