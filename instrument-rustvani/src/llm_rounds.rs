//! Splits the response of a model with tools into its LLM calls, the rounds.
//!
//! rustvani sends one context and one pair of response frames, although it calls the model again with the results of its
//! tools. The frames in between show where a round ends and the next one starts:
//!
//! ```text
//!   LLMContextFrame ─▶ OpenAILLM ─▶ LLMFullResponseStart        the first round
//!                                   FunctionCallStart           … ends
//!                                   FunctionCallInProgress, FunctionCallResult, …
//!                                   FunctionCallEnd             the next round: that context, the calls and results
//!                                   LLMText, …
//!                                   LLMFullResponseEnd          … ends
//!      Interruption ─▶ OpenAILLM                                ends the round and cancels its tool calls
//! ```
//!
//! The adapter synthesizes the missing contexts, response frames and cancellations.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use pipecat_instrument_runtime::engine::frame::{Frame, Hop, ProcessorRef, Role};
use rustvani::context::Message;
use rustvani::{
    ControlFrame, DataFrame, Frame as Rustvani, FrameInner, FunctionCallData, FunctionCallResultData,
    LLMContext, SystemFrame, ToolCall,
};

use crate::frame::Context;

/// Maximum number of stored frame ids. Ids are stored because each frame passes several processors.
const MAX_SEEN_FRAMES: usize = 64;

