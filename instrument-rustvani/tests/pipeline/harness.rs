//! A pipeline of rustvani's own processors and scripted services.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rustvani::adapters::schemas::{FunctionSchema, ToolsSchema};
use rustvani::transport::{BaseTransport, TransportParams};
use rustvani::{
    BillingCollector, ControlFrame, DataFrame, Frame, FrameDirection, FrameHandler, FrameInner,
    FrameProcessor, LLMAssistantAggregator, LLMContext, LLMUserAggregator, PassthroughHandler, Result,
    SystemFrame, ToolCall, TranscriptionData,
};

use crate::support::{function_call, function_result, llm_usage, lock};

/// Action of a model in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Round {
    /// Sends this text, in these chunks.
    Say(&'static [&'static str]),
    /// Sends this text and never finishes.
    SayAndHang(&'static str),
    /// Calls a function that returns this.
    Call { id: &'static str, arguments: &'static str, result: &'static str },
    /// Calls a function that never returns.
    CallAndHang { id: &'static str },
    /// Fails.
    Fail(&'static str),
}

/// Name of the function.
pub(crate) const FUNCTION: &str = "check_calendar";

/// System prompt.
pub(crate) const PROMPT: &str = "Be brief.";

/// Returns the processors of a pipeline in which the user says `words` in order, and the model responds with `answers` in
/// order.
pub(crate) fn processors(
    words: &[&str],
    answers: &[&[Round]],
    billing: Arc<dyn BillingCollector>,
) -> Vec<FrameProcessor> {
    let tools = ToolsSchema::new(vec![FunctionSchema::new(FUNCTION, "The times that are free")]);
    let context = Arc::new(Mutex::new(LLMContext::with_tools(Some(PROMPT.to_owned()), tools, None)));
    let transport = BaseTransport::new("Channel", TransportParams::default());
    let words = Mutex::new(words.iter().map(|&words| words.to_owned()).collect());
    let answers = Mutex::new(answers.iter().map(|rounds| rounds.to_vec()).collect());
    let played = |name: &str, handler: Box<dyn FrameHandler>| FrameProcessor::new(name, handler, false);
    vec![
        played("ChannelInput", Box::new(PassthroughHandler)),
        played("DeepgramStt", Box::new(Stt { words })),
        LLMUserAggregator::new(Arc::clone(&context)),
        played("OpenAILLM", Box::new(Llm { answers, billing })),
        LLMAssistantAggregator::new(context),
        played("DeepgramTts", Box::<Tts>::default()),
        transport.output(),
    ]
}

/// Holds back the voice stop, and sends it together with the transcript.
struct Stt {
    words: Mutex<VecDeque<String>>,
}

#[async_trait]
impl FrameHandler for Stt {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> Result<()> {
        let is_stop = matches!(frame.inner, FrameInner::System(SystemFrame::VADUserStoppedSpeaking { .. }));
        let words = if is_stop { lock(&self.words).pop_front() } else { None };
        let frame = match words {
            Some(words) => frame.with_vad_stop_transcript(
                TranscriptionData::new(words, "caller", "now").with_language("en").finalized(),
            ),
            None => frame,
        };
        processor.push_frame(frame, direction).await
    }
}

/// Responds like rustvani's own client.
struct Llm {
    answers: Mutex<VecDeque<Vec<Round>>>,
    billing: Arc<dyn BillingCollector>,
}

impl Llm {
    async fn answer(&self, processor: &FrameProcessor, context: &Mutex<LLMContext>) -> Result<()> {
        let rounds = lock(&self.answers).pop_front();
        let push = |frame| processor.push_frame(frame, FrameDirection::Downstream);
        push(Frame::llm_full_response_start()).await?;
        for round in rounds.into_iter().flatten() {
            match round {
                Round::Say(pieces) => {
                    for piece in pieces {
                        push(Frame::llm_text((*piece).to_owned())).await?;
                    }
                    self.bill();
                }
                Round::SayAndHang(text) => {
                    push(Frame::llm_text(text.to_owned())).await?;
                    std::future::pending::<()>().await;
                }
                Round::Call { id, arguments, result } => {
                    self.bill();
                    commit_call(context, id, arguments);
                    push(Frame::function_call_start()).await?;
                    push(function_call(id, FUNCTION, arguments)).await?;
                    push(function_result(id, FUNCTION, result)).await?;
                    lock(context).stage_tool_result(id, result);
                    push(Frame::function_call_end()).await?;
                    lock(context).commit();
                }
                Round::CallAndHang { id } => {
                    commit_call(context, id, "{}");
                    push(Frame::function_call_start()).await?;
                    push(function_call(id, FUNCTION, "{}")).await?;
                    std::future::pending::<()>().await;
                }
                Round::Fail(error) => processor.push_error(error, false).await?,
            }
        }
        push(Frame::llm_full_response_end()).await
    }

    /// Bills the same tokens for each round.
    fn bill(&self) {
        self.billing.record(llm_usage(&*self.billing, 100, 7, false));
    }
}

fn commit_call(context: &Mutex<LLMContext>, id: &str, arguments: &str) {
    let call =
        ToolCall { id: id.to_owned(), function_name: FUNCTION.to_owned(), arguments: arguments.to_owned() };
    lock(context).stage_assistant_tool_calls(None, vec![call]);
}

#[async_trait]
impl FrameHandler for Llm {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> Result<()> {
        match &frame.inner {
            FrameInner::Data(DataFrame::LLMContextFrame(context)) => self.answer(processor, context).await,
            _ => processor.push_frame(frame, direction).await,
        }
    }
}

/// Duration of every reply.
pub(crate) const REPLY: Duration = Duration::from_millis(40);

/// Speaks the complete response, if there is one.
#[derive(Default)]
struct Tts {
    has_text: AtomicBool,
}

#[async_trait]
impl FrameHandler for Tts {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> Result<()> {
        let is_end = matches!(frame.inner, FrameInner::Control(ControlFrame::LLMFullResponseEnd));
        if matches!(frame.inner, FrameInner::Data(DataFrame::LLMText(_))) {
            self.has_text.store(true, Ordering::Relaxed);
        }
        processor.push_frame(frame, direction).await?;
        if is_end && self.has_text.swap(false, Ordering::Relaxed) {
            let bytes = usize::try_from(REPLY.as_millis()).unwrap_or_default() * 16 * 2;
            processor
                .push_frame(Frame::output_audio(vec![0; bytes], 16_000, 1), FrameDirection::Downstream)
                .await?;
        }
        Ok(())
    }
}
