//! An observer that a user adds next to the observer of the trace.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rustvani::observer::{BaseObserver, FrameProcessed, FramePushed};
use rustvani::{DataFrame, FrameInner, SystemFrame};
use tokio::sync::Notify;

/// Signals when the bot speaks.
#[derive(Default)]
pub(crate) struct SpeechObserver {
    pub(crate) bot_started: Notify,
    pub(crate) audio_pushed: Notify,
    /// Number of hops of the bot's audio.
    pub(crate) audio_hops: AtomicUsize,
}

#[async_trait]
impl BaseObserver for SpeechObserver {
    async fn on_process_frame(&self, _: FrameProcessed) {}

    async fn on_push_frame(&self, event: FramePushed) {
        match event.frame.inner {
            FrameInner::System(SystemFrame::BotStartedSpeaking) => self.bot_started.notify_one(),
            FrameInner::Data(DataFrame::OutputAudioRaw(_)) => {
                self.audio_hops.fetch_add(1, Ordering::Relaxed);
                self.audio_pushed.notify_one();
            }
            _ => {}
        }
    }
}
