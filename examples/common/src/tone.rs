//! Speech without words: each utterance is a tone, whose pitch identifies it.

use std::time::Duration;

/// Samples per second, in all these examples.
pub const SAMPLE_RATE: u32 = 16_000;

/// Duration of one frame of audio.
pub const FRAME: Duration = Duration::from_millis(20);

/// Samples in one frame.
pub const FRAME_SAMPLES: u32 = 320;

const CHARACTERS_PER_SECOND: u32 = 15;
const AMPLITUDE: f64 = 9_000.0;
const VOICE_THRESHOLD: u16 = 1_000;

/// Pitch of a voice, in Hz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pitch(pub(crate) f64);

impl Pitch {
    /// Returns the pitch that stands for the utterance at `index` of a script.
    pub fn for_utterance(index: usize) -> Self {
        Self(300.0 + 100.0 * f64::from(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// Returns the index of the utterance that this pitch stands for.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, and never below zero"
    )]
    pub fn utterance_index(self) -> usize {
        ((self.0 - 300.0) / 100.0).round().max(0.0) as usize
    }

    /// Returns `samples` samples of a voice at this pitch, from the sample `start` on.
    #[allow(clippy::cast_possible_truncation, reason = "a sine times the amplitude fits 16 bits")]
    pub fn voice(self, sample_rate: u32, start: u32, samples: u32) -> Vec<i16> {
        let step = std::f64::consts::TAU * self.0 / f64::from(sample_rate);
        (start..start + samples).map(|n| ((f64::from(n) * step).sin() * AMPLITUDE) as i16).collect()
    }
}

/// Returns the time it takes to speak `text`.
pub fn speaking_time(text: &str) -> Duration {
    let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    Duration::from_secs(characters.into()) / CHARACTERS_PER_SECOND
}

/// Returns the duration of `samples` samples.
pub fn playing_time(samples: usize, sample_rate: u32) -> Duration {
    let nanos = samples as u128 * 1_000_000_000 / u128::from(sample_rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Returns whether the audio contains a voice, judged by its volume.
pub fn is_voiced(pcm: &[i16]) -> bool {
    pcm.iter().any(|sample| sample.unsigned_abs() > VOICE_THRESHOLD)
}

/// Measures the pitch of a voice by its upward zero crossings.
pub fn pitch_of(voice: &[i16], sample_rate: u32) -> Pitch {
    let crossings = voice.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    let seconds = playing_time(voice.len(), sample_rate).as_secs_f64();
    Pitch(f64::from(u32::try_from(crossings).unwrap_or(u32::MAX)) / seconds.max(0.001))
}

#[cfg(test)]
mod tests {
    use super::{Duration, Pitch, SAMPLE_RATE, is_voiced, pitch_of, playing_time, speaking_time};

    #[test]
    fn pitch_identifies_an_utterance() {
        for index in 0..8 {
            let voice = Pitch::for_utterance(index).voice(SAMPLE_RATE, 0, SAMPLE_RATE / 2);
            assert!(is_voiced(&voice));
            assert_eq!(pitch_of(&voice, SAMPLE_RATE).utterance_index(), index);
        }
        assert!(!is_voiced(&[0; 320]));
    }

    #[test]
    fn fifteen_characters_take_a_second() {
        assert_eq!(speaking_time("Fifteen letters"), Duration::from_secs(1));
        assert_eq!(playing_time(16_000, SAMPLE_RATE), Duration::from_secs(1));
    }
}