/// A hop that is a step of a model's response.
#[derive(Clone, Copy)]
pub(crate) enum LlmStep<'a> {
    /// The model receives a context.
    Context(&'a Arc<Mutex<LLMContext>>),
    /// The response starts.
    ResponseStart,
    /// The model calls tools.
    ToolCallsStart,
    /// A tool call starts.
    ToolCall(&'a FunctionCallData),
    /// A tool call returns.
    ToolResult(&'a FunctionCallResultData),
    /// All tool calls have returned, and rustvani calls the model again.
    ToolCallsEnd,
    /// The response ends.
    ResponseEnd,
    /// The user interrupts the response.
    Interruption,
}

impl<'a> LlmStep<'a> {
    /// Returns the step that this frame performs, if any.
    #[inline]
    pub(crate) fn from_frame(frame: &'a Rustvani) -> Option<Self> {
        Some(match &frame.inner {
            FrameInner::Data(DataFrame::LLMContextFrame(context)) => Self::Context(context),
            FrameInner::Data(DataFrame::FunctionCallInProgress(call)) => Self::ToolCall(call),
            FrameInner::Data(DataFrame::FunctionCallResult(result)) => Self::ToolResult(result),
            FrameInner::Control(ControlFrame::LLMFullResponseStart) => Self::ResponseStart,
            FrameInner::Control(ControlFrame::FunctionCallStart) => Self::ToolCallsStart,
            FrameInner::Control(ControlFrame::FunctionCallEnd) => Self::ToolCallsEnd,
            FrameInner::Control(ControlFrame::LLMFullResponseEnd) => Self::ResponseEnd,
            FrameInner::System(SystemFrame::Interruption) => Self::Interruption,
            _ => return None,
        })
    }

    /// Returns the model of the step: the destination of a context or an interruption, the source of other frames.
    fn model(self, hop: Hop<'_>) -> ProcessorRef<'_> {
        match self {
            Self::Context(_) | Self::Interruption => hop.destination,
            _ => hop.source,
        }
    }
}

/// The responses of one conversation's models.
#[derive(Default)]
pub(crate) struct LlmRounds {
    /// Locked only by hops that are steps of a response.
    responses: Mutex<Responses>,
}

#[derive(Default)]
struct Responses {
    /// One for each model.
    by_model: Vec<Response>,
    /// Ids of recent frames. They pass several processors, and another model may be among them.
    seen_frames: VecDeque<u64>,
}

/// The response of a model.
struct Response {
    /// Name of the model's processor.
    model: String,
    /// The latest context that the model received.
    context: Option<Arc<Mutex<LLMContext>>>,
    is_active: bool,
    /// The tool calls of the current round.
    calls: Vec<ToolCall>,
    /// The results of the current round, as messages.
    results: Vec<Message>,
}

impl LlmRounds {
    /// Records a step, and passes the synthesized frames to `emit`. `frame` is the id of the frame.
    pub(crate) fn on_step(
        &self,
        step: LlmStep<'_>,
        frame: u64,
        hop: Hop<'_>,
        emit: &mut dyn FnMut(Hop<'_>, Frame<'_>),
    ) {
        let model = step.model(hop);
        if !matches!(model.role(), Role::Llm | Role::Unknown) {
            return;
        }
        let mut responses = self.responses.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            LlmStep::Context(context) => {
                responses.get_or_insert(model.id()).context = Some(Arc::clone(context));
            }
            LlmStep::Interruption => {
                if let Some(response) = responses.get_mut(model.id()) {
                    response.interrupt(Hop { source: model, ..hop }, emit);
                }
            }
            _ if !responses.insert_frame(frame) => {}
            LlmStep::ResponseStart => responses.get_or_insert(model.id()).is_active = true,
            LlmStep::ToolCallsStart => {
                responses.get_or_insert(model.id()).clear_round();
                emit(hop, Frame::LlmResponseEnd);
            }
            LlmStep::ToolCall(call) => responses.get_or_insert(model.id()).calls.push(ToolCall {
                id: call.id.clone(),
                function_name: call.function_name.clone(),
                arguments: call.arguments.clone(),
            }),
            LlmStep::ToolResult(result) => {
                responses.get_or_insert(model.id()).results.push(Message::ToolResult {
                    tool_call_id: result.id.clone(),
                    content: result.result.clone(),
                });
            }
            LlmStep::ToolCallsEnd => responses.get_or_insert(model.id()).start_next_round(hop, emit),
            LlmStep::ResponseEnd => responses.get_or_insert(model.id()).end(),
        }
    }
}

impl Responses {
    fn get_mut(&mut self, model: &str) -> Option<&mut Response> {
        self.by_model.iter_mut().find(|response| response.model == model)
    }

    fn get_or_insert(&mut self, model: &str) -> &mut Response {
        let position = self.by_model.iter().position(|response| response.model == model);
        let index = position.unwrap_or_else(|| {
            self.by_model.push(Response::new(model));
            self.by_model.len() - 1
        });
        &mut self.by_model[index]
    }

    /// Stores a frame id. Returns `false` if it is stored already, like `HashSet::insert`.
    fn insert_frame(&mut self, id: u64) -> bool {
        if self.seen_frames.contains(&id) {
            return false;
        }
        if self.seen_frames.len() == MAX_SEEN_FRAMES {
            self.seen_frames.pop_front();
        }
        self.seen_frames.push_back(id);
        true
    }
}

impl Response {
    fn new(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            context: None,
            is_active: false,
            calls: Vec::new(),
            results: Vec::new(),
        }
    }

    fn clear_round(&mut self) {
        self.calls.clear();
        self.results.clear();
    }

    /// Synthesizes the start of a round, with a context that includes the calls and results. rustvani adds them to its own
    /// context a moment later.
    fn start_next_round(&mut self, hop: Hop<'_>, emit: &mut dyn FnMut(Hop<'_>, Frame<'_>)) {
        let mut round =
            vec![Message::Assistant { content: None, tool_calls: Some(std::mem::take(&mut self.calls)) }];
        round.append(&mut self.results);
        let to_itself = Hop { destination: hop.source, ..hop };
        if let Some(context) = &self.context {
            emit(to_itself, Frame::LlmContext(Some(&Context::with_round(context, &round))));
        } else {
            emit(to_itself, Frame::LlmContext(None));
        }
        emit(hop, Frame::LlmResponseStart);
    }

    fn interrupt(&mut self, hop: Hop<'_>, emit: &mut dyn FnMut(Hop<'_>, Frame<'_>)) {
        if !self.is_active {
            return;
        }
        for call in self.calls.iter().filter(|call| !self.has_result(&call.id)) {
            emit(hop, Frame::FunctionCallCancel { tool_call_id: &call.id });
        }
        emit(hop, Frame::LlmResponseEnd);
        self.end();
    }

    fn has_result(&self, id: &str) -> bool {
        self.results
            .iter()
            .any(|result| matches!(result, Message::ToolResult { tool_call_id, .. } if tool_call_id == id))
    }

    fn end(&mut self) {
        self.is_active = false;
        self.clear_round();
    }
}
