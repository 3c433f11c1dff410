//! Lets the caller cut in: flowcat's voice detection, beside the call.
//!
//! flowcat's cascaded builder has no place for a `VadProcessor` (and no barge-in), so it runs in a small pipeline of
//! its own that hears the line, and what it finds is queued at the head of the call, as flowcat's sources do.

use std::sync::Arc;

use async_trait::async_trait;
use flowcat_core::audio::vad::{MockVad, VadProcessor};
use flowcat_core::{
    Direction, Frame, FrameObserver, FramePushEvent, Pipeline, PipelineTask, PipelineTaskParams,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::telephone::loudspeaker::Loudspeaker;
use crate::telephone::tone::{FRAME_SAMPLES, SAMPLE_RATE};

/// Detects the caller's voice in `line` and tells `call`, until the line is closed.
pub(crate) fn listen(
    mut line: UnboundedReceiver<Frame>,
    call: UnboundedSender<Frame>,
    loudspeaker: Loudspeaker,
) -> JoinHandle<()> {
    // Its name notwithstanding, flowcat's `MockVad` is a working detector: by loudness, with the real hysteresis.
    let vad = VadProcessor::new(MockVad::new(SAMPLE_RATE, FRAME_SAMPLES as usize), FRAME_SAMPLES as usize);
    let task = PipelineTask::new(
        Pipeline::new(vec![Box::new(vad)]),
        PipelineTaskParams { idle_timeout: None, ..PipelineTaskParams::default() },
        vec![Arc::new(TellCall { call, loudspeaker })],
    );
    let ear = task.queue_sender();
    tokio::spawn(async move {
        let heard = async {
            while let Some(frame) = line.recv().await {
                if ear.send(frame).is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            () = heard => {}
            _ = task.run() => {}
        }
    })
}

/// Passes on what the voice detection finds. An observer, as flowcat hands an `Interruption` to no processor.
struct TellCall {
    call: UnboundedSender<Frame>,
    loudspeaker: Loudspeaker,
}

#[async_trait]
impl FrameObserver for TellCall {
    async fn on_push(&self, push: &FramePushEvent<'_>) {
        if push.source != "VadProcessor" || push.direction != Direction::Downstream {
            return;
        }
        match push.frame {
            // For the same reason flowcat's output never asks the line to be silent.
            Frame::Interruption => self.loudspeaker.clear(),
            Frame::VadUserStartedSpeaking { .. }
            | Frame::VadUserStoppedSpeaking { .. }
            | Frame::UserStartedSpeaking
            | Frame::UserStoppedSpeaking => {}
            _ => return,
        }
        // The call may be over already.
        let _ = self.call.send(push.frame.clone());
    }
}
