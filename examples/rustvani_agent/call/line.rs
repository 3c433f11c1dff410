//! The telephone line: the channels of rustvani's transport, with a scripted caller at the other end.

use rustvani::transport::ChannelMessage;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::interval;

use super::pcm::{bytes_of, samples_of};
use crate::telephone::caller::{Caller, FromCaller};
use crate::telephone::loudspeaker::Loudspeaker;
use crate::telephone::tone::{FRAME, SAMPLE_RATE, playing_time};

/// A line that carries 20 ms of audio every 20 ms.
pub(crate) struct Line {
    caller: Caller,
    loudspeaker: Loudspeaker,
    to_bot: Sender<ChannelMessage>,
}

impl Line {
    /// A line on which `caller` calls. What is said goes to `to_bot`.
    pub(crate) fn of(caller: Caller, to_bot: Sender<ChannelMessage>) -> Self {
        Self { caller, loudspeaker: Loudspeaker::new(), to_bot }
    }

    /// Carries what both say, until one hangs up.
    pub(crate) async fn carry(mut self, mut from_bot: Receiver<ChannelMessage>) {
        let mut ticks = interval(FRAME);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let FromCaller::Audio(pcm) = self.caller.next_frame(self.loudspeaker.bot()) else { return };
                    if self.to_bot.send(ChannelMessage::Audio(bytes_of(&pcm))).await.is_err() {
                        return;
                    }
                }
                message = from_bot.recv() => {
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
