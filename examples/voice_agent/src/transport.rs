//! A telephone line as a flowcat transport, with the simulated caller at its other end.

use std::sync::Arc;

use async_trait::async_trait;
use example_common::caller::{BotVoice, Caller, CallerOutput};
use example_common::loudspeaker::Loudspeaker;
use example_common::tone::{FRAME, SAMPLE_RATE, playing_time};
use flowcat_core::{AudioChunk, AudioFrame, FlowcatError, Frame, MediaIn, MediaTransport};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Interval, interval};

/// A transport that carries 20 ms of audio every 20 ms.
pub(crate) struct Telephone {
    call_id: String,
    caller: Caller,
    loudspeaker: Loudspeaker,
    /// Receives the caller's audio, and frames for the start and end of the bot's speech.
    vad: UnboundedSender<Frame>,
    ticks: Interval,
    is_connected: bool,
    bot: BotVoice,
}

impl Telephone {
    /// Creates the transport of one call. It also sends the audio to `vad`.
    pub(crate) fn new(
        call_id: &str,
        caller: Caller,
        loudspeaker: Loudspeaker,
        vad: UnboundedSender<Frame>,
    ) -> Self {
        Self {
            call_id: call_id.to_owned(),
            caller,
            loudspeaker,
            vad,
            ticks: interval(FRAME),
            is_connected: false,
            bot: BotVoice::Silent,
        }
    }

    fn listen_to_bot(&mut self) {
        let bot = self.loudspeaker.bot_voice();
        if bot != self.bot {
            self.bot = bot;
            self.send_to_vad(match bot {
                BotVoice::Speaking => Frame::BotStartedSpeaking,
                BotVoice::Silent => Frame::BotStoppedSpeaking,
            });
        }
    }

    fn send_to_vad(&self, frame: Frame) {
        // An error here means that the call is over.
        let _ = self.vad.send(frame);
    }
}

#[async_trait]
impl MediaTransport for Telephone {
    async fn recv(&mut self) -> Option<MediaIn> {
        if !self.is_connected {
            self.is_connected = true;
            return Some(MediaIn::StreamStart { call_id: self.call_id.clone() });
        }
        self.ticks.tick().await;
        self.listen_to_bot();
        match self.caller.next_frame(self.bot) {
            CallerOutput::Audio(pcm) => {
                let chunk = AudioChunk::new(pcm, SAMPLE_RATE);
                self.send_to_vad(Frame::InputAudio(Arc::new(AudioFrame::from(&chunk))));
                Some(MediaIn::Audio(chunk))
            }
            CallerOutput::HangUp => Some(MediaIn::Stop),
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
