//! The telephone line: rustvani's channel transport, with the simulated caller at its other end.

use std::sync::Arc;

use async_trait::async_trait;
use example_common::caller::{Caller, CallerOutput};
use example_common::loudspeaker::Loudspeaker;
use example_common::tone::{FRAME, SAMPLE_RATE, is_voiced, playing_time};
use rustvani::transport::ChannelMessage;
use rustvani::{TransportParams, VadAnalyzer, VadParams};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::interval;

/// Silence that ends an utterance, in seconds.
const STOP_SECS: f32 = 0.3;

/// Returns the settings of the transport: audio both ways in frames of 20 ms, and voice activity detection.
pub(crate) fn params() -> TransportParams {
    TransportParams {
        audio_in_enabled: true,
        audio_in_sample_rate: Some(SAMPLE_RATE),
        audio_out_enabled: true,
        audio_out_sample_rate: Some(SAMPLE_RATE),
        audio_out_10ms_chunks: 2,
        vad_analyzer: Some(Arc::new(VolumeVad)),
        vad_params: VadParams { stop_secs: STOP_SECS, ..VadParams::default() },
        ..TransportParams::default()
    }
}

/// The caller's end of the line, which carries 20 ms of audio every 20 ms.
pub(crate) struct Telephone {
    caller: Caller,
    loudspeaker: Loudspeaker,
    to_bot: Sender<ChannelMessage>,
}

impl Telephone {
    /// Creates the caller's end of the line. The caller's audio goes to `to_bot`.
    pub(crate) fn new(caller: Caller, to_bot: Sender<ChannelMessage>) -> Self {
        Self { caller, loudspeaker: Loudspeaker::default(), to_bot }
    }

    /// Carries audio until the caller hangs up or the bot closes the line.
    pub(crate) async fn run(mut self, mut from_bot: Receiver<ChannelMessage>) {
        let mut ticks = interval(FRAME);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let bot = self.loudspeaker.bot_voice();
                    let CallerOutput::Audio(pcm) = self.caller.next_frame(bot) else { return };
                    if self.to_bot.send(ChannelMessage::Audio(to_bytes(&pcm))).await.is_err() {
                        return;
                    }
                }
                message = from_bot.recv() => {
                    let Some(message) = message else { return };
                    self.on_message(&message);
                }
            }
        }
    }

    fn on_message(&self, message: &ChannelMessage) {
        match message {
            ChannelMessage::Audio(audio) => {
                self.loudspeaker.play(playing_time(to_samples(audio).len(), SAMPLE_RATE));
            }
            ChannelMessage::Interruption => self.loudspeaker.clear(),
            _ => {}
        }
    }
}

/// Voice activity detection by volume. rustvani's own model recognizes speech, but not tones.
struct VolumeVad;

#[async_trait]
impl VadAnalyzer for VolumeVad {
    /// The block size of rustvani's own analyzer at this sample rate.
    fn num_frames_required(&self) -> usize {
        512
    }

    fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    async fn voice_confidence(&self, audio: Vec<u8>) -> f32 {
        if is_voiced(&to_samples(&audio)) { 1.0 } else { 0.0 }
    }
}

/// Encodes samples as rustvani carries them: 16 bits each, little-endian.
pub(crate) fn to_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Decodes the audio of a frame.
pub(crate) fn to_samples(audio: &[u8]) -> Vec<i16> {
    let (samples, _rest) = audio.as_chunks();
    samples.iter().map(|sample| i16::from_le_bytes(*sample)).collect()
}
