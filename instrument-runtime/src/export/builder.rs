//! Settings by code.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::{Sampler, SpanProcessor, TracerProviderBuilder};

use super::headers::{Headers, Secret};
use super::settings::{Settings, SpoolSettings};
use super::{Backend, Compression, Environment, ExporterKind, Protocol, Setup, SetupError};

/// Builds a [`Setup`] from code, and from the environment where code leaves a setting open.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use std::time::Duration;
///
/// use pipecat_instrument::setup::{self, Backend, Compression, SetupError};
/// # use pipecat_instrument::setup::{Environment, ExporterKind};
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
#[derive(Debug, Default)]
pub struct SetupBuilder {
    environment: Option<Environment>,
    processors: Vec<AddProcessor>,
    first_error: Option<SetupError>,
    // Settings by code, which override the environment. `None` leaves a setting open.
    pub(super) backend: Option<Backend>,
    pub(super) exporters: Option<Vec<ExporterKind>>,
    pub(super) fallback_exporters: Option<Vec<ExporterKind>>,
    /// Secret because some backends take a key in its query.
    pub(super) endpoint: Option<Secret>,
    pub(super) protocol: Option<Protocol>,
    pub(super) headers: Headers,
    pub(super) timeout: Option<Duration>,
    pub(super) compression: Option<Compression>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) project: Option<String>,
    pub(super) service_name: Option<String>,
    pub(super) default_service_name: Option<String>,
    pub(super) service_version: Option<String>,
    pub(super) service_instance_id: Option<String>,
    pub(super) deployment: Option<String>,
    pub(super) resource_attributes: Vec<KeyValue>,
    pub(super) sampler: Option<Sampler>,
    pub(super) max_attributes: Option<u32>,
    pub(super) max_queue_spans: Option<usize>,
    pub(super) max_queue_bytes: Option<usize>,
    pub(super) spool: Option<SpoolSettings>,
    pub(super) max_batch_spans: Option<usize>,
    pub(super) schedule_delay: Option<Duration>,
}

/// A span processor to be added to the provider.
pub(super) struct AddProcessor(Box<dyn FnOnce(TracerProviderBuilder) -> TracerProviderBuilder + Send>);

impl AddProcessor {
    pub(super) fn add_to(self, provider: TracerProviderBuilder) -> TracerProviderBuilder {
        (self.0)(provider)
    }
}

impl fmt::Debug for AddProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddProcessor")
    }
}

