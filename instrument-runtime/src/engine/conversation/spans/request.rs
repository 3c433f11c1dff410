//! A copy of what a language model is sent, no larger than a span can carry.

use crate::engine::frame::{ChatContext, Message, MessageContent};
use crate::engine::record::LlmRequest;

impl LlmRequest {
    /// A copy of a whole context, as far as it fits into `attributes` attributes.
    pub(crate) fn of(context: &dyn ChatContext, attributes: usize) -> Self {
        Self::copy(context, UserMessage::last_of(context).as_ref(), attributes)
    }

    /// Copies of `context` what fits into `attributes` attributes: the system message and the newest others.
    pub(crate) fn copy(context: &dyn ChatContext, asked: Option<&UserMessage>, attributes: usize) -> Self {
        let message_count = context.message_count();
        let has_system = message_count > 0 && context.role(0) == "system";
        let system = has_system.then(|| context.message(0));
        let mut room = attributes;
        let mut newest = Vec::new();
        for index in (usize::from(has_system)..message_count).rev() {
            let message = context.message(index);
            room = room.saturating_sub(attributes_of(&message));
            newest.push(message);
            if room == 0 {
                break;
            }
        }
        newest.reverse();
        Self {
            system,
            newest,
            message_count,
            last_user_message: asked.map(|asked| asked.text.clone()),
            tools: (0..context.tool_count().min(attributes)).map(|index| context.tool(index)).collect(),
        }
    }
}

/// The last message of a user in a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserMessage {
    /// What it says.
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// What comes after a message in its context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nothing: it is what the model is asked.
    Last,
    /// No answer yet.
    Unanswered,
    /// An answer.
    Answered,
}

impl UserMessage {
    /// The last one of `context`, if it has one that says something in words.
    pub(crate) fn last_of(context: &dyn ChatContext) -> Option<Self> {
        let mut place = Place::Last;
        for index in (0..context.message_count()).rev() {
            match context.role(index) {
                "user" => {
                    let text = context.message(index).content.as_text()?.into_owned();
                    return Some(Self { text, place });
                }
                "assistant" => place = Place::Answered,
                _ if place == Place::Last => place = Place::Unanswered,
                _ => {}
            }
        }
        None
    }
}

/// How many attributes a message takes at the least.
fn attributes_of(message: &Message) -> usize {
    let content = match &message.content {
        MessageContent::None => 0,
        MessageContent::Text(_) => 1,
        MessageContent::Parts(parts) => 2 * parts.len(),
    };
    1 + content + 3 * message.tool_calls.len()
}
