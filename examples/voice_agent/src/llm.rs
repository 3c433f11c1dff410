//! The language model: the `OpenAI` client of flowcat-services.

use async_trait::async_trait;
use example_common::model_server::Model;
use flowcat_core::service::{LlmService, Tool};
use flowcat_core::{Frame, LlmContext, StartParams};
use flowcat_services::llm::{OpenAiLlm, OpenAiLlmBuilder};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::{Value, json};

/// flowcat's client, with contexts that `OpenAI` accepts.
///
/// flowcat 0.1 keeps the result of a tool in the context, but not the message in which the model called it, and it keeps
/// the result as an object where only text is allowed. `OpenAI` rejects both, so this service repairs each request.
pub(crate) struct Llm {
    client: OpenAiLlm,
    /// The messages with tool calls, in order.
    tool_calls: Vec<Value>,
    context: LlmContext,
}

impl Llm {
    /// Creates a client of `model`.
    pub(crate) fn new(model: &Model) -> Self {
        let client =
            OpenAiLlmBuilder::new(&*model.api_key).base_url(&*model.base_url).model(&*model.name).build();
        Self { client, tool_calls: Vec::new(), context: LlmContext::default() }
    }
}

#[async_trait]
impl LlmService for Llm {
    fn name(&self) -> &str {
        self.client.name()
    }

    async fn start(&mut self, params: &StartParams) -> flowcat_core::Result<()> {
        self.client.start(params).await
    }

    async fn run_llm<'a>(
        &'a mut self,
        context: &'a LlmContext,
    ) -> flowcat_core::Result<BoxStream<'a, Frame>> {
        self.context = LlmContext {
            messages: with_tool_calls(&context.messages, &self.tool_calls),
            tools: context.tools.clone(),
        };
        let tool_calls = &mut self.tool_calls;
        let frames = self.client.run_llm(&self.context).await?;
        Ok(frames.inspect(|frame| tool_calls.extend(tool_call_message(frame))).boxed())
    }

    fn set_tools(&mut self, tools: Vec<Tool>) {
        self.client.set_tools(tools);
    }
}

/// Returns the message in which the model calls tools, if `frame` announces tool calls.
fn tool_call_message(frame: &Frame) -> Option<Value> {
    let Frame::FunctionCallsStarted(calls) = frame else { return None };
    let calls: Vec<Value> = calls
        .iter()
        .map(|call| {
            json!({
                "id": call.tool_call_id,
                "type": "function",
                "function": { "name": call.function_name, "arguments": call.arguments.to_string() },
            })
        })
        .collect();
    Some(json!({ "role": "assistant", "content": null, "tool_calls": calls }))
}

/// Inserts each message of `tool_calls` before its first result in `messages`, and turns the results into text.
fn with_tool_calls(messages: &[Value], tool_calls: &[Value]) -> Vec<Value> {
    let mut repaired: Vec<Value> = Vec::with_capacity(messages.len() + tool_calls.len());
    for message in messages {
        if message["role"] != "tool" {
            repaired.push(message.clone());
            continue;
        }
        let call = tool_calls.iter().find(|call| has_tool_call(call, &message["tool_call_id"]));
        // Several results may answer one message.
        repaired.extend(call.filter(|call| !repaired.contains(call)).cloned());
        repaired.push(with_text(message));
    }
    repaired
}

fn has_tool_call(message: &Value, id: &Value) -> bool {
    message["tool_calls"].as_array().is_some_and(|calls| calls.iter().any(|call| call["id"] == *id))
}

fn with_text(message: &Value) -> Value {
    let mut message = message.clone();
    if !message["content"].is_string() {
        message["content"] = message["content"].to_string().into();
    }
    message
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::with_tool_calls;

    #[test]
    fn tool_results_follow_their_call_as_text() {
        let calls = [json!({ "role": "assistant", "tool_calls": [{ "id": "a" }, { "id": "b" }] })];
        let user = json!({ "role": "user", "content": "Tuesday?" });
        let result = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": { "free": true } });
        let text = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": r#"{"free":true}"# });

        let repaired = with_tool_calls(&[user.clone(), result("a"), result("b")], &calls);
        assert_eq!(repaired, [user, calls[0].clone(), text("a"), text("b")]);
    }
}