impl SetupBuilder {
    /// Sets the variables to read instead of this process's, for tests or for configuration files.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Sets the backend, which brings an endpoint, credentials and the conventions that suit it.
    ///
    /// Overrides `PIPECAT_TRACE_PRESET`.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Sets the URL of the backend, with or without `/v1/traces` at its end.
    ///
    /// Overrides `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(Secret::new(url));
        self
    }

    /// Sets the protocol. Default: [`Protocol::HttpProtobuf`].
    ///
    /// Overrides `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Adds a header to every request. Its value is a secret, and is not percent-decoded.
    ///
    /// Overrides the header of this name in `OTEL_EXPORTER_OTLP_HEADERS`. [`build`](Self::build) returns an error if
    /// HTTP does not allow the name or the value.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(error) = self.headers.insert("the header", name, value) {
            self.first_error.get_or_insert(error);
        }
        self
    }

    /// Sets the time limit of one request. Default: 10 s.
    ///
    /// Overrides `OTEL_EXPORTER_OTLP_TIMEOUT`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the compression of requests. Default: [`Compression::None`].
    ///
    /// Overrides `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Sets a PEM file with the certificates to trust, instead of Mozilla's.
    ///
    /// Overrides `OTEL_EXPORTER_OTLP_CERTIFICATE`.
    pub fn certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificate = Some(path.into());
        self
    }

    /// Sets the project of the traces, in Phoenix and Arize.
    ///
    /// Overrides `PHOENIX_PROJECT_NAME` and `ARIZE_PROJECT_NAME`.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = Some(name.into());
        self
    }

    /// Sets the exporters. Default: [`ExporterKind::Otlp`].
    ///
    /// Overrides `OTEL_TRACES_EXPORTER` and `OTEL_CONSOLE_EXPORT`.
    pub fn exporters(mut self, kinds: impl IntoIterator<Item = ExporterKind>) -> Self {
        self.exporters = Some(kinds.into_iter().collect());
        self
    }

    /// Sets the exporters to use if nothing names an exporter, a backend or an endpoint.
    ///
    /// Without this, spans then go to a collector on this machine. Suits programs that are also run without a backend.
    ///
    /// ```
    /// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
    /// use pipecat_instrument::setup::{self, Environment, ExporterKind, SetupError};
    ///
    /// let setup = setup::builder()
    ///     .service_name("desk")
    ///     .fallback_exporters([ExporterKind::Console])
    ///     .environment(Environment::default()) // no variables
    ///     .build()?;
    /// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
    /// # Ok::<(), SetupError>(())
    /// ```
    pub fn fallback_exporters(mut self, kinds: impl IntoIterator<Item = ExporterKind>) -> Self {
        self.fallback_exporters = Some(kinds.into_iter().collect());
        self
    }

    /// Sets the name of this program.
    ///
    /// Overrides `OTEL_SERVICE_NAME`.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Sets the name of this program to use if the environment has none.
    ///
    /// ```
    /// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
    /// use pipecat_instrument::setup::{self, Environment, SetupError};
    ///
    /// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console")]);
    /// let setup = setup::builder().default_service_name("desk").environment(environment).build()?;
    /// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
    /// # Ok::<(), SetupError>(())
    /// ```
    pub fn default_service_name(mut self, name: impl Into<String>) -> Self {
        self.default_service_name = Some(name.into());
        self
    }

    /// Sets the version of this program.
    pub fn service_version(mut self, version: impl Into<String>) -> Self {
        self.service_version = Some(version.into());
        self
    }

    /// Sets the id of this process among those of the program. Default: a random UUID.
    pub fn service_instance_id(mut self, id: impl Into<String>) -> Self {
        self.service_instance_id = Some(id.into());
        self
    }

    /// Sets the environment that the program is deployed in: `production`, `staging`, ….
    pub fn deployment(mut self, name: impl Into<String>) -> Self {
        self.deployment = Some(name.into());
        self
    }

    /// Adds attributes of the resource, which override those of `OTEL_RESOURCE_ATTRIBUTES`.
    pub fn resource_attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.resource_attributes.extend(attributes);
        self
    }

    /// Sets the sampler. Default: every trace, unless the parent is not sampled.
    ///
    /// Overrides `OTEL_TRACES_SAMPLER`.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Sets the limit of attributes of one span. Default: 1,024. The messages of LLM calls are truncated to fit.
    ///
    /// Overrides `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`.
    pub fn attribute_limit(mut self, limit: u32) -> Self {
        self.max_attributes = Some(limit);
        self
    }

    /// Sets the limit of queued spans. Default: 65,536. A full queue drops its oldest spans.
    ///
    /// Overrides `OTEL_BSP_MAX_QUEUE_SIZE`.
    pub fn max_queue_spans(mut self, spans: usize) -> Self {
        self.max_queue_spans = Some(spans);
        self
    }

    /// Sets the limit of bytes of all queued spans. Default: 128 MiB.
    ///
    /// Overrides `PIPECAT_TRACE_MAX_QUEUE_BYTES`.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.max_queue_bytes = Some(bytes);
        self
    }

    /// Keeps spans that cannot be sent in `directory`, in files of at most `max_bytes` bytes in all. Default: none are
    /// kept.
    ///
    /// Spans are written there when the queue is full, and when the time of a [shutdown](super::Setup::shutdown) is
    /// over. They are sent once the backend accepts spans again and nothing newer waits, by this process or by the next
    /// one with the same directory and the same backend. If the files exceed `max_bytes`, the oldest are removed, and
    /// their spans counted.
    ///
    /// Any number of processes may share the directory, if they send with the same credentials. Only the current user
    /// can read the files; other users must not be able to write the directory. A process that dies loses the spans in
    /// its memory. What it was sending from the directory is sent again, so that a span may arrive twice. [The
    /// guide][guide] has more.
    ///
    /// The console has no spool.
    ///
    /// [guide]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/scale-out.md#spool
    ///
    /// Overrides `PIPECAT_TRACE_SPOOL_DIR` and `PIPECAT_TRACE_SPOOL_MAX_BYTES`.
    ///
    /// ```
    /// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
    /// use pipecat_instrument::setup;
    /// # use pipecat_instrument::setup::ExporterKind;
    ///
    /// let setup = setup::builder()
    ///     .spool("/var/spool/desk", 512 * 1024 * 1024)
    /// #   .exporters([ExporterKind::Console])
    ///     .build()?;
    /// # drop(setup);
    /// # Ok::<(), setup::SetupError>(())
    /// ```
    pub fn spool(mut self, directory: impl Into<PathBuf>, max_bytes: u64) -> Self {
        self.spool = Some(SpoolSettings { directory: directory.into(), max_bytes });
        self
    }

    /// Sets the limit of spans in one request. Default: 512. A request never has more than about 3 MiB of spans.
    ///
    /// Overrides `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
    pub fn max_batch_spans(mut self, spans: usize) -> Self {
        self.max_batch_spans = Some(spans);
        self
    }

    /// Sets the longest time that a span waits for others to share its request. Default: 1 s.
    ///
    /// Overrides `OTEL_BSP_SCHEDULE_DELAY`.
    pub fn schedule_delay(mut self, delay: Duration) -> Self {
        self.schedule_delay = Some(delay);
        self
    }

    /// Adds a span processor, which receives every span when it starts and when it ends.
    ///
    /// ```
    /// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
    /// use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
    /// use pipecat_instrument::setup::{self, SetupError};
    ///
    /// let spans = InMemorySpanExporter::default();
    /// let setup = setup::builder()
    ///     .exporters([]) // nothing but the processor
    ///     .span_processor(SimpleSpanProcessor::new(spans.clone()))
    ///     .build()?;
    /// # drop(setup);
    /// # Ok::<(), SetupError>(())
    /// ```
    pub fn span_processor(mut self, processor: impl SpanProcessor + 'static) -> Self {
        self.processors.push(AddProcessor(Box::new(|provider| provider.with_span_processor(processor))));
        self
    }

    /// Builds the setup. Nothing is sent yet; [`Setup::check`] tests the connection.
    ///
    /// # Errors
    ///
    /// Returns an error if a URL, a header or a credential is missing or invalid, if the program lacks a feature that a
    /// setting needs, or if a certificate cannot be read. Variables with other mistakes are ignored and logged; see
    /// [`Setup::warnings`].
    pub fn build(mut self) -> Result<Setup, SetupError> {
        if let Some(error) = self.first_error {
            return Err(error);
        }
        let environment = self.environment.take().unwrap_or_else(Environment::from_process);
        Setup::new(Settings::read(&self, &environment)?, self.processors)
    }
}
