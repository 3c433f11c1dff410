//! Where recorded conversations become spans.

use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::frame_log::{FrameLogReadError, Header, replay};
use pipecat_instrument_runtime::privacy::Privacy;

use crate::call::LogHealth;
use crate::source::Source;

/// Turns conversations into spans, all by one provider.
pub(crate) struct Stage {
    tracers: Tracers,
    settings: Arc<EmitSettings>,
    privacy: Privacy,
    turn_end_timeout: Option<Duration>,
}

impl Stage {
    /// Whose spans are made by `tracers` and written as `settings` and the environment's privacy say.
    pub(crate) fn new(tracers: Tracers, settings: EmitSettings) -> Self {
        Self { tracers, settings: Arc::new(settings), privacy: Privacy::from_env(), turn_end_timeout: None }
    }

    /// The same, with turns that end so long after the bot has stopped, whatever the logs say.
    pub(crate) fn turn_end_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.turn_end_timeout = timeout;
        self
    }

    pub(crate) fn config(&self, header: &Header) -> ConversationConfig {
        let mut config = header.config(ConversationConfig::default());
        config.turn_end_timeout = self.turn_end_timeout.unwrap_or(config.turn_end_timeout);
        config
    }

    pub(crate) fn emitter(&self, source: &Source, header: &Header) -> Emitter {
        let id = header.conversation_id.clone().unwrap_or_else(|| source.name());
        let session = Session { attributes: header.attributes.clone(), ..Session::new(id) };
        Emitter::new(&self.tracers, Arc::clone(&self.settings), session).privacy(self.privacy.clone())
    }

    /// The whole of a log as it is now.
    pub(crate) fn replay(&self, source: &Source) -> Result<LogHealth, FrameLogReadError> {
        let mut reader = source.open()?;
        let header = reader.header().clone();
        let mut emitter = self.emitter(source, &header);
        let report = replay(&mut reader, self.config(&header), &mut emitter);
        emitter.finish();
        Ok(LogHealth::of(&report))
    }
}
