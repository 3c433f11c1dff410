//! The builder that instruments a program.

use std::path::PathBuf;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Tracer, TracerProvider};

#[cfg(feature = "setup")]
use super::PipecatInstrumentor;
use super::{InstrumentError, ScopedGuard, global, registry};
#[cfg(feature = "metrics")]
use crate::emit::MetricsRecorder;
use crate::emit::{Conventions, EmitSettings, Preset, SpanNaming, TraceLayout, Tracers};
use crate::frame_log::{FrameLogWriter, PartSize};
use crate::observer::ObserverProvider;
use crate::privacy::TraceConfig;

/// Sets options, and instruments the process with [`instrument`](Self::instrument).
///
/// ```
/// use std::time::Duration;
///
/// use opentelemetry::KeyValue;
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Conventions;
/// use pipecat_instrument_runtime::instrumentor::{InstrumentError, PipecatInstrumentor};
///
/// PipecatInstrumentor::builder()
///     .turn_end_timeout(Duration::from_millis(1_500))
///     .conventions(Conventions::OPENINFERENCE)
///     .attributes([KeyValue::new("deployment.ring", "canary")])
///     .instrument(NoopTracerProvider::new())?;
/// # PipecatInstrumentor::uninstrument();
/// # Ok::<(), InstrumentError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is instrumented until `instrument` is called"]
pub struct InstrumentorBuilder {
    debug_log: Option<PathBuf>,
    debug_log_part_size: Option<PartSize>,
    turn_end_timeout: Option<Duration>,
    emit: EmitSettings,
    attributes: Vec<KeyValue>,
    #[cfg(feature = "metrics")]
    metrics: Option<MetricsRecorder>,
    trace_config: TraceConfig,
}

impl InstrumentorBuilder {
    /// Writes every hop of every frame to a frame log, one file per conversation, such as
    /// `frames-{conversation_id}.jsonl`. `pipecat-trace replay` reads it. The log contains the text of the conversation
    /// unless [`trace_config`](Self::trace_config) hides it, but never audio.
    pub fn debug_log(mut self, path: impl Into<PathBuf>) -> Self {
        self.debug_log = Some(path.into());
        self
    }

    /// Splits frame logs into parts of this size, named `frames-call-42.part-0001.jsonl` and so on. Given the first,
    /// `pipecat-trace` reads all parts.
    ///
    /// ```
    /// use pipecat_instrument_runtime::frame_log::PartSize;
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    ///
    /// let builder = PipecatInstrumentor::builder()
    ///     .debug_log("logs/frames-{conversation_id}.jsonl.gz")
    ///     .debug_log_part_size(PartSize::bytes(50 << 20));
    /// # let _ = builder;
    /// ```
    pub fn debug_log_part_size(mut self, size: PartSize) -> Self {
        self.debug_log_part_size = Some(size);
        self
    }

    /// Sets the time from the end of the bot's speech to the end of its turn. The default is 2.5 s.
    pub fn turn_end_timeout(mut self, timeout: Duration) -> Self {
        self.turn_end_timeout = Some(timeout);
        self
    }

    /// Sets whether a trace is one turn or one conversation. The default is a turn.
    pub fn layout(mut self, layout: TraceLayout) -> Self {
        self.emit = self.emit.layout(layout);
        self
    }

    /// Sets the naming of spans. The default is that of OpenInference.
    pub fn span_names(mut self, names: SpanNaming) -> Self {
        self.emit = self.emit.span_names(names);
        self
    }

    /// Sets layout, naming and conventions for a backend. Later settings override it.
    ///
    /// ```
    /// use pipecat_instrument_runtime::emit::{Preset, TraceLayout};
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    ///
    /// let builder = PipecatInstrumentor::builder().preset(Preset::langfuse()).layout(TraceLayout::PerConversation);
    /// # let _ = builder;
    /// ```
    pub fn preset(mut self, preset: Preset) -> Self {
        self.emit = self.emit.preset(preset);
        self
    }

    /// Sets the conventions whose attributes are written. The default is OpenInference and GenAI.
    pub fn conventions(mut self, conventions: Conventions) -> Self {
        self.emit = self.emit.conventions(conventions);
        self
    }

    /// Sets the privacy settings of spans and frame logs. Options that `config` does not set are read from the
    /// environment (`OPENINFERENCE_HIDE_INPUTS=true`), once, when the program is instrumented.
    pub fn trace_config(mut self, config: TraceConfig) -> Self {
        self.trace_config = config;
        self
    }

    /// Adds attributes to every span.
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Sets the maximum number of attributes per span. The default is 128. Set it to the tracer provider's
    /// `max_attributes_per_span`, beyond which the provider drops attributes silently.
    pub fn attribute_limit(mut self, limit: usize) -> Self {
        self.emit.attribute_limit = limit;
        self
    }

