//! Synthesis stub: hums for as long as the text takes to speak.

use std::time::Duration;

use crate::tone::{Pitch, SAMPLE_RATE, speaking_time};

/// Time to first audio, typical of a cloud synthesis service.
pub const FIRST_AUDIO: Duration = Duration::from_millis(180);
/// Duration of one chunk of audio.
pub const CHUNK: Duration = Duration::from_millis(100);

const VOICE: Pitch = Pitch(180.0);

/// Returns the audio for `text`, in chunks of [`CHUNK`] at [`SAMPLE_RATE`].
pub fn hum(text: &str) -> impl Iterator<Item = Vec<i16>> + use<> {
    let samples = |time: Duration| {
        u32::try_from(time.as_millis() * u128::from(SAMPLE_RATE) / 1_000).unwrap_or(u32::MAX)
    };
    let (total, chunk) = (samples(speaking_time(text)), samples(CHUNK));
    (0..total)
        .step_by(chunk as usize)
        .map(move |start| VOICE.voice(SAMPLE_RATE, start, chunk.min(total - start)))
}
