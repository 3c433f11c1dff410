//! A copy of what a language model is sent, no larger than a span can carry.

use crate::core::frame::{ChatContext, Content, Message};
use crate::core::record::Request;

impl Request {
    /// Copies of `context` what fits into `attributes` attributes: the system message and the newest others.
    pub(crate) fn copy(context: &dyn ChatContext, attributes: usize) -> Self {
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
            last_user_message: last_user_message(context),
            tools: (0..context.tool_count().min(attributes)).map(|index| context.tool(index)).collect(),
        }
    }
}

/// The text of the last message of a user.
pub(crate) fn last_user_message(context: &dyn ChatContext) -> Option<String> {
    let last = (0..context.message_count()).rev().find(|&index| context.role(index) == "user")?;
    context.message(last).content.as_text().map(std::borrow::Cow::into_owned)
}

/// How many attributes a message takes at the least.
fn attributes_of(message: &Message) -> usize {
    let content = match &message.content {
        Content::None => 0,
        Content::Text(_) => 1,
        Content::Parts(parts) => 2 * parts.len(),
    };
    1 + content + 3 * message.tool_calls.len()
}
