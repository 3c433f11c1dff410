//! Text-to-speech stub.

use std::sync::Arc;

use async_trait::async_trait;
use example_common::tone::SAMPLE_RATE;
use example_common::tts_stub::{FIRST_AUDIO, hum};
use flowcat_core::service::TtsService;
use flowcat_core::{AudioFrame, Frame, StartParams};

/// Hums the text. flowcat's transport takes one chunk every 20 ms, each longer than that, so audio arrives faster than
/// the caller's loudspeaker plays it.
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

    /// Returns the audio of a whole reply at once, as flowcat's own services do.
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
