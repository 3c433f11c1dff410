//! The rounds of a model's answer.
//!
//! rustvani sends a context to its model once, and frames the answer once, however often the model is asked again with
//! what its tools returned. What it sends in between shows where one round ends and the next begins:
//!
//! ```text
//!   LLMContextFrame ─▶ OpenAILLM ─▶ LLMFullResponseStart        the first round
//!                                   FunctionCallStart           … is over
//!                                   FunctionCallInProgress, FunctionCallResult, …
//!                                   FunctionCallEnd             the next one: that context, the calls, what they returned
//!                                   LLMText, …
//!                                   LLMFullResponseEnd          … is over
//!      Interruption ─▶ OpenAILLM                                it has dropped the answer and its calls
//! ```
//!
//! So the frames that a framework of more words would send can be made up from these.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use pipecat_instrument_runtime::engine::frame::{Frame, Hop, ProcessorRef, Role};
use rustvani::context::Message;
use rustvani::{
    ControlFrame, DataFrame, Frame as Rustvani, FrameInner, FunctionCallData, FunctionCallResultData,
    LLMContext, SystemFrame, ToolCall,
};

use crate::frame::Context;

/// How many frames are remembered as having been taken: each passes several processors.
const REMEMBERED: usize = 64;

/// A hop that moves an answer on.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// A model is sent a context.
    Sent(&'a Arc<Mutex<LLMContext>>),
    /// It begins to answer.
    Begun,
    /// It asks for functions.
    Asks,
    /// This one is called.
    Called(&'a FunctionCallData),
    /// This one has returned.
    Returned(&'a FunctionCallResultData),
    /// All have returned: it is asked again.
    AskedAgain,
    /// It is done.
    Done,
    /// It drops what it is doing.
    Dropped,
}

impl<'a> Step<'a> {
    /// What the frame has to do with answers, if anything.
    #[inline]
    pub(crate) fn of(frame: &'a Rustvani) -> Option<Self> {
        Some(match &frame.inner {
            FrameInner::Data(DataFrame::LLMContextFrame(context)) => Self::Sent(context),
            FrameInner::Data(DataFrame::FunctionCallInProgress(call)) => Self::Called(call),
            FrameInner::Data(DataFrame::FunctionCallResult(result)) => Self::Returned(result),
            FrameInner::Control(ControlFrame::LLMFullResponseStart) => Self::Begun,
            FrameInner::Control(ControlFrame::FunctionCallStart) => Self::Asks,
            FrameInner::Control(ControlFrame::FunctionCallEnd) => Self::AskedAgain,
            FrameInner::Control(ControlFrame::LLMFullResponseEnd) => Self::Done,
            FrameInner::System(SystemFrame::Interruption) => Self::Dropped,
            _ => return None,
        })
    }

    /// The model that the hop is about: who gets a context or an interruption, who pushes anything else.
    fn model(self, hop: Hop<'_>) -> ProcessorRef<'_> {
        match self {
            Self::Sent(_) | Self::Dropped => hop.destination,
            _ => hop.source,
        }
    }
}

/// The answers of one conversation's models.
#[derive(Default)]
pub(crate) struct Rounds {
    /// Locked by the few hops that move an answer on.
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    of: Vec<Answer>,
    /// The newest frames that were taken: they pass several processors, and another model may be among them.
    taken: VecDeque<u64>,
}

/// What a model is at.
struct Answer {
    /// The model's name.
    model: String,
    /// The newest that it was sent.
    context: Option<Arc<Mutex<LLMContext>>>,
    progress: Progress,
    /// The calls of the round under way.
    calls: Vec<ToolCall>,
    /// What those that are done returned, as messages.
    results: Vec<Message>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Answering,
    Over,
}

impl Rounds {
    /// Takes one step of `frame`, and tells `emit` the frames that it amounts to, beside `frame` itself.
    pub(crate) fn take(
        &self,
        step: Step<'_>,
        frame: u64,
        hop: Hop<'_>,
        emit: &mut dyn FnMut(Hop<'_>, Frame<'_>),
    ) {
        let model = step.model(hop);
        if !matches!(model.role(), Role::Llm | Role::Unknown) {
            return;
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Step::Sent(context) => answers.of_model(model.id()).context = Some(Arc::clone(context)),
            Step::Dropped => {
                if let Some(answer) = answers.known(model.id()) {
                    answer.is_dropped(Hop { source: model, ..hop }, emit);
                }
            }
            _ if !answers.is_first_sight(frame) => {}
            Step::Begun => answers.of_model(model.id()).progress = Progress::Answering,
            Step::Asks => {
                answers.of_model(model.id()).next_round();
                emit(hop, Frame::LlmResponseEnd);
            }
            Step::Called(call) => answers.of_model(model.id()).calls.push(ToolCall {
                id: call.id.clone(),
                function_name: call.function_name.clone(),
                arguments: call.arguments.clone(),
            }),
            Step::Returned(result) => answers.of_model(model.id()).results.push(Message::ToolResult {
                tool_call_id: result.id.clone(),
                content: result.result.clone(),
            }),
            Step::AskedAgain => answers.of_model(model.id()).is_asked_again(hop, emit),
            Step::Done => answers.of_model(model.id()).is_over(),
        }
    }
}

impl Answers {
    fn known(&mut self, model: &str) -> Option<&mut Answer> {
        self.of.iter_mut().find(|answer| answer.model == model)
    }

    fn of_model(&mut self, model: &str) -> &mut Answer {
        let known = self.of.iter().position(|answer| answer.model == model);
        let index = known.unwrap_or_else(|| {
            self.of.push(Answer::of(model));
            self.of.len() - 1
        });
        &mut self.of[index]
    }

    fn is_first_sight(&mut self, frame: u64) -> bool {
        if self.taken.contains(&frame) {
            return false;
        }
        if self.taken.len() == REMEMBERED {
            self.taken.pop_front();
        }
        self.taken.push_back(frame);
        true
    }
}

impl Answer {
    fn of(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            context: None,
            progress: Progress::Over,
            calls: Vec::new(),
            results: Vec::new(),
        }
    }

    fn next_round(&mut self) {
        self.calls.clear();
        self.results.clear();
    }

    /// What its functions returned goes back to the model. rustvani adds it to the context in a moment.
    fn is_asked_again(&mut self, hop: Hop<'_>, emit: &mut dyn FnMut(Hop<'_>, Frame<'_>)) {
        let mut round =
            vec![Message::Assistant { content: None, tool_calls: Some(std::mem::take(&mut self.calls)) }];
        round.append(&mut self.results);
        let to_itself = Hop { destination: hop.source, ..hop };
        if let Some(context) = &self.context {
            emit(to_itself, Frame::LlmContext(Some(&Context::with(context, &round))));
        } else {
            emit(to_itself, Frame::LlmContext(None));
        }
        emit(hop, Frame::LlmResponseStart);
    }

    fn is_dropped(&mut self, hop: Hop<'_>, emit: &mut dyn FnMut(Hop<'_>, Frame<'_>)) {
        if self.progress == Progress::Over {
            return;
        }
        for call in self.calls.iter().filter(|call| !self.has_returned(&call.id)) {
            emit(hop, Frame::FunctionCallCancel { tool_call_id: &call.id });
        }
        emit(hop, Frame::LlmResponseEnd);
        self.is_over();
    }

    fn has_returned(&self, call: &str) -> bool {
        self.results
            .iter()
            .any(|result| matches!(result, Message::ToolResult { tool_call_id, .. } if tool_call_id == call))
    }

    fn is_over(&mut self) {
        self.progress = Progress::Over;
        self.next_round();
    }
}
