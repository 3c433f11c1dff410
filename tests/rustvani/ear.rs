//! An observer of a user's own.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rustvani::observer::{BaseObserver, FrameProcessed, FramePushed};
use rustvani::{DataFrame, FrameInner, SystemFrame};
use tokio::sync::Notify;

/// It hears when the bot speaks, beside the observer for the trace.
#[derive(Default)]
pub(crate) struct Ear {
    pub(crate) bot_speaks: Notify,
    pub(crate) hears: Notify,
    /// Hops of audio that goes out.
    pub(crate) audio: AtomicUsize,
}

#[async_trait]
impl BaseObserver for Ear {
    async fn on_process_frame(&self, _: FrameProcessed) {}

    async fn on_push_frame(&self, event: FramePushed) {
        match event.frame.inner {
            FrameInner::System(SystemFrame::BotStartedSpeaking) => self.bot_speaks.notify_one(),
            FrameInner::Data(DataFrame::OutputAudioRaw(_)) => {
                self.audio.fetch_add(1, Ordering::Relaxed);
                self.hears.notify_one();
            }
            _ => {}
        }
    }
}
