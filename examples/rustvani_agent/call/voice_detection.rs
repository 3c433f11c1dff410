//! The ear of rustvani's voice activity detection: it goes by loudness, as its own model knows speech and no tones.

use async_trait::async_trait;
use rustvani::VadAnalyzer;

use super::pcm::samples_of;
use crate::telephone::tone::{SAMPLE_RATE, is_voiced};

/// Hears a voice in whatever is loud.
pub(crate) struct Loudness;

#[async_trait]
impl VadAnalyzer for Loudness {
    /// What rustvani's state machine works in, at this rate.
    fn num_frames_required(&self) -> usize {
        512
    }

    fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    async fn voice_confidence(&self, audio: Vec<u8>) -> f32 {
        if is_voiced(&samples_of(&audio)) { 1.0 } else { 0.0 }
    }
}
