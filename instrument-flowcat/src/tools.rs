//! Reconstructs tool calls, which flowcat runs in private.
//!
//! ```text
//!   Llm ── FunctionCallsStarted ──▶ CascadedToolBridge ── ModelToolCall ──▶ Brain      the call starts
//!   Llm ◀── LlmContext ──────────── CascadedToolBridge ◀── ToolResult ───── Brain      and returns
//! ```
//!
//! The types of the frames to and from the brain are private; only their names and `Debug` output are visible. But the
//! brain runs calls one by one, in the order in which the model made them, and the next context contains the result.
//! That is enough to synthesize the frames for the start and the result of each call.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use flowcat_core::processor::frame::FunctionCall as FlowcatCall;
use flowcat_core::{CustomFrame, Frame as Flowcat, FramePushEvent};
use pipecat_instrument_runtime::engine::frame::{Frame, FunctionCallResult};
use serde_json::{Value, json};

use crate::frame::function_call;
use crate::names::{BRAIN, MODEL_TOOL_CALL, TOOL_BRIDGE, TOOL_RESULT};

/// A hop that is a step of a tool call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ToolStep<'a> {
    /// The model calls these tools.
    Requested(&'a [FlowcatCall]),
    /// The brain starts the next call.
    Started,
    /// The brain has finished a call. The next context contains its result.
    Finished,
    /// The brain has finished a call that controls the conversation.
    Acknowledged(Acknowledgement),
    /// The model receives a context.
    Context(&'a [Value]),
}

/// Effect of a call that controls the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledgement {
    /// The conversation moves to another node.
    Moved,
    /// The conversation stays at its node.
    Stay,
    /// The conversation ends.
    Ended,
}

impl<'a> ToolStep<'a> {
    /// Returns the step of a tool call that this hop performs, if any.
    #[inline]
    pub(crate) fn from_event(event: &'a FramePushEvent<'_>) -> Option<Self> {
        match event.frame {
            Flowcat::FunctionCallsStarted(calls) if event.destination == TOOL_BRIDGE => {
                Some(Self::Requested(calls))
            }
            Flowcat::LlmContext(context) if event.source == TOOL_BRIDGE => {
                Some(Self::Context(&context.messages))
            }
            Flowcat::Custom(frame) if event.source == TOOL_BRIDGE && frame.name() == MODEL_TOOL_CALL => {
                Some(Self::Started)
            }
            Flowcat::Custom(frame) if event.source == BRAIN && frame.name() == TOOL_RESULT => {
                Some(Acknowledgement::parse(&**frame).map_or(Self::Finished, Self::Acknowledged))
            }
            _ => None,
        }
    }
}

impl Acknowledgement {
    const ALL: [Self; 3] = [Self::Moved, Self::Stay, Self::Ended];

    /// Parses the `Debug` output of a `ToolResult`, the only access to its content.
    fn parse(result: &dyn CustomFrame) -> Option<Self> {
        let debug = format!("{result:?}");
        Self::ALL.into_iter().find(|status| debug.ends_with(&format!("{:?} }}", status.to_json())))
    }

    /// Returns the result that flowcat's brain sends.
    fn to_json(self) -> Value {
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
    /// Locked only by hops that are steps of a tool call.
    calls: Mutex<Calls>,
}

/// The calls by their state, oldest first. They need no limit: a model makes a few calls at once, and no more before it has
/// their results.
#[derive(Debug, Default)]
struct Calls {
    requested: VecDeque<FlowcatCall>,
    running: VecDeque<FlowcatCall>,
    finished: VecDeque<FlowcatCall>,
}

impl ToolCalls {
    /// Records a step, and passes the resulting frames to `emit`.
    pub(crate) fn on_step(&self, step: ToolStep<'_>, emit: &mut dyn FnMut(Frame<'_>)) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            ToolStep::Requested(requested) => calls.requested.extend(requested.iter().cloned()),
            ToolStep::Started => {
                if let Some(call) = calls.requested.pop_front() {
                    emit(Frame::FunctionCallInProgress(function_call(&call)));
                    calls.running.push_back(call);
                }
            }
            ToolStep::Finished => {
                let finished = calls.running.pop_front();
                calls.finished.extend(finished);
            }
            ToolStep::Acknowledged(acknowledgement) => {
                if let Some(call) = calls.running.pop_front() {
                    emit(result_frame(&call, &acknowledgement.to_json()));
                }
            }
            // Each of several calls has its result in a context of its own.
            ToolStep::Context(messages) => calls.finished.retain(|call| {
                let Some(result) = find_result(call, messages) else { return true };
                emit(result_frame(call, result));
                false
            }),
        }
    }
}

fn result_frame<'a>(call: &'a FlowcatCall, result: &'a Value) -> Frame<'a> {
    Frame::FunctionCallResult(FunctionCallResult {
        name: &call.function_name,
        tool_call_id: &call.tool_call_id,
        result: Some(result),
        error: None,
        is_final: true,
    })
}

/// Returns the content of the newest message with the result of `call`.
fn find_result<'a>(call: &FlowcatCall, messages: &'a [Value]) -> Option<&'a Value> {
    let is_result =
        |message: &&Value| message["role"] == "tool" && message["tool_call_id"] == *call.tool_call_id;
    messages.iter().rev().find(is_result).and_then(|message| message.get("content"))
}

#[cfg(test)]
mod tests;
