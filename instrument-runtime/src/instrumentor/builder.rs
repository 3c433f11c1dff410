//! Settings of the switch.

use std::path::PathBuf;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Tracer, TracerProvider};

use super::{InstrumentError, ScopedGuard, registry, switch};
#[cfg(feature = "metrics")]
use crate::emit::MetricsRecorder;
use crate::emit::{Conventions, EmitSettings, Preset, SpanNaming, TraceLayout, Tracers};
use crate::frame_log::{FrameLogWriter, PartSize};
use crate::observer::ObserverProvider;
use crate::privacy::TraceConfig;

/// Settings, and then [`instrument`](Self::instrument).
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
    meters: Option<MetricsRecorder>,
    trace_config: TraceConfig,
}

impl InstrumentorBuilder {
    /// Write every hop of every frame to a file per conversation, as `frames-{conversation_id}.jsonl`: what
    /// `pipecat-trace replay` reads. What is said in a conversation stands in it, as far as
    /// [`trace_config`](Self::trace_config) lets it out; audio does not.
    pub fn debug_log(mut self, path: impl Into<PathBuf>) -> Self {
        self.debug_log = Some(path.into());
        self
    }

    /// Cut frame logs into parts of this size: `frames-call-42.part-0001.jsonl` and so on. `pipecat-trace` reads them all
    /// when it is given the first.
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

    /// How long after the bot has stopped a turn ends: 2.5 s unless told otherwise.
    pub fn turn_end_timeout(mut self, timeout: Duration) -> Self {
        self.turn_end_timeout = Some(timeout);
        self
    }

    /// What is one trace: a turn unless told otherwise.
    pub fn layout(mut self, layout: TraceLayout) -> Self {
        self.emit = self.emit.layout(layout);
        self
    }

    /// What spans are called: as in OpenInference unless told otherwise.
    pub fn span_names(mut self, names: SpanNaming) -> Self {
        self.emit = self.emit.span_names(names);
        self
    }

    /// Layout, names and conventions that suit a backend. What is set after it is set over it.
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

    /// The conventions whose attributes are written: OpenInference and GenAI unless told otherwise.
    pub fn conventions(mut self, conventions: Conventions) -> Self {
        self.emit = self.emit.conventions(conventions);
        self
    }

    /// What may leave of what is said, in spans and in the frame log. What is not said here is up to the environment
    /// (`OPENINFERENCE_HIDE_INPUTS=true`), which is read once, when the program is instrumented.
    pub fn trace_config(mut self, config: TraceConfig) -> Self {
        self.trace_config = config;
        self
    }

    /// More attributes for every span.
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// How many attributes a span carries, 128 unless told otherwise. Should be what the provider's
    /// `max_attributes_per_span` is: beyond its own limit the provider drops attributes silently.
    pub fn attribute_limit(mut self, limit: usize) -> Self {
        self.emit.attribute_limit = limit;
        self
    }

    /// Tell OpenTelemetry metrics to `provider` as well: the numbers of all conversations, whatever the sampler makes of
    /// their spans. `docs/metrics.md` lists them.
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
        self.meters = Some(MetricsRecorder::new(provider));
        self
    }

    /// From now on, every annotated task that is built is observed, and its spans are made by `provider`.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a provider is a handle: whoever wants to keep one clones it"
    )]
    pub fn instrument<P>(self, provider: P) -> Result<(), InstrumentError>
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        switch::refuse_if_on()?;
        switch::turn_on(self.group(Tracers::new(&provider))?)?;
        registry::warn_if_none();
        Ok(())
    }

    /// The same for the tasks that this thread builds, until the guard is dropped; over what is in force for the
    /// process.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a provider is a handle: whoever wants to keep one clones it"
    )]
    pub fn scoped<P>(self, provider: P) -> Result<ScopedGuard, InstrumentError>
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        Ok(switch::enter(self.group(Tracers::new(&provider))?))
    }

    fn group(self, tracers: Tracers) -> Result<ObserverProvider, InstrumentError> {
        let mut group = ObserverProvider::new(tracers)
            .emit_settings(self.emit)
            .attributes(self.attributes)
            .trace_config(self.trace_config);
        if let Some(timeout) = self.turn_end_timeout {
            group = group.turn_end_timeout(timeout);
        }
        #[cfg(feature = "metrics")]
        if let Some(meters) = &self.meters {
            group = group.meters(meters);
        }
        if let Some(path) = self.debug_log {
            let logs = match self.debug_log_part_size {
                Some(size) => FrameLogWriter::in_parts(path, size)?,
                None => FrameLogWriter::new(path)?,
            };
            group = group.debug_log(logs);
        }
        Ok(group)
    }
}
