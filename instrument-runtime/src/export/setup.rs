//! A running setup.

mod check;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use check::{CheckError, CheckReport};
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_semantic_conventions::attribute::SERVICE_NAME;

use super::builder::AddProcessor;
use super::clock::Deadline;
use super::delivery::{DeliveryReport, ExportPipeline};
use super::env_reader::SettingWarning;
use super::error::SetupError;
use super::open_conversations::OpenConversations;
use super::settings::Settings;
use crate::emit::EmitSettings;
use crate::process::ProcessId;

const DEFAULT_FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// A tracer provider and the delivery of its spans. Keep it until the program ends.
///
/// [`instrument`](Self::instrument) observes every annotated task from then on, [`instrumentor`](Self::instrumentor) does so
/// with more settings, and [`provider`](Self::provider) traces anything else.
///
/// Dropping it shuts it down within five seconds. [`shutdown`](Self::shutdown) also returns the outcome of all spans.
///
/// It sends spans of the process that built it. In a child of `fork`, it sends nothing, and shutting it down or
/// dropping it neither waits nor sends or spools what the parent has queued: build another setup there.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use std::time::Duration;
///
/// use pipecat_instrument::setup::{self, SetupError};
/// # use pipecat_instrument::setup::ExporterKind;
///
/// let setup = setup::builder()
///     .service_name("desk")
/// #   .exporters([ExporterKind::Console])
///     .build()?;
/// println!("{setup}"); // Traces of desk go to Phoenix at http://localhost:6006/v1/traces.
///
/// // … the program …
///
/// println!("{}", setup.shutdown(Duration::from_secs(5)));
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it ends the export; bind it to a name: `let setup = …`"]
pub struct Setup {
    settings: Settings,
    provider: SdkTracerProvider,
    pipelines: Vec<ExportPipeline>,
    conversations: OpenConversations,
    emit: EmitSettings,
    is_on: bool,
    /// Set by `shutdown`, after which dropping the setup does nothing.
    is_shut_down: AtomicBool,
    owner: ProcessId,
}

impl Setup {
    /// Opens a pipeline to each destination and builds the provider.
    pub(super) fn new(settings: Settings, processors: Vec<AddProcessor>) -> Result<Self, SetupError> {
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let mut provider = SdkTracerProvider::builder()
            .with_resource(settings.resource.clone())
            .with_sampler(settings.sampler.clone())
            .with_span_limits(settings.span_limits);
        let conversations = OpenConversations::new();
        provider = provider.with_span_processor(conversations.clone());
        let mut pipelines = Vec::new();
        for destination in &settings.destinations {
            let pipeline = ExportPipeline::open(
                destination.clone(),
                settings.batch,
                settings.spool.as_ref(),
                &settings.resource,
            )?;
            provider = provider.with_span_processor(pipeline.processor());
            pipelines.push(pipeline);
        }
        let is_enabled = settings.disabled_by.is_none();
        let is_on = is_enabled && !(pipelines.is_empty() && processors.is_empty());
        if is_enabled {
            provider =
                processors.into_iter().fold(provider, |provider, processor| processor.add_to(provider));
        }
        let mut emit = EmitSettings::default();
        if let Some(preset) = settings.preset {
            emit = emit.preset(preset);
        }
        let max_attributes = settings.span_limits.max_attributes_per_span;
        emit.attribute_limit = usize::try_from(max_attributes).unwrap_or(usize::MAX);
        let provider = provider.build();
        let owner = ProcessId::current();
        let is_shut_down = AtomicBool::new(false);
        Ok(Self { settings, provider, pipelines, conversations, emit, is_on, is_shut_down, owner })
    }

    /// Returns the tracer provider. Clones share everything.
    pub fn provider(&self) -> SdkTracerProvider {
        self.provider.clone()
    }

    /// Returns whether spans have a destination.
    ///
    /// They have none with `OTEL_SDK_DISABLED=true`, `ENABLE_TRACING=false` or `OTEL_TRACES_EXPORTER=none`.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Returns the layout, names and conventions that suit the backend, and the provider's limit of attributes.
    pub fn emit_settings(&self) -> &EmitSettings {
        &self.emit
    }

    /// Returns the number of characters that texts are truncated to: `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`.
    pub fn max_value_length(&self) -> Option<usize> {
        self.settings.max_value_length
    }

