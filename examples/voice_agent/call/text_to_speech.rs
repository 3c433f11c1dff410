//! A stand-in for speech synthesis: real audio, as long as the text takes to say, but a hum.

use std::sync::Arc;

use async_trait::async_trait;
use flowcat_core::service::TtsService;
use flowcat_core::{AudioFrame, Frame, StartParams};

use crate::telephone::hum::{FIRST_AUDIO, hum};
use crate::telephone::tone::SAMPLE_RATE;

/// Hums its texts. flowcat's transport takes one frame for each that it brings, every 20 ms, and there is more than that
/// in a piece of the hum: they come faster than they are played.
#[derive(Default)]
pub(crate) struct HummingTts {
    replies: u32,
}

#[async_trait]
impl TtsService for HummingTts {
    fn name(&self) -> &'static str {
        "humming"
    }

    fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    async fn start(&mut self, _params: &StartParams) -> flowcat_core::Result<()> {
        Ok(())
    }

    /// All of a reply at once, as flowcat's own services return it.
    async fn run_tts(&mut self, text: &str) -> flowcat_core::Result<Vec<Frame>> {
        tokio::time::sleep(FIRST_AUDIO).await;
        self.replies += 1;
        let context_id: Option<Arc<str>> = Some(format!("reply-{}", self.replies).into());
        let mut frames = vec![Frame::TtsStarted { context_id: context_id.clone() }];
        frames.extend(hum(text).map(|pcm| Frame::TtsAudio {
            audio: Arc::new(AudioFrame::mono(pcm, SAMPLE_RATE)),
            context_id: context_id.clone(),
        }));
        frames.push(Frame::TtsStopped { context_id });
        Ok(frames)
    }
}
