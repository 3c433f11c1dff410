//! Says what stands behind flowcat's names, and how its voice detection was set.

use std::sync::Arc;
use std::time::Duration;

use flowcat_core::FrameObserver;
use pipecat_instrument_runtime::engine::conversation::{FrameSupport, Support};
use pipecat_instrument_runtime::engine::frame::{Processor, ProcessorRegistry};
use pipecat_instrument_runtime::observer::Observer;

use crate::names;
use crate::observer::FlowcatObserver;

/// What is known of a flowcat pipeline before it runs. Made by [`FlowcatObserver::builder`].
#[derive(Debug)]
pub struct FlowcatObserverBuilder {
    directory: ProcessorRegistry,
    voice_stop: Option<Duration>,
}

impl FlowcatObserverBuilder {
    pub(crate) fn new() -> Self {
        Self { directory: names::directory(), voice_stop: None }
    }

    /// Says who stands behind the name `service.id`: `Stt`, `Llm` and `Tts` for flowcat's own services, else what
    /// the processor's `name()` returns. A role that is not told stays what it was, or is found out.
    pub fn service(mut self, service: Processor) -> Self {
        self.directory.describe(service);
        self
    }

    /// How much silence the voice detection waits for (its `stop_secs`). flowcat's `VadProcessor` tells the length
    /// of one analysis window instead, and the user seems to have spoken longer, the bot to have answered faster.
    pub fn voice_stop(mut self, silence: Duration) -> Self {
        self.voice_stop = Some(silence);
        self
    }

    /// The observer, to be given to flowcat.
    pub fn build(self, observer: Observer) -> Arc<dyn FrameObserver> {
        let signals = FrameSupport {
            user_speech: Support::Inferred,
            bot_speech: Support::Inferred,
            spoken_text: Support::Inferred,
        };
        Arc::new(FlowcatObserver::new(observer.with_frame_support(signals), self.directory, self.voice_stop))
    }
}
