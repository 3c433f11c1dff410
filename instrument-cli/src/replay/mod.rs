//! `pipecat-trace replay`.

mod follow;
mod once;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};
use pipecat_instrument_runtime::core::conversation::ConversationConfig;
use pipecat_instrument_runtime::debug_log::Header;
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::privacy::Privacy;

use crate::arguments::ReplayArguments;
use crate::outcome::Outcome;
use crate::output::OutputError;
use crate::source::Source;

/// Replays every file, once or for as long as they grow.
pub(crate) fn run(arguments: &ReplayArguments) -> Result<Outcome, OutputError> {
    if arguments.follow { follow::run(arguments) } else { once::run(arguments) }
}

/// Turns conversations into spans, all by one provider.
struct Stage {
    turn_end_timeout: Option<Duration>,
    resource: Resource,
    tracers: Tracers,
    settings: Arc<EmitSettings>,
    privacy: Privacy,
}

impl Stage {
    /// Whose spans go where `exporters` are, as they end.
    fn new(
        arguments: &ReplayArguments,
        exporters: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
    ) -> Self {
        let resource = Resource::builder().with_service_name("pipecat-trace").build();
        let provider = exporters(SdkTracerProvider::builder().with_resource(resource.clone())).build();
        Self {
            turn_end_timeout: arguments.turn_end_timeout,
            resource,
            tracers: Tracers::new(&provider),
            settings: Arc::new(arguments.words.settings()),
            privacy: Privacy::from_env(),
        }
    }

    fn config(&self, header: &Header) -> ConversationConfig {
        let mut config = header.config(ConversationConfig::default());
        config.turn_end_timeout = self.turn_end_timeout.unwrap_or(config.turn_end_timeout);
        config
    }

    fn emitter(&self, source: &Source, header: &Header) -> Emitter {
        let id = header.conversation_id.clone().unwrap_or_else(|| source.name());
        let session = Session { attributes: header.attributes.clone(), ..Session::new(id) };
        Emitter::new(&self.tracers, Arc::clone(&self.settings), session).privacy(self.privacy.clone())
    }
}
