//! One call: rustvani's processors in a row, and traced.

mod line;
mod llm;
mod pcm;
mod speech_to_text;
mod text_to_speech;
mod voice_detection;

use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::future::{Either, join, select};
use pipecat_instrument::frame::{Processor, Role};
use pipecat_instrument::instrument_task;
use pipecat_instrument_rustvani::{Billing, Observed};
use rustvani::observer::BaseObserver;
use rustvani::processors::llm_assistant_aggregator::LLMAssistantAggregator;
use rustvani::transport::ChannelTransport;
use rustvani::{
    Frame, FrameDirection, FrameProcessor, LLMContext, LLMUserAggregator, PipelineParams, PipelineTask,
    TransportParams, VadParams, system_clock,
};
use tokio::sync::mpsc;

use crate::telephone::caller::{Caller, Say};
use crate::telephone::model::Model;
use crate::telephone::tone::SAMPLE_RATE;
use line::Line;
use speech_to_text::ToneStt;
use text_to_speech::HummingTts;
use voice_detection::Loudness;

/// Silence that ends an utterance, in seconds. rustvani's default is for those who pause to think.
const STOP_SECS: f32 = 0.3;
/// Messages that may wait on the line, in either direction.
const LINE_CAPACITY: usize = 64;

/// A call that is about to be held.
pub(crate) struct Call {
    task: Observed<PipelineTask>,
    context: Arc<Mutex<LLMContext>>,
    transport: ChannelTransport,
    line: Line,
}

impl Call {
    /// The call of somebody who says what is in `script`, answered by `model`.
    pub(crate) fn new(call_id: &str, script: &'static [Say], model: &Model) -> Self {
        let (to_bot, from_caller) = mpsc::channel(LINE_CAPACITY);
        let transport = ChannelTransport::new("Line", transport_params(), from_caller);
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
        Self { task, context, transport, line: Line::of(Caller::new(script), to_bot) }
    }

    /// What puts frames into the pipeline, from outside.
    pub(crate) fn frames(&self) -> mpsc::Sender<(Frame, FrameDirection)> {
        self.task.push_sender()
    }

    /// Holds it, to its end. `observer` is told everything, beside the one for the trace.
    pub(crate) async fn hold(self, observer: Option<Arc<dyn BaseObserver>>) -> rustvani::Result<()> {
        let frames = self.frames();
        // Somebody has called: the bot speaks first.
        self.task.push_frame(Frame::llm_context(self.context), FrameDirection::Downstream).await?;

        let (to_caller, from_bot) = mpsc::channel(LINE_CAPACITY);
        let line = join(self.transport.run(frames, to_caller), self.line.carry(from_bot));
        let run = self.task.run(system_clock(), observer);
        match select(pin!(run), pin!(line)).await {
            Either::Left((outcome, _line)) => outcome,
            // The caller has hung up, and the transport has told the task so.
            Either::Right((_, run)) => run.await,
        }
    }
}

/// The task of a call, with what stands behind the names of its services. rustvani takes an observer where a task is
/// run, so what is annotated returns one that knows of its observer.
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

/// A line that carries audio both ways, 20 ms at a time, with rustvani's voice activity detection at the caller's end.
fn transport_params() -> TransportParams {
    TransportParams {
        audio_in_enabled: true,
        audio_in_sample_rate: Some(SAMPLE_RATE),
        audio_out_enabled: true,
        audio_out_sample_rate: Some(SAMPLE_RATE),
        audio_out_10ms_chunks: 2,
        vad_analyzer: Some(Arc::new(Loudness)),
        vad_params: VadParams { stop_secs: STOP_SECS, ..VadParams::default() },
        ..TransportParams::default()
    }
}
