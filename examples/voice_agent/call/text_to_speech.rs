//! A stand-in for speech synthesis: real audio, as long as the text takes to say, but a hum.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::service::TtsService;
use flowcat_core::{AudioFrame, Frame, StartParams};

use crate::telephone::tone::{Pitch, SAMPLE_RATE, speaking_time};

const VOICE: Pitch = Pitch(180.0);
/// What a synthesis in the cloud takes to send its first audio.
const FIRST_BYTE: Duration = Duration::from_millis(180);
/// Audio in one frame. flowcat's transport takes one frame for each that it brings, every 20 ms: these come faster
/// than they are played.
const PIECE: Duration = Duration::from_millis(100);

/// Hums its texts.
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
        tokio::time::sleep(FIRST_BYTE).await;
        self.replies += 1;
        let context_id: Option<Arc<str>> = Some(format!("reply-{}", self.replies).into());
        let mut frames = vec![Frame::TtsStarted { context_id: context_id.clone() }];
        frames.extend(hum(speaking_time(text)).map(|pcm| Frame::TtsAudio {
            audio: Arc::new(AudioFrame::mono(pcm, SAMPLE_RATE)),
            context_id: context_id.clone(),
        }));
        frames.push(Frame::TtsStopped { context_id });
        Ok(frames)
    }
}

fn hum(length: Duration) -> impl Iterator<Item = Vec<i16>> {
    let samples = |time: Duration| {
        u32::try_from(time.as_millis() * u128::from(SAMPLE_RATE) / 1_000).unwrap_or(u32::MAX)
    };
    let (whole, piece) = (samples(length), samples(PIECE));
    (0..whole)
        .step_by(piece as usize)
        .map(move |from| VOICE.voice(SAMPLE_RATE, from, piece.min(whole - from)))
}