    /// Records OpenTelemetry metrics of all conversations with `provider`, whether or not their spans are sampled.
    /// [`docs/metrics.md`] lists them.
    ///
    /// [`docs/metrics.md`]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/metrics.md
    ///
    /// ```
    /// use opentelemetry::metrics::NoopMeterProvider;
    /// use opentelemetry::trace::noop::NoopTracerProvider;
    /// use pipecat_instrument_runtime::instrumentor::{InstrumentError, PipecatInstrumentor};
    ///
    /// let scoped = PipecatInstrumentor::builder()
    ///     .meter_provider(NoopMeterProvider::new())
    ///     .scoped(NoopTracerProvider::new())?;
    /// # drop(scoped);
    /// # Ok::<(), InstrumentError>(())
    /// ```
    #[cfg(feature = "metrics")]
    pub fn meter_provider(
        mut self,
        provider: impl opentelemetry::metrics::MeterProvider + Send + Sync + 'static,
    ) -> Self {
        self.metrics = Some(MetricsRecorder::new(provider));
        self
    }

    /// Observes every annotated task that is built from now on, and makes their spans with `provider`.
    ///
    /// # Errors
    ///
    /// Returns an error if the process is instrumented, or if the frame log cannot be written. Nothing has changed then.
    #[allow(clippy::needless_pass_by_value, reason = "a provider is a handle, cheap to clone")]
    pub fn instrument<P>(self, provider: P) -> Result<(), InstrumentError>
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        global::ensure_unset()?;
        global::set(self.observer_provider(Tracers::new(&provider))?)?;
        registry::warn_if_none();
        Ok(())
    }

    /// Observes every annotated task that this thread builds until the guard is dropped, instead of instrumenting the
    /// process. For tests, which run in parallel.
    ///
    /// # Errors
    ///
    /// Returns an error if the frame log cannot be written.
    #[allow(clippy::needless_pass_by_value, reason = "a provider is a handle, cheap to clone")]
    pub fn scoped<P>(self, provider: P) -> Result<ScopedGuard, InstrumentError>
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        Ok(global::enter_scope(self.observer_provider(Tracers::new(&provider))?))
    }

    fn observer_provider(self, tracers: Tracers) -> Result<ObserverProvider, InstrumentError> {
        let mut provider = ObserverProvider::new(tracers)
            .emit_settings(self.emit)
            .attributes(self.attributes)
            .trace_config(self.trace_config);
        if let Some(timeout) = self.turn_end_timeout {
            provider = provider.turn_end_timeout(timeout);
        }
        #[cfg(feature = "metrics")]
        if let Some(metrics) = &self.metrics {
            provider = provider.metrics(metrics);
        }
        if let Some(path) = self.debug_log {
            let writer = match self.debug_log_part_size {
                Some(size) => FrameLogWriter::in_parts(path, size)?,
                None => FrameLogWriter::new(path)?,
            };
            provider = provider.frame_log(writer);
        }
        Ok(provider)
    }
}

#[cfg(feature = "setup")]
impl crate::export::Setup {
    /// Observes every annotated task that is built from now on. Its spans go to the exporters of this setup, with
    /// layout, naming and conventions for their backend. If the environment switches tracing off, no task is observed,
    /// and the result is `Ok`.
    ///
    /// # Errors
    ///
    /// Returns an error if the process is instrumented. Nothing has changed then.
    ///
    /// ```
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    /// # use pipecat_instrument_runtime::export::{self as setup, Environment};
    ///
    /// # let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console")]);
    /// let setup = setup::builder().environment(environment).build()?;
    /// setup.instrument()?;
    /// assert!(PipecatInstrumentor::is_instrumented());
    /// # PipecatInstrumentor::uninstrument();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn instrument(&self) -> Result<(), InstrumentError> {
        if self.is_on() { self.instrumentor().instrument(self.provider()) } else { Ok(()) }
    }

    /// Returns a builder with the settings of this setup, to change some of them. Finish it with
    /// `instrument(setup.provider())`.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    /// # use pipecat_instrument_runtime::export::{self as setup, Environment};
    ///
    /// # let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console")]);
    /// let setup = setup::builder().environment(environment).build()?;
    /// setup.instrumentor().turn_end_timeout(Duration::from_secs(2)).instrument(setup.provider())?;
    /// # PipecatInstrumentor::uninstrument();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn instrumentor(&self) -> InstrumentorBuilder {
        let emit = self.emit_settings();
        let mut builder = PipecatInstrumentor::builder()
            .layout(emit.layout)
            .span_names(emit.span_names)
            .conventions(emit.conventions)
            .attribute_limit(emit.attribute_limit);
        if let Some(length) = self.max_value_length() {
            builder = builder.trace_config(TraceConfig::default().max_value_length(length));
        }
        builder
    }
}
