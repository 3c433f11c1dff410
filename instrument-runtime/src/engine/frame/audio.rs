//! Audio, by its length alone: samples are never looked at.

use std::time::Duration;

/// A piece of 16-bit PCM audio.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::Audio;
///
/// let piece = Audio::pcm16(640, 16_000, 1);
/// assert_eq!(piece.duration().as_millis(), 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audio {
    /// Bytes of samples.
    pub bytes: u64,
    /// Samples a second and channel.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
}

impl Audio {
    /// `bytes` of interleaved 16-bit samples.
    pub const fn pcm16(bytes: usize, sample_rate: u32, channels: u16) -> Self {
        Self { bytes: bytes as u64, sample_rate, channels }
    }

    /// How long it takes to play; zero where rate or channels are not told.
    pub const fn duration(self) -> Duration {
        let bytes_per_second = self.sample_rate as u64 * self.channels as u64 * 2;
        if bytes_per_second == 0 {
            return Duration::ZERO;
        }
        // One division for all that is ever sent in one piece: this is on the way of each.
        if let Some(billionths) = self.bytes.checked_mul(1_000_000_000) {
            return Duration::from_nanos(billionths / bytes_per_second);
        }
        let seconds = self.bytes / bytes_per_second;
        let rest = (self.bytes % bytes_per_second).saturating_mul(1_000_000_000) / bytes_per_second;
        Duration::from_secs(seconds).saturating_add(Duration::from_nanos(rest))
    }
}
