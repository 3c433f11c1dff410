//! A scripted model with the frames of rustvani's own client.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pipecat_instrument_runtime::engine::frame::LlmUsage;
use pipecat_instrument_runtime::testing::conformance::{
    Harness, LlmResponseContent, ScriptedToolCall, ToolOutcome,
};
use rustvani::adapters::schemas::{FunctionSchema, ToolsSchema};
use rustvani::{
    BillingCollector, DataFrame, Frame, FrameDirection, FrameHandler, FrameInner, FrameProcessor, LLMContext,
    Result,
};
use serde_json::json;

use crate::support::{function_call, function_result, llm_usage, lock};

/// Returns the context of `harness`: system prompt and tools.
pub(crate) fn context(harness: &Harness) -> LLMContext {
    let tools = harness
        .tool_declarations()
        .into_iter()
        .map(|tool| FunctionSchema::new(tool.name, tool.description).with_parameters(tool.parameters));
    let prompt = Some("You answer the telephone of a dentist.".to_owned());
    LLMContext::with_tools(prompt, ToolsSchema::new(tools.collect()), None)
}

pub(crate) struct ScriptedLlm {
    pub(crate) harness: Harness,
    pub(crate) billing: Arc<dyn BillingCollector>,
}

impl ScriptedLlm {
    /// Responds in rounds, until the model calls no more tools.
    async fn answer(&self, processor: &FrameProcessor, context: &Mutex<LLMContext>) -> Result<()> {
        let push = |frame| processor.push_frame(frame, FrameDirection::Downstream);
        loop {
            let answer = self.harness.llm_response();
            match answer.content {
                LlmResponseContent::Failure(message) => return processor.push_error(message, false).await,
                LlmResponseContent::Text(pieces) => {
                    for piece in pieces {
                        tokio::time::sleep(piece.delay).await;
                        push(Frame::llm_text(piece.text.to_owned())).await?;
                    }
                    self.bill(answer.usage);
                    return Ok(());
                }
                LlmResponseContent::ToolCalls(calls) => {
                    self.bill(answer.usage);
                    self.call(processor, context, &calls).await?;
                }
            }
        }
    }

    /// Runs the tool calls in order, as rustvani does.
    async fn call(
        &self,
        processor: &FrameProcessor,
        context: &Mutex<LLMContext>,
        calls: &[ScriptedToolCall],
    ) -> Result<()> {
        let push = |frame| processor.push_frame(frame, FrameDirection::Downstream);
        let tool_calls = calls.iter().map(|call| rustvani::ToolCall {
            id: call.id.to_owned(),
            function_name: call.name.to_owned(),
            arguments: call.arguments.to_string(),
        });
        lock(context).stage_assistant_tool_calls(None, tool_calls.collect());
        push(Frame::function_call_start()).await?;
        for call in calls {
            push(function_call(call.id, call.name, &call.arguments.to_string())).await?;
            tokio::time::sleep(call.duration).await;
            let result = match &call.outcome {
                ToolOutcome::Success(value) => value.to_string(),
                ToolOutcome::Failure(message) => json!({ "error": message }).to_string(),
            };
            push(function_result(call.id, call.name, &result)).await?;
            lock(context).stage_tool_result(call.id, result);
        }
        push(Frame::function_call_end()).await?;
        lock(context).commit();
        Ok(())
    }

    fn bill(&self, usage: LlmUsage) {
        let counted = |tokens: u64| u32::try_from(tokens).unwrap_or(u32::MAX);
        let (input, output) = (counted(usage.prompt), counted(usage.completion));
        self.billing.record(llm_usage(&*self.billing, input, output, false));
    }
}

#[async_trait]
impl FrameHandler for ScriptedLlm {
    async fn on_process_frame(
        &self,
        processor: &FrameProcessor,
        frame: Frame,
        direction: FrameDirection,
    ) -> Result<()> {
        let FrameInner::Data(DataFrame::LLMContextFrame(context)) = &frame.inner else {
            return processor.push_frame(frame, direction).await;
        };
        let push = |frame| processor.push_frame(frame, FrameDirection::Downstream);
        push(Frame::llm_full_response_start()).await?;
        self.answer(processor, context).await?;
        push(Frame::llm_full_response_end()).await
    }
}
