//! Audio as rustvani carries it: 16 bits a sample, little-endian.

/// `samples`, to be carried.
pub(crate) fn bytes_of(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// The samples in it.
pub(crate) fn samples_of(audio: &[u8]) -> Vec<i16> {
    let (samples, _rest) = audio.as_chunks();
    samples.iter().map(|sample| i16::from_le_bytes(*sample)).collect()
}
