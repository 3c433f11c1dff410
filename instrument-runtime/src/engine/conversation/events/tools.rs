//! What language models ask to be called, and what comes of it.

use super::super::spans::{Child, Tool};
use super::super::{Conversation, Moment};
use crate::engine::frame::{
    FrameKind, FunctionCall, FunctionCallList, FunctionCallResult, Json, ProcessorRef, ToolCall,
};
use crate::engine::record::SpanKind;

impl Conversation {
    pub(in super::super) fn tools_are_asked_for(
        &mut self,
        source: ProcessorRef<'_>,
        calls: &dyn FunctionCallList,
        moment: &mut Moment<'_>,
    ) {
        self.services.role_of_pusher(source, FrameKind::FunctionCallsStarted);
        let llm = self.services.index_of(source);
        // A model that speaks by itself begins no response where it only asks for calls.
        if self.answering_call(llm).is_none() && self.speaks_by_itself(llm) {
            self.response_of(llm, moment);
            let now = moment.now;
            if let Some(call) = self.newest_call(llm) {
                call.response_started = Some(now);
            }
        }
        let asking =
            if self.answering_call(llm).is_some() { self.answering_call(llm) } else { self.newest_call(llm) };
        let Some(call) = asking else { return };
        if call.is_open() {
            call.answers(moment.now);
        }
        calls.for_each(&mut |asked| {
            if !call.asks_for(asked.tool_call_id) {
                call.tool_calls.push(as_tool_call(&asked));
            }
        });
    }

    pub(in super::super) fn tool_starts(
        &mut self,
        source: ProcessorRef<'_>,
        asked: &FunctionCall<'_>,
        moment: &mut Moment<'_>,
    ) {
        if self.tool(asked.tool_call_id).is_some_and(|tool| tool.is_under_way()) {
            return;
        }
        self.services.role_of_pusher(source, FrameKind::FunctionCallInProgress);
        let llm = self.services.index_of(source);
        let key = self.new_key();
        let turn = self.begun_turn(moment);
        let by_id = turn.calls.iter().rposition(|call| call.asks_for(asked.tool_call_id));
        let by_service = || turn.calls.iter().rposition(|call| call.service == llm);
        let asking = by_id.or_else(by_service).or(turn.calls.len().checked_sub(1));
        let parent = asking.map(|index| {
            turn.begin_awaiting_call(index, moment.spans);
            let call = &mut turn.calls[index];
            if !call.asks_for(asked.tool_call_id) {
                call.tool_calls.push(as_tool_call(asked));
            }
            call.key
        });
        let arguments = asked.arguments.map(Json::to_text);
        let tool = Tool::new(key, moment.now, asked.name, asked.tool_call_id, arguments);
        let child = Child { key, kind: SpanKind::Tool, parent, at: moment.now, name: asked.name };
        turn.begin_child(&child, moment.spans);
        turn.tools.push(tool);
    }

    pub(in super::super) fn tool_returns(&mut self, result: &FunctionCallResult<'_>, moment: &Moment<'_>) {
        let now = moment.now;
        if let Some(tool) = self.tool(result.tool_call_id) {
            tool.returns(now, result);
        }
    }

    pub(in super::super) fn tool_is_cancelled(&mut self, tool_call_id: &str, moment: &Moment<'_>) {
        let now = moment.now;
        if let Some(tool) = self.tool(tool_call_id) {
            tool.is_cancelled(now);
        }
    }

    fn tool(&mut self, tool_call_id: &str) -> Option<&mut Tool> {
        self.turns_newest_first()
            .find_map(|turn| turn.tools.iter_mut().rev().find(|tool| tool.call_id == tool_call_id))
    }
}

fn as_tool_call(asked: &FunctionCall<'_>) -> ToolCall {
    ToolCall {
        id: asked.tool_call_id.to_owned(),
        name: asked.name.to_owned(),
        arguments: asked.arguments.map(Json::to_text).unwrap_or_default(),
    }
}
