//! The bot's voice: real audio, as long as the text takes to say, but a hum.

use std::time::Duration;

use super::tone::{Pitch, SAMPLE_RATE, speaking_time};

/// What a synthesis in the cloud takes to send its first audio.
pub(crate) const FIRST_AUDIO: Duration = Duration::from_millis(180);
/// Audio in one piece.
pub(crate) const PIECE: Duration = Duration::from_millis(100);

const VOICE: Pitch = Pitch(180.0);

/// `text`, said in pieces.
pub(crate) fn hum(text: &str) -> impl Iterator<Item = Vec<i16>> + use<> {
    let samples = |time: Duration| {
        u32::try_from(time.as_millis() * u128::from(SAMPLE_RATE) / 1_000).unwrap_or(u32::MAX)
    };
    let (whole, piece) = (samples(speaking_time(text)), samples(PIECE));
    (0..whole)
        .step_by(piece as usize)
        .map(move |from| VOICE.voice(SAMPLE_RATE, from, piece.min(whole - from)))
}
