//! The telephone line: flowcat's transport seam, with a scripted caller at the other end.

use std::sync::Arc;

use async_trait::async_trait;
use flowcat_core::{AudioChunk, AudioFrame, FlowcatError, Frame, MediaIn, MediaTransport};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Interval, interval};

use crate::telephone::caller::{Bot, Caller, FromCaller};
use crate::telephone::loudspeaker::Loudspeaker;
use crate::telephone::tone::{FRAME, SAMPLE_RATE, playing_time};

/// A line that carries 20 ms of audio every 20 ms.
pub(crate) struct Line {
    call_id: String,
    caller: Caller,
    loudspeaker: Loudspeaker,
    /// Gets what the microphone picks up, and when the bot is to be heard.
    ear: UnboundedSender<Frame>,
    ticks: Interval,
    connected: bool,
    bot: Bot,
}

impl Line {
    /// A line on which `caller` calls; what is said on it is also told to `ear`.
    pub(crate) fn new(
        call_id: &str,
        caller: Caller,
        loudspeaker: Loudspeaker,
        ear: UnboundedSender<Frame>,
    ) -> Self {
        let ticks = interval(FRAME);
        Self {
            call_id: call_id.to_owned(),
            caller,
            loudspeaker,
            ear,
            ticks,
            connected: false,
            bot: Bot::Silent,
        }
    }

    fn listen_to_bot(&mut self) {
        let bot = self.loudspeaker.bot();
        if bot != self.bot {
            self.bot = bot;
            self.tell_ear(match bot {
                Bot::Speaking => Frame::BotStartedSpeaking,
                Bot::Silent => Frame::BotStoppedSpeaking,
            });
        }
    }

    fn tell_ear(&self, frame: Frame) {
        // Nobody listens any more once the call is over.
        let _ = self.ear.send(frame);
    }
}

#[async_trait]
impl MediaTransport for Line {
    async fn recv(&mut self) -> Option<MediaIn> {
        if !self.connected {
            self.connected = true;
            return Some(MediaIn::StreamStart { call_id: self.call_id.clone() });
        }
        self.ticks.tick().await;
        self.listen_to_bot();
        match self.caller.next_frame(self.bot) {
            FromCaller::Audio(pcm) => {
                let chunk = AudioChunk::new(pcm, SAMPLE_RATE);
                self.tell_ear(Frame::InputAudio(Arc::new(AudioFrame::from(&chunk))));
                Some(MediaIn::Audio(chunk))
            }
            FromCaller::HangUp => Some(MediaIn::Stop),
        }
    }

    async fn send_audio(&mut self, chunk: AudioChunk) -> Result<(), FlowcatError> {
        self.loudspeaker.play(playing_time(chunk.len(), chunk.sample_rate));
        Ok(())
    }

    async fn send_clear(&mut self) -> Result<(), FlowcatError> {
        self.loudspeaker.clear();
        Ok(())
    }

    fn carrier_rate(&self) -> u32 {
        SAMPLE_RATE
    }
}
