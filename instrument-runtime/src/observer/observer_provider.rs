//! Makes observers, with the settings that the conversations of a program share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::{Context, KeyValue};
use uuid::Uuid;

use super::observed_conversation::ObservedConversation;
use super::{FrameLogTarget, ObserveOptions, Observer};
#[cfg(feature = "metrics")]
use crate::emit::keys;
use crate::emit::{EmitSettings, Emitter, RecordProcessor, Session, Tracers};
use crate::engine::conversation::{ConversationConfig, FrameSupport};
use crate::engine::frame::FramePushed;
use crate::engine::time::Time;
#[cfg(feature = "metrics")]
use crate::frame_log::lost_events;
use crate::frame_log::{ConversationLog, FrameLogWriteError, FrameLogWriter, HeaderInfo};
use crate::privacy::{Privacy, TraceConfig};

/// Makes observers, with the settings that their conversations share.
///
/// `PipecatInstrumentor` keeps one for the process. A program that makes its own needs no process-wide state.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
///
/// let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = observers.observe(ObserveOptions::new().conversation_id("call-42"));
/// assert_eq!(observer.conversation_id(), "call-42");
/// ```
#[derive(Debug)]
pub struct ObserverProvider {
    tracers: Tracers,
    emit: Arc<EmitSettings>,
    privacy: Privacy,
    config: ConversationConfig,
    attributes: Vec<KeyValue>,
    /// The frame log of the program.
    log_writer: Option<FrameLogWriter>,
    /// The writer for conversations with their own path, if the program has no frame log.
    own_log_writer: FrameLogWriter,
    record_processor: Option<Arc<dyn RecordProcessor>>,
    _active: ActiveGuard,
}

impl ObserverProvider {
    /// Creates a provider with default settings that makes spans with `tracers`. Reads the privacy settings from the
    /// environment.
    pub fn new(tracers: Tracers) -> Self {
        Self {
            tracers,
            emit: Arc::default(),
            privacy: Privacy::from_env(),
            config: ConversationConfig::default(),
            attributes: Vec::new(),
            log_writer: None,
            own_log_writer: FrameLogWriter::without_path(),
            record_processor: None,
            _active: ActiveGuard::new(),
        }
    }

    /// Sets layout, naming and conventions of spans.
    ///
    /// ```
    /// use opentelemetry::trace::noop::NoopTracerProvider;
    /// use pipecat_instrument_runtime::emit::{EmitSettings, Preset, Tracers};
    /// use pipecat_instrument_runtime::observer::ObserverProvider;
    ///
    /// let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()))
    ///     .emit_settings(EmitSettings::default().preset(Preset::jaeger()));
    /// # let _ = observers;
    /// ```
    pub fn emit_settings(mut self, settings: EmitSettings) -> Self {
        // The engine copies no more messages than a span can carry.
        self.config.attribute_limit = settings.attribute_limit;
        self.emit = Arc::new(settings);
        self
    }

    /// Sets the privacy settings. Options that `config` does not set are read from the environment.
    pub fn trace_config(mut self, config: TraceConfig) -> Self {
        self.privacy = Privacy::new(config.or_env());
        self
    }

    /// Sets the time from the end of the bot's speech to the end of its turn.
    pub fn turn_end_timeout(mut self, timeout: Duration) -> Self {
        self.config.turn_end_timeout = timeout;
        self
    }

    /// Adds attributes to every span.
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Writes every hop of every frame to `writer`.
    pub fn frame_log(mut self, writer: FrameLogWriter) -> Self {
        self.log_writer = Some(writer);
        self
    }

    /// Passes every record to `processor`, too.
    pub fn record_processor(mut self, processor: Arc<dyn RecordProcessor>) -> Self {
        self.record_processor = Some(processor);
        self
    }

    /// Records the metrics of all conversations, and those of the observers themselves, with `recorder`.
    #[cfg(feature = "metrics")]
    pub fn metrics(self, recorder: &crate::emit::MetricsRecorder) -> Self {
        recorder.observe(&keys::LOST_EVENTS_METRIC, lost_events);
        recorder.observe(&keys::PANICS_METRIC, super::caught_panics);
        recorder.observe(&keys::DROPPED_SPANS_METRIC, crate::emit::dropped_spans);
        self.record_processor(Arc::new(recorder.clone()))
    }

    /// Waits until everything recorded so far is in its frame logs, for `timeout` at most. For the end of a process:
    /// the writer thread ends with the process, and loses queued events.
    pub fn flush_frame_logs(&self, timeout: Duration) -> Result<(), FrameLogWriteError> {
        self.log_writer.as_ref().unwrap_or(&self.own_log_writer).flush(timeout)
    }

