//! Voice activity detection, so that the caller can interrupt the bot.
//!
//! flowcat's cascaded builder has no option for a `VadProcessor`. The detector therefore runs in a small pipeline of
//! its own, which receives the audio of both sides. An observer queues the frames of the detector in the pipeline of
//! the call.

use std::sync::Arc;

use async_trait::async_trait;
use example_common::loudspeaker::Loudspeaker;
use example_common::tone::{FRAME_SAMPLES, SAMPLE_RATE};
use flowcat_core::audio::vad::{MockVad, VadProcessor};
use flowcat_core::{
    Direction, Frame, FrameObserver, FramePushEvent, Pipeline, PipelineTask, PipelineTaskParams,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

/// Detects the caller's voice in `audio` and queues the resulting frames in `call`, until `audio` is closed.
pub(crate) fn spawn(
    mut audio: UnboundedReceiver<Frame>,
    call: UnboundedSender<Frame>,
    loudspeaker: Loudspeaker,
) -> JoinHandle<()> {
    // Despite its name, flowcat's `MockVad` is a working detector: by volume, with the usual hysteresis.
    let vad = VadProcessor::new(MockVad::new(SAMPLE_RATE, FRAME_SAMPLES as usize), FRAME_SAMPLES as usize);
    let task = PipelineTask::new(
        Pipeline::new(vec![Box::new(vad)]),
        PipelineTaskParams { idle_timeout: None, ..PipelineTaskParams::default() },
        vec![Arc::new(VadForwarder { call, loudspeaker })],
    );
    let input = task.queue_sender();
    tokio::spawn(async move {
        let forward_audio = async {
            while let Some(frame) = audio.recv().await {
                if input.send(frame).is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            () = forward_audio => {}
            _ = task.run() => {}
        }
    })
}

/// Forwards the detector's frames to the call. It is an observer because flowcat passes `Interruption` to no processor.
struct VadForwarder {
    call: UnboundedSender<Frame>,
    loudspeaker: Loudspeaker,
}

#[async_trait]
impl FrameObserver for VadForwarder {
    async fn on_push(&self, push: &FramePushEvent<'_>) {
        if push.source != "VadProcessor" || push.direction != Direction::Downstream {
            return;
        }
        match push.frame {
            // flowcat's output does not see `Interruption` either, so it does not clear the transport itself.
            Frame::Interruption => self.loudspeaker.clear(),
            Frame::VadUserStartedSpeaking { .. }
            | Frame::VadUserStoppedSpeaking { .. }
            | Frame::UserStartedSpeaking
            | Frame::UserStoppedSpeaking => {}
            _ => return,
        }
        // An error here means that the call is over.
        let _ = self.call.send(push.frame.clone());
    }
}
