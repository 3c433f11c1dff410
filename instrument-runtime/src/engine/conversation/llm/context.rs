//! Contexts sent to language models: detects which ones are requests, and copies the part that a span can carry.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

use std::collections::VecDeque;

use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::conversation::stt::UserSpeech;
use crate::engine::frame::{ChatContext, FrameId, Message, MessageContent, MessagePart};
use crate::engine::record::LlmRequest;

/// Upper bound on remembered hops of contexts into models.
const MAX_REMEMBERED_HOPS: usize = 64;

/// The contexts that have reached language models.
#[derive(Debug, Default)]
pub(super) struct ContextHistory {
    hops: VecDeque<(FrameId, ProcessorIndex)>,
    last: Vec<(ProcessorIndex, LastContext)>,
}

/// The last context sent to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LastContext {
    message_count: usize,
    user_message: Option<String>,
    /// The number of final transcripts at that time.
    transcripts: u64,
}

/// A context that reaches a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentContext {
    message_count: usize,
    user_message: Option<UserMessage>,
}

/// A user message that a context contains for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewMessage {
    text: String,
    /// Whether it is the last message, and was not spoken.
    is_typed: bool,
}

impl NewMessage {
    pub(crate) fn is_typed(&self) -> bool {
        self.is_typed
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl SentContext {
    pub(crate) fn new(context: Option<&dyn ChatContext>) -> Self {
        Self {
            message_count: context.map_or(0, ChatContext::message_count),
            user_message: context.and_then(UserMessage::last_of),
        }
    }

    /// Copies as much of `context` as fits into `attribute_limit` attributes. `context` is the one that this was
    /// created from.
    pub(crate) fn to_request(&self, context: &dyn ChatContext, attribute_limit: usize) -> LlmRequest {
        LlmRequest::copy(context, self.user_message.as_ref(), attribute_limit)
    }
}

impl ContextHistory {
    /// Whether this is the first hop of a context into a model.
    pub(super) fn insert_hop(&mut self, id: Option<FrameId>, llm: ProcessorIndex) -> bool {
        let Some(id) = id else { return true };
        if self.hops.contains(&(id, llm)) {
            return false;
        }
        if self.hops.len() == MAX_REMEMBERED_HOPS {
            self.hops.pop_front();
        }
        self.hops.push_back((id, llm));
        true
    }

    /// Returns the last user message of `context`, if the model has not received it before.
    pub(super) fn new_message(
        &self,
        llm: ProcessorIndex,
        context: &SentContext,
        user: &UserSpeech,
    ) -> Option<NewMessage> {
        let message = context.user_message.as_ref()?;
        let last = self.last.iter().find(|(of, _)| *of == llm).map(|(_, last)| last);
        let is_repeated = last.is_some_and(|last| {
            last.message_count == context.message_count && last.user_message.as_ref() == Some(&message.text)
        });
        if is_repeated || message.followed_by == FollowedBy::Answer {
            return None;
        }
        let was_spoken = user.has_said(&message.text, last.map_or(0, |last| last.transcripts));
        let is_typed = message.followed_by == FollowedBy::Nothing && !was_spoken;
        Some(NewMessage { text: message.text.clone(), is_typed })
    }

    /// Remembers a context that is a request to a model.
    pub(super) fn on_request(&mut self, llm: ProcessorIndex, context: &SentContext, transcripts: u64) {
        let user_message = context.user_message.as_ref().map(|message| message.text.clone());
        let last = LastContext { message_count: context.message_count, user_message, transcripts };
        self.last.retain(|(of, _)| *of != llm);
        self.last.push((llm, last));
    }
}

impl LlmRequest {
    /// Copies as much of a context as fits into `attribute_limit` attributes.
    pub(crate) fn of(context: &dyn ChatContext, attribute_limit: usize) -> Self {
        Self::copy(context, UserMessage::last_of(context).as_ref(), attribute_limit)
    }

    /// Copies the system message of a context and as many of the newest others as fit.
    fn copy(context: &dyn ChatContext, user_message: Option<&UserMessage>, attribute_limit: usize) -> Self {
        let message_count = context.message_count();
        let has_system = message_count > 0 && context.role(0) == "system";
        let system = has_system.then(|| context.message(0));
        let mut free_attributes = attribute_limit;
        let mut newest = Vec::new();
        for index in (usize::from(has_system)..message_count).rev() {
            let message = context.message(index);
            free_attributes = free_attributes.saturating_sub(min_attributes(&message));
            newest.push(message);
            if free_attributes == 0 {
                break;
            }
        }
        newest.reverse();
        Self {
            system,
            newest,
            message_count,
            last_user_message: user_message.map(|message| message.text.clone()),
            tools: (0..context.tool_count().min(attribute_limit)).map(|index| context.tool(index)).collect(),
        }
    }
}

/// The last user message of a context.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UserMessage {
    text: String,
    followed_by: FollowedBy,
}

/// The messages that follow the last user message in its context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FollowedBy {
    /// No message: the model must answer the user message.
    Nothing,
    /// Other messages, but no answer yet.
    Others,
    /// An answer of the assistant.
    Answer,
}

impl UserMessage {
    /// Returns the last user message of `context`, unless it has no text.
    fn last_of(context: &dyn ChatContext) -> Option<Self> {
        let mut followed_by = FollowedBy::Nothing;
        for index in (0..context.message_count()).rev() {
            match context.role(index) {
                "user" => {
                    let text = context.message(index).content.as_text()?.into_owned();
                    return Some(Self { text, followed_by });
                }
                "assistant" => followed_by = FollowedBy::Answer,
                _ if followed_by == FollowedBy::Nothing => followed_by = FollowedBy::Others,
                _ => {}
            }
        }
        None
    }
}

/// Returns how many attributes a message takes at least. An image may take none, because privacy settings may drop it.
fn min_attributes(message: &Message) -> usize {
    let content = match &message.content {
        MessageContent::None => 0,
        MessageContent::Text(_) => 1,
        MessageContent::Parts(parts) => parts.iter().map(min_attributes_of_part).sum(),
    };
    1 + content + 3 * message.tool_calls.len()
}

const fn min_attributes_of_part(part: &MessagePart) -> usize {
    match part {
        MessagePart::Text(_) => 2,
        MessagePart::Image(_) => 0,
        MessagePart::Other(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::LlmRequest;
    use crate::engine::frame::{Message, MessageContent, MessagePart};

    #[test]
    fn as_many_messages_are_copied_as_a_span_can_carry() {
        let mut message = Message::text("user", "");
        message.content = MessageContent::Parts(vec![MessagePart::Other("input_audio".to_owned())]);
        // Each takes two attributes: its role, and the type of its part.
        let request = LlmRequest::of(&vec![message; 10], 20);
        assert_eq!(request.newest.len(), 10);
    }
}
