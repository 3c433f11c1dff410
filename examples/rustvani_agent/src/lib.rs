//! A voice agent on rustvani: a pipeline of its processors, with an observer.

mod llm;
mod speech_to_text;
mod text_to_speech;
mod transport;

use std::pin::pin;
use std::sync::{Arc, Mutex};

use example_common::caller::{Caller, Utterance};
use example_common::model_server::Model;
use example_common::tone::SAMPLE_RATE;
use futures_util::future::{Either, join, select};
use pipecat_instrument::frame::{Processor, Role};
use pipecat_instrument::instrument_task;
use pipecat_instrument_rustvani::{Billing, Observed};
use rustvani::observer::BaseObserver;
use rustvani::processors::llm_assistant_aggregator::LLMAssistantAggregator;
use rustvani::transport::ChannelTransport;
use rustvani::{
    Frame, FrameDirection, FrameProcessor, LLMContext, LLMUserAggregator, PipelineParams, PipelineTask,
    system_clock,
};
use tokio::sync::mpsc;

use speech_to_text::ToneStt;
use text_to_speech::HummingTts;
use transport::Telephone;

/// Capacity of the telephone line's channels, in messages.
const CHANNEL_CAPACITY: usize = 64;

/// A call that has not started yet.
pub struct Call {
    task: Observed<PipelineTask>,
    context: Arc<Mutex<LLMContext>>,
    transport: ChannelTransport,
    telephone: Telephone,
}

impl Call {
    /// Builds a call in which the caller follows `script` and `model` answers.
    pub fn new(call_id: &str, script: &'static [Utterance], model: &Model) -> Self {
        let (to_bot, from_caller) = mpsc::channel(CHANNEL_CAPACITY);
        let transport = ChannelTransport::new("Line", transport::params(), from_caller);
        let context = Arc::new(Mutex::new(llm::context()));
        let billing = Billing::for_trace();
        let processors = vec![
            transport.input(),
            ToneStt::new(script, billing.clone()).into_processor(),
            LLMUserAggregator::new(Arc::clone(&context)),
            llm::processor(model, billing.clone()),
            LLMAssistantAggregator::new(Arc::clone(&context)),
            HummingTts::new(billing.clone()).into_processor(),
            transport.output(),
        ];
        let task = build_task(call_id, processors, model, &billing);
        Self { task, context, transport, telephone: Telephone::new(Caller::new(script), to_bot) }
    }

    /// Returns a sender of frames into the pipeline.
    pub fn frames(&self) -> mpsc::Sender<(Frame, FrameDirection)> {
        self.task.push_sender()
    }

    /// Runs the call to its end, with `observer` next to the observer of the trace.
    pub async fn run(self, observer: Option<Arc<dyn BaseObserver>>) -> rustvani::Result<()> {
        let frames = self.frames();
        // A context frame makes the bot speak first.
        self.task.push_frame(Frame::llm_context(self.context), FrameDirection::Downstream).await?;

        let (to_caller, from_bot) = mpsc::channel(CHANNEL_CAPACITY);
        let line = join(self.transport.run(frames, to_caller), self.telephone.run(from_bot));
        let run = self.task.run(system_clock(), observer);
        match select(pin!(run), pin!(line)).await {
            Either::Left((outcome, _line)) => outcome,
            // The caller has hung up, so the transport has ended the task.
            Either::Right((_, run)) => run.await,
        }
    }
}

/// Builds the task of a call.
///
/// rustvani takes its observer when a task runs, not when it is built. `Observed` keeps the observer until then.
#[instrument_task(conversation_id = call_id)]
fn build_task(
    call_id: &str,
    processors: Vec<FrameProcessor>,
    model: &Model,
    billing: &Arc<Billing>,
) -> Observed<PipelineTask> {
    let params = PipelineParams { allow_interruptions: true, ..PipelineParams::default() };
    Observed::new(PipelineTask::new(processors, params))
        .service(Processor::new("ToneStt", "ToneStt", Role::Stt).language("en").sample_rate(SAMPLE_RATE))
        .service(
            Processor::new("OpenAILLM", "OpenAILLM", Role::Llm).provider(model.provider).model(&model.name),
        )
        .service(Processor::new("HummingTts", "HummingTts", Role::Tts).voice("hum").sample_rate(SAMPLE_RATE))
        .billing(billing)
}
