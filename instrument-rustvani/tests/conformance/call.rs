//! One call: rustvani's aggregators and transport, with services that follow a script.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pipecat_instrument_runtime::instrumentor::ObservedTask;
use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{Stage, TICK, UserDoes};
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

/// Holds the conversation of `stage` to its end.
pub(crate) fn hold_on_a_runtime_of_its_own(
    stage: &Stage,
    observer: Observer,
    watched: Watched,
) -> std::result::Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_time().build()?.block_on(hold(stage, observer, watched))
}

async fn hold(
    stage: &Stage,
    observer: Observer,
    watched: Watched,
) -> std::result::Result<(), Box<dyn Error>> {
    let (ear, billing) = (Ear::default(), Billing::for_trace());
    let processors = processors(stage, &ear, &(Arc::clone(&billing) as Arc<dyn BillingCollector>));
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
    let user = User { stage, ear: &ear, head: task.push_sender(), dropped: &dropped };
    tokio::select! {
        outcome = task.run(system_clock(), None) => outcome.map_err(Into::into),
        () = user.does_as_the_script_says() => Ok(()),
        () = dropped.notified() => Ok(()),
    }
}

fn processors(stage: &Stage, ear: &Ear, billing: &Arc<dyn BillingCollector>) -> Vec<FrameProcessor> {
    let context = Arc::new(Mutex::new(context(stage)));
    let transport = BaseTransport::new("Line", TransportParams::default());
    let played = |name: &str, handler: Box<dyn FrameHandler>| FrameProcessor::new(name, handler, false);
    vec![
        played("LineInput", Box::new(PassthroughHandler)),
        played("DeepgramStt", Box::new(ScriptedStt::new(ear.clone()))),
        LLMUserAggregator::new(Arc::clone(&context)),
        played("OpenAILLM", Box::new(ScriptedLlm { stage: stage.clone(), billing: Arc::clone(billing) })),
        LLMAssistantAggregator::new(context),
        played("DeepgramTts", Box::new(ScriptedTts::new(stage.clone(), Arc::clone(billing)))),
        transport.output(),
        played("Loudspeaker", Box::new(Loudspeaker(stage.clone()))),
    ]
}

/// The user of a script, whose voice is found at the head of the pipeline.
struct User<'a> {
    stage: &'a Stage,
    ear: &'a Ear,
    head: Sender<(Frame, FrameDirection)>,
    dropped: &'a Notify,
}

impl User<'_> {
    async fn does_as_the_script_says(&self) {
        let mut ticks = interval(TICK);
        loop {
            ticks.tick().await;
            match self.stage.user() {
                UserDoes::Nothing => {}
                UserDoes::StartsSpeaking => self.push(Frame::vad_user_started_speaking(0.0, 0.0)).await,
                UserDoes::StopsSpeaking => self.push(Frame::vad_user_stopped_speaking(0.0, 0.0)).await,
                UserDoes::IsGuessed(text) => self.hears(Heard::Interim(text)).await,
                UserDoes::IsUnderstood(text) => self.hears(Heard::Final(text)).await,
                UserDoes::HangsUp => self.push(Frame::end()).await,
                UserDoes::Cancels => self.push(Frame::cancel()).await,
                UserDoes::DropsTask => self.dropped.notify_one(),
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
struct Loudspeaker(Stage);

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
                self.0.plays(Duration::from_micros(microseconds));
            }
            FrameInner::System(SystemFrame::Interruption) => self.0.clears(),
            _ => {}
        }
        processor.push_frame(frame, direction).await
    }
}
