//! Tool calls, which flowcat works off in private.
//!
//! ```text
//!   Llm ── FunctionCallsStarted ──▶ CascadedToolBridge ── ModelToolCall ──▶ Brain      the call is under way
//!   Llm ◀── LlmContext ──────────── CascadedToolBridge ◀── ToolResult ───── Brain      and has a result
//! ```
//!
//! The frames to and from the brain are private to flowcat: all that shows is their name, and how they print. But the
//! brain works calls off one by one, in the order in which they were asked for, and what a tool returned stands in
//! the context that follows. So the frames that a framework of more words would send can be made up from these.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use flowcat_core::processor::frame::FunctionCall as FlowcatCall;
use flowcat_core::{CustomFrame, Frame as Flowcat, FramePushEvent};
use pipecat_instrument_runtime::engine::frame::{Frame, FunctionCallResult};
use serde_json::{Value, json};

use crate::frame::function_call;
use crate::names::{BRAIN, MODEL_TOOL_CALL, TOOL_BRIDGE, TOOL_RESULT};

/// A hop that moves a tool call on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ToolStep<'a> {
    /// The model asks for these.
    Asked(&'a [FlowcatCall]),
    /// The brain is given the next one.
    Begun,
    /// The brain is done with one, and what it returned will stand in the next context.
    Answered,
    /// The brain is done with one that was about the conversation itself.
    Acknowledged(Acknowledgement),
    /// A context goes back to the model.
    Context(&'a [Value]),
}

/// What becomes of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledgement {
    /// It moves to another state.
    Moved,
    /// It stays.
    Stay,
    /// It ends.
    Ended,
}

impl<'a> ToolStep<'a> {
    /// What the hop has to do with tools, if anything.
    #[inline]
    pub(crate) fn of(event: &'a FramePushEvent<'_>) -> Option<Self> {
        match event.frame {
            Flowcat::FunctionCallsStarted(calls) if event.destination == TOOL_BRIDGE => {
                Some(Self::Asked(calls))
            }
            Flowcat::LlmContext(context) if event.source == TOOL_BRIDGE => {
                Some(Self::Context(&context.messages))
            }
            Flowcat::Custom(frame) if event.source == TOOL_BRIDGE && frame.name() == MODEL_TOOL_CALL => {
                Some(Self::Begun)
            }
            Flowcat::Custom(frame) if event.source == BRAIN && frame.name() == TOOL_RESULT => {
                Some(Acknowledgement::read(&**frame).map_or(Self::Answered, Self::Acknowledged))
            }
            _ => None,
        }
    }
}

impl Acknowledgement {
    const ALL: [Self; 3] = [Self::Moved, Self::Stay, Self::Ended];

    /// Reads it off the way a `ToolResult` prints, which is the only way to see into one.
    fn read(result: &dyn CustomFrame) -> Option<Self> {
        let printed = format!("{result:?}");
        Self::ALL.into_iter().find(|it| printed.ends_with(&format!("{:?} }}", it.result())))
    }

    /// What flowcat has the brain answer.
    fn result(self) -> Value {
        json!({
            "status": match self {
                Self::Moved => "moved",
                Self::Stay => "stay",
                Self::Ended => "ended",
            },
        })
    }
}

/// The tool calls of one conversation.
#[derive(Debug, Default)]
pub(crate) struct ToolCalls {
    /// Locked by the few hops that are about tools.
    calls: Mutex<Calls>,
}

/// Each stage of a call, oldest first. The conversation is the bound: a model asks for a few calls, and is not asked
/// again before they are answered.
#[derive(Debug, Default)]
struct Calls {
    asked: VecDeque<FlowcatCall>,
    begun: VecDeque<FlowcatCall>,
    answered: VecDeque<FlowcatCall>,
}

impl ToolCalls {
    /// Takes one step, and tells `emit` the frames that it amounts to.
    pub(crate) fn take(&self, step: ToolStep<'_>, emit: &mut dyn FnMut(Frame<'_>)) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            ToolStep::Asked(asked) => calls.asked.extend(asked.iter().cloned()),
            ToolStep::Begun => {
                if let Some(call) = calls.asked.pop_front() {
                    emit(Frame::FunctionCallInProgress(function_call(&call)));
                    calls.begun.push_back(call);
                }
            }
            ToolStep::Answered => {
                let answered = calls.begun.pop_front();
                calls.answered.extend(answered);
            }
            ToolStep::Acknowledged(what) => {
                if let Some(call) = calls.begun.pop_front() {
                    emit(result_of(&call, &what.result()));
                }
            }
            // Of several calls, each is answered in a context of its own; another may be under way behind it.
            ToolStep::Context(messages) => calls.answered.retain(|call| {
                let Some(result) = returned(call, messages) else { return true };
                emit(result_of(call, result));
                false
            }),
        }
    }
}

fn result_of<'a>(call: &'a FlowcatCall, result: &'a Value) -> Frame<'a> {
    Frame::FunctionCallResult(FunctionCallResult {
        name: &call.function_name,
        tool_call_id: &call.tool_call_id,
        result: Some(result),
        error: None,
    })
}

/// What the newest message for `call` says it returned.
fn returned<'a>(call: &FlowcatCall, messages: &'a [Value]) -> Option<&'a Value> {
    let answers =
        |message: &&Value| message["role"] == "tool" && message["tool_call_id"] == *call.tool_call_id;
    messages.iter().rev().find(answers).and_then(|message| message.get("content"))
}

#[cfg(test)]
mod tests;
