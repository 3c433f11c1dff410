//! What the conversations of one provider have in common.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::KeyValue;
use uuid::Uuid;

use super::frame_log::FrameLog;
use super::presence::Presence;
use super::watch::Watch;
use super::{FrameLogTarget, ObserveOptions, Observer};
#[cfg(feature = "metrics")]
use crate::emit::keys;
use crate::emit::{
    Conventions, EmitSettings, Emitter, Preset, RecordProcessor, Session, SpanNaming, TraceLayout, Tracers,
};
use crate::engine::conversation::ConversationConfig;
#[cfg(feature = "metrics")]
use crate::frame_log::lost_events;
use crate::frame_log::{FrameLogWriteError, FrameLogWriter};
use crate::privacy::{Privacy, TraceConfig};

/// What the conversations of one provider have in common. Makes their observers.
///
/// `PipecatInstrumentor` keeps one for the process; with one of its own, a program needs no process-wide state.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
///
/// let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = group.observe(ObserveOptions::new().conversation_id("call-42"));
/// assert_eq!(observer.conversation_id(), "call-42");
/// ```
#[derive(Debug)]
pub struct ObserverProvider {
    tracers: Tracers,
    emit: Arc<EmitSettings>,
    privacy: Privacy,
    config: ConversationConfig,
    attributes: Vec<KeyValue>,
    logs: Option<FrameLogWriter>,
    /// For conversations that choose a log of their own where the program has none.
    chosen_logs: FrameLogWriter,
    measure: Option<Arc<dyn RecordProcessor>>,
    _presence: Presence,
}

impl ObserverProvider {
    /// Conversations whose spans are made by `tracers`, with the default settings, and with what the environment
    /// hides hidden.
    pub fn new(tracers: Tracers) -> Self {
        Self {
            tracers,
            emit: Arc::default(),
            privacy: Privacy::from_env(),
            config: ConversationConfig::default(),
            attributes: Vec::new(),
            logs: None,
            chosen_logs: FrameLogWriter::nowhere(),
            measure: None,
            _presence: Presence::new(),
        }
    }

    /// The same, with spans written as `settings` say.
    pub fn emit_settings(mut self, settings: EmitSettings) -> Self {
        // The core copies no more messages than a span can carry.
        self.config.attribute_limit = settings.attribute_limit;
        self.emit = Arc::new(settings);
        self
    }

    /// The same, with no more leaving than `config` says; what it leaves open is up to the environment, as it is now.
    pub fn trace_config(mut self, config: TraceConfig) -> Self {
        self.privacy = Privacy::new(config.or_env());
        self
    }

    /// The same, with another [layout](TraceLayout).
    pub fn layout(self, layout: TraceLayout) -> Self {
        self.with_emit(|emit| emit.layout(layout))
    }

    /// The same, with other [names](SpanNaming) of spans.
    pub fn span_names(self, names: SpanNaming) -> Self {
        self.with_emit(|emit| emit.span_names(names))
    }

    /// The same, told in other [words](Conventions).
    pub fn conventions(self, conventions: Conventions) -> Self {
        self.with_emit(|emit| emit.conventions(conventions))
    }

    /// The same, with the layout, the names and the words that suit a backend.
    ///
    /// ```
    /// use opentelemetry::trace::noop::NoopTracerProvider;
    /// use pipecat_instrument_runtime::emit::{Preset, Tracers};
    /// use pipecat_instrument_runtime::observer::ObserverProvider;
    ///
    /// let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new())).preset(Preset::jaeger());
    /// # let _ = group;
    /// ```
    pub fn preset(self, preset: Preset) -> Self {
        self.with_emit(|emit| emit.preset(preset))
    }

    fn with_emit(self, change: impl FnOnce(EmitSettings) -> EmitSettings) -> Self {
        let settings = EmitSettings::clone(&self.emit);
        self.emit_settings(change(settings))
    }

    /// The same, with a turn ending `timeout` after the bot has stopped.
    pub fn turn_end_timeout(mut self, timeout: Duration) -> Self {
        self.config.turn_end_timeout = timeout;
        self
    }

    /// The same, with more attributes on every span.
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// The same, with every hop of every frame written to `logs`.
    pub fn debug_log(mut self, logs: FrameLogWriter) -> Self {
        self.logs = Some(logs);
        self
    }

    /// The same, with every record shown to `measure` as well.
    pub fn record_processor(mut self, measure: Arc<dyn RecordProcessor>) -> Self {
        self.measure = Some(measure);
        self
    }

    /// The same, with the numbers of all conversations told to `meters`, and how the observers themselves do.
    #[cfg(feature = "metrics")]
    pub fn meters(self, meters: &crate::emit::MetricsRecorder) -> Self {
        meters.observe(&keys::LOST_EVENTS_METRIC, lost_events);
        meters.observe(&keys::PANICS_METRIC, super::caught_panics);
        self.record_processor(Arc::new(meters.clone()))
    }

    /// Waits until what was recorded so far is in its frame logs, but no longer than `timeout`. For the end of a
    /// process: the thread that writes them ends with it, whatever is left.
    pub fn flush_debug_log(&self, timeout: Duration) -> Result<(), FrameLogWriteError> {
        self.logs.as_ref().unwrap_or(&self.chosen_logs).flush(timeout)
    }

    /// An observer for one more conversation.
    pub fn observe(&self, options: ObserveOptions) -> Observer {
        let told = options.clone();
        let id = options.conversation_id.unwrap_or_else(|| Uuid::new_v4().to_string().into());
        let attributes: Vec<KeyValue> = self.attributes.iter().cloned().chain(options.attributes).collect();
        let config = ConversationConfig { signals: options.signals, ..self.config.clone() };
        let log = self.logs_for(&options.debug_log).map(|logs| FrameLog {
            logs,
            conversation_id: Arc::clone(&id),
            attributes: attributes.clone(),
            turn_end_timeout: config.turn_end_timeout,
            privacy: self.privacy.clone(),
            log: OnceLock::new(),
        });
        let mut emitter = self.emitter(Session { id: Arc::clone(&id), attributes });
        *emitter.remote_parent_mut() = options.origin;
        Observer::new(Watch::new(id, config, emitter, log, told))
    }

    /// Where the log of a conversation goes that chooses so.
    fn logs_for(&self, choice: &FrameLogTarget) -> Option<FrameLogWriter> {
        match choice {
            FrameLogTarget::AsTheProgram => self.logs.clone(),
            FrameLogTarget::Off => None,
            FrameLogTarget::Path(path) => {
                let logs = self.logs.as_ref().unwrap_or(&self.chosen_logs);
                logs.elsewhere(path)
                    .inspect_err(
                        |error| tracing::warn!(%error, "the frame log of a conversation is not written"),
                    )
                    .ok()
            }
        }
    }

    /// Where the spans of what happens in no conversation go; of one that is over, they bear its id.
    pub(super) fn outside(&self, conversation_id: Arc<str>) -> Emitter {
        self.emitter(Session { id: conversation_id, attributes: self.attributes.clone() })
    }

    fn emitter(&self, session: Session) -> Emitter {
        let emitter =
            Emitter::new(&self.tracers, Arc::clone(&self.emit), session).privacy(self.privacy.clone());
        match &self.measure {
            Some(measure) => emitter.record_processor(Arc::clone(measure)),
            None => emitter,
        }
    }
}