    /// Returns the variables that are ignored because of mistakes. They were also logged.
    pub fn warnings(&self) -> &[SettingWarning] {
        &self.settings.warnings
    }

    /// Sends the queued spans, for up to ten seconds, and returns the outcome of all spans so far.
    ///
    /// While a backend is away, it is tried again at once and then with growing waits. Blocks. In async code, call it in
    /// `spawn_blocking`.
    pub fn flush(&self) -> DeliveryReport {
        self.flush_within(DEFAULT_FLUSH_TIMEOUT)
    }

    /// Sends the queued spans, for up to `timeout`, and returns the outcome of all spans so far.
    ///
    /// Blocks, as [`flush`](Self::flush) does.
    pub fn flush_within(&self, timeout: Duration) -> DeliveryReport {
        let deadline = Deadline::within(timeout);
        if !self.is_of_parent() {
            self.start_flush();
            for pipeline in &self.pipelines {
                pipeline.wait_until_settled(deadline);
            }
        }
        self.report()
    }

    /// Ends open conversations, sends the queued spans and stops, within `timeout`, and returns the outcome of all
    /// spans.
    ///
    /// A conversation is open if an observer of it exists and it has a span in this setup. It ends as at the end of its
    /// pipeline: an open turn has the end reason `ended`.
    ///
    /// While a backend is away, it is tried again at once and then with growing waits. Spans that are left at the end of
    /// `timeout` are lost: they count as [`failed`](super::DestinationReport::failed) with the error of the last attempt,
    /// or as [`queued`](super::DestinationReport::queued) if none has failed. Returns early if a backend asks for a longer
    /// wait.
    ///
    /// With a [spool](super::SetupBuilder::spool), they are written there instead. The end of `timeout` is reserved for
    /// that: one second, and one more for each 64 MiB of spans, but at most half of `timeout`. A disk that needs longer may
    /// delay the return, by one second and one for each 64 MiB at most.
    ///
    /// Blocks. Spans that end later are not sent, and count as
    /// [`late`](super::DestinationReport::late). See [Shutdown](super#shutdown).
    pub fn shutdown(&self, timeout: Duration) -> DeliveryReport {
        self.is_shut_down.store(true, Ordering::Relaxed);
        if self.is_of_parent() {
            return self.report();
        }
        let deadline = Deadline::within(timeout);
        self.conversations.shut_down(deadline);
        self.start_flush();
        for pipeline in &self.pipelines {
            pipeline.shut_down(deadline);
        }
        // The processors of the program.
        let left = deadline.left().unwrap_or(Duration::from_millis(1));
        let _ = self.provider.shutdown_with_timeout(left);
        self.report()
    }

    /// Starts to send to all destinations at once, as the caller then waits for one after the other.
    fn start_flush(&self) {
        for pipeline in &self.pipelines {
            pipeline.start_flush();
        }
    }

    /// Returns whether this is a child of the process that sends the spans. What is queued is sent by the parent, on
    /// threads that this process does not have.
    fn is_of_parent(&self) -> bool {
        self.owner != ProcessId::current()
    }

    /// Returns the outcome of all spans so far, without waiting.
    pub fn report(&self) -> DeliveryReport {
        DeliveryReport { destinations: self.pipelines.iter().map(ExportPipeline::report).collect() }
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        if self.is_of_parent() {
            // Dropping either would shut it down.
            std::mem::forget((self.provider.clone(), std::mem::take(&mut self.pipelines)));
            return;
        }
        if *self.is_shut_down.get_mut() {
            return;
        }
        let report = self.shutdown(DROP_TIMEOUT);
        if !report.is_complete() {
            tracing::warn!("not all spans arrived: {report}");
        }
    }
}

/// Prints the destinations in a sentence, for the start of a program.
impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = self.settings.disabled_by {
            return write!(f, "Tracing is switched off by {variable}.");
        }
        let name = self.settings.resource.get(&SERVICE_NAME.into()).unwrap_or_else(|| "".into());
        if self.pipelines.is_empty() {
            return write!(f, "Traces of {name} go nowhere.");
        }
        let names: Vec<String> =
            self.pipelines.iter().map(|pipeline| pipeline.destination().name()).collect();
        write!(f, "Traces of {name} go to {}.", names.join(" and "))
    }
}
