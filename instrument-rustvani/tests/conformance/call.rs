//! One call: rustvani's aggregators and transport, with services that follow a script.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pipecat_instrument_runtime::instrumentor::ObservedTask;
use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{Harness, POLL_INTERVAL, UserAction};
use pipecat_instrument_rustvani::{Billing, Observed, Processors};
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
use crate::speech::{Ear, Heard, ScriptedStt, ScriptedTts};

/// How the adapter watches.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Watched {
    /// By the observer that the task runs with.
    AsItRuns,
    /// By the hooks of its processors.
    ThroughHooks,
}

/// Holds the conversation of `harness` to its end.
pub(crate) fn hold_on_a_runtime_of_its_own(
    harness: &Harness,
    observer: Observer,
    watched: Watched,
) -> std::result::Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_time().build()?.block_on(hold(harness, observer, watched))
}

async fn hold(
    harness: &Harness,
    observer: Observer,
    watched: Watched,
) -> std::result::Result<(), Box<dyn Error>> {
    let (ear, billing) = (Ear::default(), Billing::for_trace());
    let processors = processors(harness, &ear, &(Arc::clone(&billing) as Arc<dyn BillingCollector>));
    let params = PipelineParams { allow_interruptions: true, ..PipelineParams::default() };
    let task = match watched {
        Watched::AsItRuns => {
            let mut task = Observed::new(PipelineTask::new(processors, params)).billing(&billing);
            task.attach_observer(observer);
            task
        }
        Watched::ThroughHooks => {
            let mut processors = Processors::from(processors).billing(&billing);
            processors.push(observer);
            Observed::new(PipelineTask::new(processors.into(), params))
        }
    };
    let dropped = Notify::new();
    let user = User { harness, ear: &ear, head: task.push_sender(), dropped: &dropped };
    tokio::select! {
        outcome = task.run(system_clock(), None) => outcome.map_err(Into::into),
        () = user.does_as_the_script_says() => Ok(()),
        () = dropped.notified() => Ok(()),
    }
}

fn processors(harness: &Harness, ear: &Ear, billing: &Arc<dyn BillingCollector>) -> Vec<FrameProcessor> {
    let context = Arc::new(Mutex::new(context(harness)));
    let transport = BaseTransport::new("Line", TransportParams::default());
    let played = |name: &str, handler: Box<dyn FrameHandler>| FrameProcessor::new(name, handler, false);
    vec![
        played("LineInput", Box::new(PassthroughHandler)),
        played("DeepgramStt", Box::new(ScriptedStt::new(ear.clone()))),
        LLMUserAggregator::new(Arc::clone(&context)),
        played("OpenAILLM", Box::new(ScriptedLlm { harness: harness.clone(), billing: Arc::clone(billing) })),
        LLMAssistantAggregator::new(context),
        played("DeepgramTts", Box::new(ScriptedTts::new(harness.clone(), Arc::clone(billing)))),
        transport.output(),
        played("Loudspeaker", Box::new(Loudspeaker(harness.clone()))),
    ]
}

/// The user of a script, whose voice is found at the head of the pipeline.
struct User<'a> {
    harness: &'a Harness,
    ear: &'a Ear,
    head: Sender<(Frame, FrameDirection)>,
    dropped: &'a Notify,
}

impl User<'_> {
    async fn does_as_the_script_says(&self) {
        let mut ticks = interval(POLL_INTERVAL);
        loop {
            ticks.tick().await;
            match self.harness.user_action() {
                UserAction::None => {}
                UserAction::StartSpeaking => self.push(Frame::vad_user_started_speaking(0.0, 0.0)).await,
                UserAction::StopSpeaking => self.push(Frame::vad_user_stopped_speaking(0.0, 0.0)).await,
                UserAction::InterimTranscript(text) => self.hears(Heard::Interim(text)).await,
                UserAction::FinalTranscript(text) => self.hears(Heard::Final(text)).await,
                UserAction::HangUp => self.push(Frame::end()).await,
                UserAction::Cancel => self.push(Frame::cancel()).await,
                UserAction::DropTask => self.dropped.notify_one(),
            }
        }
    }

    /// What the speech-to-text makes of the voice: on its next piece of audio, as its processor has to push it.
    async fn hears(&self, heard: Heard) {
        self.ear.hears(heard);
        self.push(Frame::input_audio(vec![0; 320], 16_000, 1)).await;
    }

    async fn push(&self, frame: Frame) {
        // Nobody listens any more once the call is over.
        let _ = self.head.send((frame, FrameDirection::Downstream)).await;
    }
}

/// The end of the line: what goes out is played.
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
