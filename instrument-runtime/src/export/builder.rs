//! What code says, over what the environment says.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanProcessor, TracerProviderBuilder,
};

use super::delivery::{AdmissionProcessor, Delivery, QueueLimits, SpanQueue, Target, Transport};
use super::export_pipeline::ExportPipeline;
use super::headers;
use super::secret::Secret;
use super::settings::{Batch, Destination, Overrides, Settings};
use super::{Backend, Compression, Environment, ExporterKind, Protocol, Setup, SetupError};
use crate::console::{Color, ConsoleExporter, TreeStyle};
use crate::emit::EmitSettings;

/// Settings, and then [`build`](Self::build). What is not said here is up to the environment.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::export::{self as setup, Backend, Compression, Environment, ExporterKind, SetupError};
///
/// let setup = setup::builder()
///     .backend(Backend::Phoenix)
///     .project("front desk")
///     .service_name("desk")
///     .service_version(env!("CARGO_PKG_VERSION"))
///     .deployment("production")
///     .compression(Compression::Gzip)
///     .timeout(Duration::from_secs(5))
///     # .environment(Environment::default())
///     # .exporters([ExporterKind::Console])
///     .build()?;
/// # let _ = setup;
/// # Ok::<(), SetupError>(())
/// ```
#[must_use = "nothing is set up until `build` is called"]
#[derive(Default)]
pub struct SetupBuilder {
    said: Overrides,
    environment: Option<Environment>,
    processors: Vec<AddProcessor>,
    wrong: Option<SetupError>,
}

/// How many spans the SDK's batch processor holds of those that wait. It sets the room for them aside at the start, 352
/// bytes each: the rest waits in a queue that takes what it needs.
const HANDED_SPANS: usize = 2_048;

type AddProcessor = Box<dyn FnOnce(TracerProviderBuilder) -> TracerProviderBuilder + Send>;