    /// Makes an observer for one more conversation.
    pub fn observe(&self, options: ObserveOptions) -> Observer {
        let id = options.conversation_id.unwrap_or_else(|| Uuid::new_v4().to_string().into());
        let attributes: Vec<KeyValue> = self.attributes.iter().cloned().chain(options.attributes).collect();
        let config = ConversationConfig {
            frame_support: options.frame_support,
            content: self.privacy.content_limits(),
            ..self.config.clone()
        };
        let log = self.log_writer_for(&options.debug_log).map(|writer| {
            Arc::new(LazyFrameLog {
                writer,
                session: Session { id: Arc::clone(&id), attributes: attributes.clone() },
                turn_end_timeout: config.turn_end_timeout,
                privacy: self.privacy.clone(),
                log: OnceLock::new(),
            })
        });
        let emitter =
            self.emitter(Session { id: Arc::clone(&id), attributes }).remote_parent(options.remote_parent);
        let ObserveOptions { timer, emission, .. } = options;
        Observer::new(ObservedConversation::new(id, config, emitter, log, timer, emission))
    }

    fn log_writer_for(&self, target: &FrameLogTarget) -> Option<FrameLogWriter> {
        match target {
            FrameLogTarget::AsTheProgram => self.log_writer.clone(),
            FrameLogTarget::Off => None,
            FrameLogTarget::Path(path) => self
                .log_writer
                .as_ref()
                .unwrap_or(&self.own_log_writer)
                .at_path(path)
                .inspect_err(|error| tracing::warn!(%error, "cannot write the frame log of a conversation"))
                .ok(),
        }
    }

    /// Makes an emitter for a span outside any active conversation, below the current span of `parent`.
    /// `conversation_id` may belong to a closed one.
    pub(super) fn standalone_emitter(&self, conversation_id: Arc<str>, parent: &Context) -> Emitter {
        let session = Session { id: conversation_id, attributes: self.attributes.clone() };
        self.emitter(session).into_outbox().standalone(parent)
    }

    fn emitter(&self, session: Session) -> Emitter {
        let emitter =
            Emitter::new(&self.tracers, Arc::clone(&self.emit), session).privacy(self.privacy.clone());
        match &self.record_processor {
            Some(processor) => emitter.record_processor(Arc::clone(processor)),
            None => emitter,
        }
    }
}

/// The frame log of one conversation. The first hop opens it, because until then an adapter may set the frame support.
pub(super) struct LazyFrameLog {
    writer: FrameLogWriter,
    session: Session,
    turn_end_timeout: Duration,
    privacy: Privacy,
    log: OnceLock<ConversationLog>,
}

impl LazyFrameLog {
    /// Records one hop. Only the first calls `frame_support`.
    pub(super) fn record(
        &self,
        now: Time,
        hop: &FramePushed<'_>,
        frame_support: impl FnOnce() -> FrameSupport,
    ) {
        let log = self.log.get_or_init(|| {
            let header = HeaderInfo {
                conversation_id: &self.session.id,
                begun: now,
                attributes: &self.session.attributes,
                turn_end_timeout: Some(self.turn_end_timeout),
                frame_support: frame_support(),
            };
            self.writer.conversation(&header).privacy(self.privacy.clone())
        });
        log.record(now, hop);
    }

    /// Ends the log, at a shutdown of the process if `shutdown_at` is given.
    pub(super) fn finish(&self, shutdown_at: Option<Time>) {
        match (self.log.get(), shutdown_at) {
            (Some(log), Some(at)) => log.finish_at_shutdown(at),
            (Some(log), None) => log.finish(),
            (None, _) => {}
        }
    }
}

/// The number of providers and conversations in this process.
static ACTIVE: AtomicUsize = AtomicUsize::new(0);

/// Returns whether there is a provider or a conversation: the only check of a traced function while there is none.
#[inline]
pub(crate) fn is_anything_observed() -> bool {
    ACTIVE.load(Ordering::Acquire) > 0
}

/// Counts a provider or a conversation as active while it lives.
#[derive(Debug)]
pub(super) struct ActiveGuard(());

impl ActiveGuard {
    pub(super) fn new() -> Self {
        ACTIVE.fetch_add(1, Ordering::Release);
        Self(())
    }
}

impl Drop for ActiveGuard {
    fn drop(&mut self) {
        ACTIVE.fetch_sub(1, Ordering::Release);
    }
}
