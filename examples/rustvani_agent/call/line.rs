//! The telephone line: the channels of rustvani's transport, with a scripted caller at the other end.

use rustvani::transport::ChannelMessage;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::interval;

use crate::telephone::caller::{Caller, FromCaller};
use crate::telephone::loudspeaker::Loudspeaker;
use crate::telephone::tone::{FRAME, SAMPLE_RATE, playing_time};

/// A line that carries 20 ms of audio every 20 ms.
pub(crate) struct Line {
    caller: Caller,
    loudspeaker: Loudspeaker,
}

impl Line {
    /// A line on which `caller` calls.
    pub(crate) fn of(caller: Caller) -> Self {
        Self { caller, loudspeaker: Loudspeaker::new() }
    }

    /// Carries what the caller says to the transport, and what comes from there to the caller, until one hangs up.
    pub(crate) async fn carry(
        mut self,
        from_caller: Sender<ChannelMessage>,
        mut to_caller: Receiver<ChannelMessage>,
    ) {
        let mut ticks = interval(FRAME);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let FromCaller::Audio(pcm) = self.caller.next_frame(self.loudspeaker.bot()) else { return };
                    if from_caller.send(ChannelMessage::Audio(bytes_of(&pcm))).await.is_err() {
                        return;
                    }
                }
                message = to_caller.recv() => {
                    let Some(message) = message else { return };
                    self.hear(&message);
                }
            }
        }
    }

    fn hear(&self, message: &ChannelMessage) {
        match message {
            ChannelMessage::Audio(audio) => {
                self.loudspeaker.play(playing_time(samples_of(audio).len(), SAMPLE_RATE));
            }
            ChannelMessage::Interruption => self.loudspeaker.clear(),
            _ => {}
        }
    }
}

/// Audio as rustvani carries it.
pub(crate) fn bytes_of(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// The samples in it.
pub(crate) fn samples_of(audio: &[u8]) -> Vec<i16> {
    let (samples, _rest) = audio.as_chunks();
    samples.iter().map(|sample| i16::from_le_bytes(*sample)).collect()
}