impl SetupBuilder {
    /// The variables to read instead of this process's: in tests, or from a configuration file.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// The backend that traces go to, and what suits it: address, headers, layout, names, conventions. Instead of
    /// `PIPECAT_TRACE_PRESET`.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.said.backend = Some(backend);
        self
    }

    /// Where traces go: an address that `/v1/traces` lies under, or the whole of it. Instead of
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.said.endpoint = Some(Secret::new(url));
        self
    }

    /// How the backend is spoken to. Instead of `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.said.protocol = Some(protocol);
        self
    }

    /// A header for every request, over one of that name in `OTEL_EXPORTER_OTLP_HEADERS`. Its value is treated as a
    /// secret, and taken as it is: it is not percent-decoded.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match headers::checked("the header", name, value) {
            Ok(header) => self.said.headers.push(header),
            Err(error) => self.wrong = self.wrong.or(Some(error)),
        }
        self
    }

    /// How long the backend may take for one request: 10 s unless told otherwise. Instead of
    /// `OTEL_EXPORTER_OTLP_TIMEOUT`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.said.timeout = Some(timeout);
        self
    }

    /// Whether requests are compressed. Instead of `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.said.compression = Some(compression);
        self
    }

    /// A file with the certificates to trust instead of the usual ones, in PEM. Instead of
    /// `OTEL_EXPORTER_OTLP_CERTIFICATE`.
    pub fn certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.said.certificate = Some(path.into());
        self
    }

    /// The project that the traces belong to, in Phoenix and Arize. Instead of `PHOENIX_PROJECT_NAME`,
    /// `ARIZE_PROJECT_NAME`.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.said.project = Some(name.into());
        self
    }

    /// Where spans go. Instead of `OTEL_TRACES_EXPORTER` and `OTEL_CONSOLE_EXPORT`.
    pub fn exporters(mut self, kinds: impl IntoIterator<Item = ExporterKind>) -> Self {
        self.said.exporters = Some(kinds.into_iter().collect());
        self
    }

    /// Where spans go if the environment names neither an exporter nor a backend: unless this is said, to a backend on this
    /// machine. For programs that people also run with nothing else running.
    ///
    /// ```
    /// use pipecat_instrument_runtime::export::{self as setup, Environment, ExporterKind, SetupError};
    ///
    /// let builder = || setup::builder().service_name("desk").fallback_exporters([ExporterKind::Console]);
    /// let setup = builder().environment(Environment::default()).build()?;
    /// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
    /// # Ok::<(), SetupError>(())
    /// ```
    pub fn fallback_exporters(mut self, kinds: impl IntoIterator<Item = ExporterKind>) -> Self {
        self.said.fallback_exporters = Some(kinds.into_iter().collect());
        self
    }

    /// What this program is called. Instead of `OTEL_SERVICE_NAME`.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.said.service_name = Some(name.into());
        self
    }

    /// What it is called if the environment does not say: for programs that are started under many names.
    ///
    /// ```
    /// use pipecat_instrument_runtime::export::{self as setup, Environment, SetupError};
    ///
    /// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console")]);
    /// let setup = setup::builder().default_service_name("desk").environment(environment).build()?;
    /// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
    /// # Ok::<(), SetupError>(())
    /// ```
    pub fn default_service_name(mut self, name: impl Into<String>) -> Self {
        self.said.default_service_name = Some(name.into());
        self
    }

    /// Its version.
    pub fn service_version(mut self, version: impl Into<String>) -> Self {
        self.said.service_version = Some(version.into());
        self
    }

    /// Which of its processes this is: a UUID unless told otherwise.
    pub fn service_instance_id(mut self, id: impl Into<String>) -> Self {
        self.said.service_instance_id = Some(id.into());
        self
    }

    /// Where it runs: `production`, `staging`, ….
    pub fn deployment(mut self, name: impl Into<String>) -> Self {
        self.said.deployment = Some(name.into());
        self
    }

    /// More attributes of the resource, over those of `OTEL_RESOURCE_ATTRIBUTES`.
    pub fn resource_attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.said.resource_attributes.extend(attributes);
        self
    }

    /// Which traces are kept. Instead of `OTEL_TRACES_SAMPLER`.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.said.sampler = Some(sampler);
        self
    }

    /// How many attributes a span carries: 1,024 unless told otherwise. Messages are measured to fit into it. Instead of
    /// `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`.
    pub fn attribute_limit(mut self, limit: u32) -> Self {
        self.said.attribute_limit = Some(limit);
        self
    }

    /// How many spans wait to be sent, at most: 65,536 unless told otherwise. Instead of `OTEL_BSP_MAX_QUEUE_SIZE`.
    pub fn max_queue_spans(mut self, spans: usize) -> Self {
        self.said.batch.queue_spans = Some(spans);
        self
    }

    /// How many bytes they hold, at most: 128 MiB unless told otherwise. Instead of `PIPECAT_TRACE_MAX_QUEUE_BYTES`.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.said.batch.queue_bytes = Some(bytes);
        self
    }

    /// How many spans go in one request, at most: 512 unless told otherwise, and never more than some 3 MiB of them.
    /// Instead of `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
    pub fn max_batch_spans(mut self, spans: usize) -> Self {
        self.said.batch.request_spans = Some(spans);
        self
    }

    /// How long a span waits for others to be sent with: 1 s unless told otherwise. Instead of
    /// `OTEL_BSP_SCHEDULE_DELAY`.
    pub fn schedule_delay(mut self, delay: Duration) -> Self {
        self.said.batch.delay = Some(delay);
        self
    }

    /// One more place that spans go through, as they start and end.
    ///
    /// ```
    /// use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
    /// use pipecat_instrument_runtime::export::{self as setup, Environment, SetupError};
    ///
    /// let spans = InMemorySpanExporter::default();
    /// let setup = setup::builder()
    ///     .environment(Environment::from_iter([("OTEL_TRACES_EXPORTER", "none")]))
    ///     .span_processor(SimpleSpanProcessor::new(spans.clone()))
    ///     .build()?;
    /// # drop(setup);
    /// # Ok::<(), SetupError>(())
    /// ```
    pub fn span_processor(mut self, processor: impl SpanProcessor + 'static) -> Self {
        self.processors.push(Box::new(|provider| provider.with_span_processor(processor)));
        self
    }

    /// Sets it up. Nothing is sent yet: whether the backend is there says [`Setup::check`].
    pub fn build(self) -> Result<Setup, SetupError> {
        if let Some(error) = self.wrong {
            return Err(error);
        }
        let environment = self.environment.unwrap_or_else(Environment::from_process);
        let settings = Settings::read(&self.said, &environment)?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let resource = Resource::builder_empty().with_attributes(settings.resource.clone()).build();
        let mut pipelines = Vec::new();
        let mut provider = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_sampler(settings.sampler.clone())
            .with_max_attributes_per_span(settings.limits.attributes)
            .with_max_events_per_span(settings.limits.events)
            .with_max_links_per_span(settings.limits.links)
            .with_max_attributes_per_event(settings.limits.attributes_of_event)
            .with_max_attributes_per_link(settings.limits.attributes_of_link);
        for destination in settings.destinations {
            let pipeline = pipeline(destination, &settings.batch, &resource)?;
            provider = provider.with_span_processor(pipeline.processor.clone());
            pipelines.push(pipeline);
        }
        let is_on =
            settings.switched_off_by.is_none() && !(pipelines.is_empty() && self.processors.is_empty());
        if settings.switched_off_by.is_none() {
            for add in self.processors {
                provider = add(provider);
            }
        }
        let mut emit = EmitSettings::default();
        if let Some(preset) = settings.preset {
            emit = emit.preset(preset);
        }
        emit.attribute_limit = usize::try_from(settings.limits.attributes).unwrap_or(usize::MAX);
        Ok(Setup {
            provider: provider.build(),
            pipelines,
            resource,
            service_name: settings.service_name,
            switched_off_by: settings.switched_off_by,
            is_on,
            emit,
            value_length: settings.limits.value_length,
            warnings: settings.warnings,
            is_shut_down: false,
        })
    }
}

/// Values of headers are not shown.
impl fmt::Debug for SetupBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupBuilder")
            .field("said", &self.said)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// One destination, from the counting before its queue to what carries spans there.
fn pipeline(
    destination: Destination,
    batch: &Batch,
    resource: &Resource,
) -> Result<ExportPipeline, SetupError> {
    let (target, transport, otlp) = match destination {
        Destination::Console => (Target::Console, console(), None),
        Destination::Otlp(settings) => {
            (Target::from(&*settings), super::export_pipeline::open(&settings, resource)?, Some(settings))
        }
    };
    let handed = batch.queue_spans.min(HANDED_SPANS.max(batch.request_spans));
    let room = QueueLimits { spans: batch.queue_spans, bytes: batch.queue_bytes, handed };
    let queue = Arc::new(SpanQueue::new(target, room));
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(handed)
        .with_max_export_batch_size(batch.request_spans)
        .with_scheduled_delay(batch.delay)
        .build();
    let batches =
        BatchSpanProcessor::builder(Delivery::new(transport, Arc::clone(&queue), batch.request_spans))
            .with_batch_config(config)
            .build();
    Ok(ExportPipeline { processor: AdmissionProcessor::new(batches, Arc::clone(&queue)), queue, otlp })
}

fn console() -> Transport {
    use std::io::IsTerminal;

    let color = if std::io::stdout().is_terminal() { Color::Always } else { Color::Never };
    Transport::Console(Box::new(ConsoleExporter::stdout(TreeStyle { color, ..TreeStyle::default() })))
}
