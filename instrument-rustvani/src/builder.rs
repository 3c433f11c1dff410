//! Says what stands behind rustvani's names, and what is billed.

use std::sync::Arc;

use pipecat_instrument_runtime::engine::conversation::{FrameSupport, Support};
use pipecat_instrument_runtime::engine::frame::{Processor, ProcessorRegistry};
use pipecat_instrument_runtime::observer::Observer;

use crate::billing::Billing;
use crate::names;
use crate::observer::RustvaniObserver;

/// What rustvani announces: voice activity and no turn of speech; the bot's speech, but with false stops at the end of
/// each response; and no spoken text.
const SIGNALS: FrameSupport = FrameSupport {
    user_speech: Support::Inferred,
    bot_speech: Support::Unreliable,
    spoken_text: Support::Inferred,
};

/// What is known of a rustvani pipeline before it runs. Made by [`RustvaniObserver::builder`].
#[derive(Debug, Clone)]
pub struct RustvaniObserverBuilder {
    directory: ProcessorRegistry,
    billing: Option<Arc<Billing>>,
}

impl RustvaniObserverBuilder {
    pub(crate) fn new() -> Self {
        Self { directory: names::directory(), billing: None }
    }

    /// Says who stands behind the name `service.id`: the name that the processor was made with (`OpenAILLM`,
    /// `DeepgramTts`, …). A role that is not told stays what it was, or is found out.
    #[must_use]
    pub fn service(mut self, service: Processor) -> Self {
        self.directory.describe(service);
        self
    }

    /// Takes tokens, characters and seconds of audio from what these services bill.
    #[must_use]
    pub fn billing(mut self, billing: &Arc<Billing>) -> Self {
        self.billing = Some(Arc::clone(billing));
        self
    }

    /// The observer, to be given to rustvani.
    pub fn build(self, observer: Observer) -> Arc<RustvaniObserver> {
        let built = Arc::new(RustvaniObserver::new(observer.with_frame_support(SIGNALS), self.directory));
        if let Some(billing) = &self.billing {
            billing.tell(&built);
        }
        built
    }
}
