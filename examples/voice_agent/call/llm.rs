//! The language model: flowcat-services' client of `OpenAI`'s interface.

use async_trait::async_trait;
use flowcat_core::service::{LlmService, Tool};
use flowcat_core::{Frame, LlmContext, StartParams};
use flowcat_services::llm::{OpenAiLlm, OpenAiLlmBuilder};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::{Value, json};

use crate::telephone::model::Model;

/// flowcat's client, sent contexts that `OpenAI` accepts.
///
/// flowcat 0.1 keeps what a tool returned, but not that the model had asked for it, and it keeps an object where only
/// a text is allowed. `OpenAI` refuses both, so they are put right on the way out.
pub(crate) struct ToolHistory {
    client: OpenAiLlm,
    /// The messages in which the model asked for tools, in order.
    asked: Vec<Value>,
    context: LlmContext,
}

impl ToolHistory {
    /// A client of `model`.
    pub(crate) fn of(model: &Model) -> Self {
        let client =
            OpenAiLlmBuilder::new(&*model.api_key).base_url(&*model.base_url).model(&*model.name).build();
        Self { client, asked: Vec::new(), context: LlmContext::default() }
    }
}

#[async_trait]
impl LlmService for ToolHistory {
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
            messages: with_tool_calls(&context.messages, &self.asked),
            tools: context.tools.clone(),
        };
        let asked = &mut self.asked;
        let frames = self.client.run_llm(&self.context).await?;
        Ok(frames.inspect(|frame| asked.extend(tool_calls(frame))).boxed())
    }

    fn set_tools(&mut self, tools: Vec<Tool>) {
        self.client.set_tools(tools);
    }
}

/// The message in which the model asks for tools, if that is what `frame` tells.
fn tool_calls(frame: &Frame) -> Option<Value> {
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

/// `messages`, with the one of `asked` before each result of a tool that answers it.
fn with_tool_calls(messages: &[Value], asked: &[Value]) -> Vec<Value> {
    let mut whole: Vec<Value> = Vec::with_capacity(messages.len() + asked.len());
    for message in messages {
        if message["role"] != "tool" {
            whole.push(message.clone());
            continue;
        }
        let question = asked.iter().find(|asked| asks_for(asked, &message["tool_call_id"]));
        // Several results may answer one message.
        whole.extend(question.filter(|question| !whole.contains(question)).cloned());
        whole.push(with_text(message));
    }
    whole
}

fn asks_for(asked: &Value, id: &Value) -> bool {
    asked["tool_calls"].as_array().is_some_and(|calls| calls.iter().any(|call| call["id"] == *id))
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
    fn a_result_follows_the_message_that_asked_for_it_as_text() {
        let asked = [json!({ "role": "assistant", "tool_calls": [{ "id": "a" }, { "id": "b" }] })];
        let user = json!({ "role": "user", "content": "Tuesday?" });
        let answer = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": { "free": true } });
        let text = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": r#"{"free":true}"# });

        let whole = with_tool_calls(&[user.clone(), answer("a"), answer("b")], &asked);
        assert_eq!(whole, [user, asked[0].clone(), text("a"), text("b")]);
    }
}
