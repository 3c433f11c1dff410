//! Speech without words: a tone stands for an utterance, and its pitch says which.

use std::time::Duration;

/// Samples a second, on the line and in both stand-ins' ears.
pub(crate) const SAMPLE_RATE: u32 = 16_000;

/// How much audio travels in one frame.
pub(crate) const FRAME: Duration = Duration::from_millis(20);

/// Samples in one frame.
pub(crate) const FRAME_SAMPLES: u32 = 320;

const CHARACTERS_PER_SECOND: u32 = 15;
const LOUDNESS: f64 = 9_000.0;
const VOICED: u16 = 1_000;

/// How high somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pitch(pub(crate) f64);

impl Pitch {
    /// The pitch that stands for the utterance at `index` of a script.
    pub(crate) fn of_utterance(index: usize) -> Self {
        Self(300.0 + 100.0 * f64::from(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// Which utterance of a script this pitch stands for.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, and never below zero"
    )]
    pub(crate) fn utterance(self) -> usize {
        ((self.0 - 300.0) / 100.0).round().max(0.0) as usize
    }

    /// `samples` samples of a voice at this pitch, beginning with its `from`th.
    #[allow(clippy::cast_possible_truncation, reason = "a sine times the loudness fits 16 bits")]
    pub(crate) fn voice(self, sample_rate: u32, from: u32, samples: u32) -> Vec<i16> {
        let step = std::f64::consts::TAU * self.0 / f64::from(sample_rate);
        (from..from + samples).map(|n| ((f64::from(n) * step).sin() * LOUDNESS) as i16).collect()
    }
}

/// How long it takes to say `text`.
pub(crate) fn speaking_time(text: &str) -> Duration {
    let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    Duration::from_secs(characters.into()) / CHARACTERS_PER_SECOND
}

/// How long `samples` samples play.
pub(crate) fn playing_time(samples: usize, sample_rate: u32) -> Duration {
    let nanos = samples as u128 * 1_000_000_000 / u128::from(sample_rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Whether there is a voice in it.
pub(crate) fn is_voiced(pcm: &[i16]) -> bool {
    pcm.iter().any(|sample| sample.unsigned_abs() > VOICED)
}

/// The pitch of a voice, from how often it crosses zero upwards.
pub(crate) fn pitch_of(voice: &[i16], sample_rate: u32) -> Pitch {
    let crossings = voice.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    let seconds = playing_time(voice.len(), sample_rate).as_secs_f64();
    Pitch(f64::from(u32::try_from(crossings).unwrap_or(u32::MAX)) / seconds.max(0.001))
}

#[cfg(test)]
mod tests {
    use super::{Duration, Pitch, SAMPLE_RATE, is_voiced, pitch_of, playing_time, speaking_time};

    #[test]
    fn an_utterance_is_known_by_its_pitch() {
        for index in 0..8 {
            let voice = Pitch::of_utterance(index).voice(SAMPLE_RATE, 0, SAMPLE_RATE / 2);
            assert!(is_voiced(&voice));
            assert_eq!(pitch_of(&voice, SAMPLE_RATE).utterance(), index);
        }
        assert!(!is_voiced(&[0; 320]));
    }

    #[test]
    fn fifteen_characters_take_a_second() {
        assert_eq!(speaking_time("Fifteen letters"), Duration::from_secs(1));
        assert_eq!(playing_time(16_000, SAMPLE_RATE), Duration::from_secs(1));
    }
}
