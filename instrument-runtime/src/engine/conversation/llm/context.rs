//! Contexts sent to language models: detects which ones are requests, and copies the part that a span can carry.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

use std::collections::VecDeque;

use crate::engine::content::{ContentCopier, ContentKind, ContentLimits, RequestLimits};
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

/// The part of a hop's context that a conversation needs. See [`Conversation::context_demand`].
///
/// [`Conversation::context_demand`]: super::super::Conversation::context_demand
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextDemand {
    /// The hop has no effect.
    Ignored,
    /// The hop counts, but not its messages: the model is speech to speech.
    Hop,
    /// The last user message: the sampler dropped the turn.
    UserMessage,
    /// The messages and tools that fit into a span.
    Request,
}

/// The part of a context that a conversation needs, copied within limits.
#[derive(Debug, Default)]
pub struct ContextCopy {
    sent: SentContext,
    request: Option<LlmRequest>,
}

impl ContextCopy {
    /// Copies what `demand` asks for. `limits` are those of the conversation's config.
    pub fn new(context: Option<&dyn ChatContext>, demand: ContextDemand, limits: RequestLimits) -> Self {
        let context = match demand {
            ContextDemand::Ignored | ContextDemand::Hop => None,
            ContextDemand::UserMessage | ContextDemand::Request => context,
        };
        let sent = SentContext::new(context, limits.content);
        let request = context.filter(|_| demand == ContextDemand::Request);
        let request = request.map(|context| sent.to_request(context, limits));
        Self { sent, request }
    }
}

/// A context on its way to a model.
pub(crate) enum ContextSource<'a> {
    /// The framework's own. It is read only as far as necessary.
    Live(Option<&'a dyn ChatContext>),
    /// Copied before the conversation was locked.
    Copied(&'a mut ContextCopy),
}

impl ContextSource<'_> {
    /// Takes the facts that decide about turns.
    pub(crate) fn take_sent(&mut self, limits: RequestLimits) -> SentContext {
        match self {
            Self::Live(context) => SentContext::new(*context, limits.content),
            Self::Copied(copy) => std::mem::take(&mut copy.sent),
        }
    }

    /// Returns the request, which is empty if the hop does not contain the context. `sent` was created from it.
    pub(crate) fn into_request(self, sent: &SentContext, limits: RequestLimits) -> LlmRequest {
        let request = match self {
            Self::Live(context) => context.map(|context| sent.to_request(context, limits)),
            Self::Copied(copy) => copy.request.take(),
        };
        request.unwrap_or_default()
    }
}

/// A context that reaches a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    fn new(context: Option<&dyn ChatContext>, limits: ContentLimits) -> Self {
        Self {
            message_count: context.map_or(0, ChatContext::message_count),
            user_message: context.and_then(|context| UserMessage::last_of(context, limits)),
        }
    }

    fn to_request(&self, context: &dyn ChatContext, limits: RequestLimits) -> LlmRequest {
        LlmRequest::copy(context, self.user_message.as_ref(), limits)
    }
}

impl ContextHistory {
    /// Whether a context has reached a model before.
    pub(super) fn has_hop(&self, id: Option<FrameId>, llm: ProcessorIndex) -> bool {
        id.is_some_and(|id| self.hops.contains(&(id, llm)))
    }

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
    pub(super) fn on_request(&mut self, llm: ProcessorIndex, context: SentContext, transcripts: u64) {
        let user_message = context.user_message.map(|message| message.text);
        let last = LastContext { message_count: context.message_count, user_message, transcripts };
        self.last.retain(|(of, _)| *of != llm);
        self.last.push((llm, last));
    }
}

impl LlmRequest {
    /// Copies as much of a context as `limits` allow.
    pub(crate) fn of(context: &dyn ChatContext, limits: RequestLimits) -> Self {
        Self::copy(context, UserMessage::last_of(context, limits.content).as_ref(), limits)
    }

    /// Copies the system message of a context and as many of the newest others as fit.
    fn copy(context: &dyn ChatContext, user_message: Option<&UserMessage>, limits: RequestLimits) -> Self {
        let mut message_count = context.message_count();
        // What has no role is not a message: a provider's thoughts and signatures.
        let first = (0..message_count).find(|&index| !context.role(index).is_empty());
        let first = first.filter(|&index| context.role(index) == "system");
        let mut copier = ContentCopier::new(limits.content);
        let system = first.map(|index| context.copy_message(index, &mut copier));
        let mut free_attributes = limits.attributes;
        let mut newest = Vec::new();
        for index in (first.map_or(0, |index| index + 1)..context.message_count()).rev() {
            let message = context.copy_message(index, &mut copier);
            // Older ones are counted as they are: reading the roles of a long context costs more than the request.
            if message.role.is_empty() {
                message_count -= 1;
                continue;
            }
            free_attributes = free_attributes.saturating_sub(min_attributes(&message));
            newest.push(message);
            if free_attributes == 0 || copier.is_exhausted() {
                break;
            }
        }
        newest.reverse();
        message_count -= first.unwrap_or(0);
        Self {
            system,
            newest,
            message_count,
            last_user_message: user_message.map(|message| message.text.clone()),
            tools: copy_tools(context, limits),
        }
    }
}

/// Copies the tools of a context, unless they are hidden.
fn copy_tools(context: &dyn ChatContext, limits: RequestLimits) -> Vec<String> {
    let mut copier = ContentCopier::new(limits.content);
    if copier.hides(ContentKind::ToolDefinition) {
        return Vec::new();
    }
    let mut tools = Vec::new();
    for index in 0..context.tool_count().min(limits.attributes) {
        if copier.is_exhausted() {
            break;
        }
        tools.push(context.copy_tool(index, &mut copier));
    }
    tools
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
    /// Returns the last user message of `context`, unless it has no text. It is not hidden, because it may begin a
    /// turn.
    fn last_of(context: &dyn ChatContext, limits: ContentLimits) -> Option<Self> {
        let mut followed_by = FollowedBy::Nothing;
        for index in (0..context.message_count()).rev() {
            match context.role(index) {
                "" => {}
                "user" => {
                    let message = context.copy_message(index, &mut ContentCopier::new(limits.text_only()));
                    return Some(Self { text: message.content.into_text()?, followed_by });
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
mod tests;
