//! Replays logs into OpenTelemetry spans.

use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::frame_log::{FrameLogReadError, Header, ReplayReport, replay};
use pipecat_instrument_runtime::privacy::Privacy;

use crate::source::Source;

/// Replays conversations with one tracer provider and one set of settings.
pub(crate) struct Replayer {
    tracers: Tracers,
    settings: Arc<EmitSettings>,
    privacy: Privacy,
    turn_end_timeout: Option<Duration>,
}

impl Replayer {
    /// Creates a replayer with the privacy settings of the environment.
    pub(crate) fn new(tracers: Tracers, settings: EmitSettings) -> Self {
        Self { tracers, settings: Arc::new(settings), privacy: Privacy::from_env(), turn_end_timeout: None }
    }

    /// Sets the turn end timeout; `None` for the one of each log.
    pub(crate) fn turn_end_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.turn_end_timeout = timeout;
        self
    }

    pub(crate) fn config(&self, header: &Header) -> ConversationConfig {
        config(header, self.turn_end_timeout)
    }

    pub(crate) fn emitter(&self, source: &Source, header: &Header) -> Emitter {
        let id = header.conversation_id.clone().unwrap_or_else(|| source.name());
        let session = Session { attributes: header.attributes.clone(), ..Session::new(id) };
        Emitter::new(&self.tracers, Arc::clone(&self.settings), session).privacy(self.privacy.clone())
    }

    /// Replays the log at `source` as it is now.
    pub(crate) fn replay(&self, source: &Source) -> Result<ReplayReport, FrameLogReadError> {
        let mut reader = source.open()?;
        let mut emitter = self.emitter(source, reader.header());
        let config = self.config(reader.header());
        let report = replay(&mut reader, config, &mut emitter);
        emitter.finish();
        Ok(report)
    }
}

/// Returns the configuration of a log's conversation, with `turn_end_timeout` instead of the log's own if given.
pub(crate) fn config(header: &Header, turn_end_timeout: Option<Duration>) -> ConversationConfig {
    let mut config = header.config(ConversationConfig::default());
    config.turn_end_timeout = turn_end_timeout.unwrap_or(config.turn_end_timeout);
    config
}
