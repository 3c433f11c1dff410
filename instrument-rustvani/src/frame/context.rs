//! A view of an LLM context.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pipecat_instrument_runtime::engine::content::ContentCopier;
use pipecat_instrument_runtime::engine::frame::{ChatContext, Message, MessageContent, ToolCall};
use rustvani::LLMContext;
use rustvani::adapters::schemas::AdapterType;
use rustvani::context::Message as Rustvani;
use serde_json::{Value, json};

/// A view of a context, which rustvani shares and changes later. It holds the lock, but never across an `await`; neither does
/// rustvani.
pub(crate) struct Context<'a> {
    committed: MutexGuard<'a, LLMContext>,
    /// The messages of a round of tool calls, which rustvani adds a moment later.
    round: &'a [Rustvani],
}

impl<'a> Context<'a> {
    /// Returns a view of the context.
    pub(crate) fn new(context: &'a Mutex<LLMContext>) -> Self {
        Self::with_round(context, &[])
    }

    /// Returns a view of the context followed by `round`.
    pub(crate) fn with_round(context: &'a Mutex<LLMContext>, round: &'a [Rustvani]) -> Self {
        Self { committed: context.lock().unwrap_or_else(PoisonError::into_inner), round }
    }

    fn system_messages(&self) -> usize {
        usize::from(self.committed.system_prompt.is_some())
    }

    /// Returns the message at `index`; `None` for the system prompt, and out of range.
    fn get(&self, index: usize) -> Option<&Rustvani> {
        let index = index.checked_sub(self.system_messages())?;
        let committed = &self.committed.messages;
        committed.get(index).or_else(|| self.round.get(index.checked_sub(committed.len())?))
    }
}

impl ChatContext for Context<'_> {
    fn message_count(&self) -> usize {
        self.system_messages() + self.committed.messages.len() + self.round.len()
    }

    fn role(&self, index: usize) -> &str {
        self.get(index).map_or("system", role)
    }

    fn message(&self, index: usize) -> Message {
        self.copy_message(index, &mut ContentCopier::unlimited())
    }

    fn copy_message(&self, index: usize, copier: &mut ContentCopier) -> Message {
        match (self.get(index), &self.committed.system_prompt) {
            (Some(message), _) => copy_message(message, copier),
            (None, Some(prompt)) => text_message("system", prompt, copier),
            (None, None) => Message::default(),
        }
    }

    fn tool_count(&self) -> usize {
        self.committed
            .tools
            .as_ref()
            .map_or(0, |tools| tools.standard_tools.len() + custom_tools(tools).len())
    }

    fn tool(&self, index: usize) -> String {
        let Some(tools) = &self.committed.tools else { return String::new() };
        let tool = match tools.standard_tools.get(index) {
            Some(tool) => Some(json!({ "type": "function", "function": tool.to_default_dict() })),
            None => index
                .checked_sub(tools.standard_tools.len())
                .and_then(|index| custom_tools(tools).get(index).cloned()),
        };
        tool.map(|tool| tool.to_string()).unwrap_or_default()
    }
}

/// Returns the tools in `OpenAI`'s JSON format.
fn custom_tools(tools: &rustvani::adapters::schemas::ToolsSchema) -> &[Value] {
    let openai = tools.custom_tools.as_ref().and_then(|custom| custom.get(&AdapterType::OpenAI));
    openai.map(Vec::as_slice).unwrap_or_default()
}

fn role(message: &Rustvani) -> &'static str {
    match message {
        Rustvani::System { .. } => "system",
        Rustvani::User { .. } => "user",
        Rustvani::Assistant { .. } => "assistant",
        Rustvani::ToolResult { .. } => "tool",
    }
}

fn copy_message(message: &Rustvani, copier: &mut ContentCopier) -> Message {
    let role = role(message);
    match message {
        Rustvani::System { content } | Rustvani::User { content } => text_message(role, content, copier),
        Rustvani::Assistant { content, tool_calls } => {
            let mut converted = copier.empty_message(role);
            if let Some(content) = content {
                converted.content = MessageContent::Text(copier.text(role, content).into_owned());
            }
            converted.tool_calls = copier.tool_calls(tool_calls.iter().flatten(), copy_tool_call);
            converted
        }
        Rustvani::ToolResult { tool_call_id, content } => {
            let converted = text_message(role, content, copier);
            Message { tool_call_id: Some(copier.name(tool_call_id).into_owned()), ..converted }
        }
    }
}

fn text_message(role: &str, text: &str, copier: &mut ContentCopier) -> Message {
    let mut converted = copier.empty_message(role);
    converted.content = MessageContent::Text(copier.text(role, text).into_owned());
    converted
}

fn copy_tool_call(call: &rustvani::ToolCall, copier: &mut ContentCopier) -> ToolCall {
    ToolCall {
        id: copier.name(&call.id).into_owned(),
        name: copier.name(&call.function_name).into_owned(),
        arguments: copier.arguments(&call.arguments).into_owned(),
    }
}
