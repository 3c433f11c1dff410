//! A call with rustvani's aggregators, and scripted services.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pipecat_instrument_runtime::instrumentor::ObservedTask;
use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{Harness, POLL_INTERVAL, UserAction};
use pipecat_instrument_rustvani::{Billing, HookedProcessors, Observed};
use rustvani::transport::{BaseTransport, TransportParams};
use rustvani::{
    BillingCollector, DataFrame, Frame, FrameDirection, FrameHandler, FrameInner, FrameProcessor,
    LLMAssistantAggregator, LLMUserAggregator, PassthroughHandler, PipelineParams, PipelineTask, Result,
    SystemFrame, system_clock,
};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use tokio::time::interval;

use crate::model::{ScriptedLlm, context};
use crate::speech::{ScriptedStt, ScriptedTranscript, ScriptedTts, TranscriptQueue};

/// The way in which the adapter observes the pipeline.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ObservedBy {
    /// With the observer of the task.
    AsItRuns,
    /// With the hooks of its processors.
    ThroughHooks,
}

/// Runs the conversation of `harness` to its end, on a new runtime.
pub(crate) fn run_blocking(
    harness: &Harness,
    observer: Observer,
    observed_by: ObservedBy,
) -> std::result::Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_time().build()?.block_on(run(harness, observer, observed_by))
}

async fn run(
    harness: &Harness,
    observer: Observer,
    observed_by: ObservedBy,
) -> std::result::Result<(), Box<dyn Error>> {
    let (transcripts, billing) = (TranscriptQueue::default(), Billing::for_trace());
    let processors = processors(harness, &transcripts, &(Arc::clone(&billing) as Arc<dyn BillingCollector>));
    let params = PipelineParams { allow_interruptions: true, ..PipelineParams::default() };
    let task = match observed_by {
        ObservedBy::AsItRuns => {
            let mut task = Observed::new(PipelineTask::new(processors, params)).billing(&billing);
            task.attach_observer(observer);
            task
        }
        ObservedBy::ThroughHooks => {
            let mut processors = HookedProcessors::from(processors).billing(&billing);
            processors.push(observer);
            Observed::new(PipelineTask::new(processors.into(), params))
        }
    };
    let dropped = Notify::new();
    let user = User { harness, transcripts: &transcripts, head: task.push_sender(), dropped: &dropped };
    tokio::select! {
        outcome = task.run(system_clock(), None) => outcome.map_err(Into::into),
        () = user.follow_script() => Ok(()),
        () = dropped.notified() => Ok(()),
    }
}

fn processors(
    harness: &Harness,
    transcripts: &TranscriptQueue,
    billing: &Arc<dyn BillingCollector>,
) -> Vec<FrameProcessor> {
    let context = Arc::new(Mutex::new(context(harness)));
    let transport = BaseTransport::new("Line", TransportParams::default());
    let played = |name: &str, handler: Box<dyn FrameHandler>| FrameProcessor::new(name, handler, false);
    vec![
        played("LineInput", Box::new(PassthroughHandler)),
        played("DeepgramStt", Box::new(ScriptedStt::new(transcripts.clone()))),
        LLMUserAggregator::new(Arc::clone(&context)),
        played("OpenAILLM", Box::new(ScriptedLlm { harness: harness.clone(), billing: Arc::clone(billing) })),
        LLMAssistantAggregator::new(context),
        played("DeepgramTts", Box::new(ScriptedTts::new(harness.clone(), Arc::clone(billing)))),
        transport.output(),
        played("Loudspeaker", Box::new(Loudspeaker(harness.clone()))),
    ]
}

/// The scripted user. The frames of the voice detection start at the head of the pipeline.
struct User<'a> {
    harness: &'a Harness,
    transcripts: &'a TranscriptQueue,
    head: Sender<(Frame, FrameDirection)>,
    dropped: &'a Notify,
}

impl User<'_> {
    async fn follow_script(&self) {
        let mut ticks = interval(POLL_INTERVAL);
        loop {
            ticks.tick().await;
            match self.harness.user_action() {
                UserAction::None => {}
                UserAction::StartSpeaking => self.push(Frame::vad_user_started_speaking(0.0, 0.0)).await,
                UserAction::StopSpeaking => self.push(Frame::vad_user_stopped_speaking(0.0, 0.0)).await,
                UserAction::InterimTranscript(text) => {
                    self.push_transcript(ScriptedTranscript::Interim(text)).await;
                }
                UserAction::FinalTranscript(text) => {
                    self.push_transcript(ScriptedTranscript::Final(text)).await;
                }
                UserAction::HangUp => self.push(Frame::end()).await,
                UserAction::Cancel => self.push(Frame::cancel()).await,
                UserAction::DropTask => self.dropped.notify_one(),
            }
        }
    }

    /// Queues a transcript. The speech-to-text service pushes it with the next audio.
    async fn push_transcript(&self, transcript: ScriptedTranscript) {
        self.transcripts.push(transcript);
        self.push(Frame::input_audio(vec![0; 320], 16_000, 1)).await;
    }

    async fn push(&self, frame: Frame) {
        // An error here means that the call is over.
        let _ = self.head.send((frame, FrameDirection::Downstream)).await;
    }
}

/// The output of the pipeline, which plays the audio.
struct Loudspeaker(Harness);

#[async_trait]
impl FrameHandler for Loudspeaker {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> Result<()> {
        match &frame.inner {
            FrameInner::Data(DataFrame::OutputAudioRaw(audio)) => {
                let microseconds = audio.num_frames as u64 * 1_000_000 / u64::from(audio.sample_rate);
                self.0.on_audio_sent(Duration::from_micros(microseconds));
            }
            FrameInner::System(SystemFrame::Interruption) => self.0.on_playback_cleared(),
            _ => {}
        }
        processor.push_frame(frame, direction).await
    }
}
