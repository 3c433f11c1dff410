//! Chat messages as attributes, and which of them fit.

use std::borrow::Cow;

use opentelemetry::Value;

use super::attributes::{Attributes, Family};
use super::keys::{MessageField, MessageKeys, MessageList};
use crate::engine::frame::{Message, MessageContent, MessagePart};
use crate::engine::record::{LlmRecord, Visibility};

/// The role of a service's own instruction, and of the messages that make it unnecessary.
const SYSTEM: &str = "system";

/// What the user said last: what a model that hears by itself has heard, else the last message of a user.
pub(super) fn last_of_user(llm: &LlmRecord) -> Option<&str> {
    llm.user_transcript.as_deref().or(llm.request.last_user_message.as_deref())
}

/// What a model was sent, as far as the record holds it, in the order of the conversation; what a model that hears by
/// itself has heard comes last.
pub(super) fn sent(llm: &LlmRecord) -> impl Iterator<Item = Cow<'_, Message>> {
    let heard = llm.user_transcript.as_deref().map(|heard| Cow::Owned(Message::text("user", heard)));
    system_message(llm).into_iter().chain(llm.request.newest.iter().map(Cow::Borrowed)).chain(heard)
}

/// Writes what a model was sent: the system message, and as many of the newest as fit, whole.
///
/// They are numbered from 0 in the order of the conversation, so that what is left out leaves no gap, and written in
/// order of importance: system, newest, …, oldest.
pub(super) fn put_input(llm: LlmRecord, out: &mut Attributes) {
    let all = out.room();
    let mut room = all;
    let system = system_message(&llm).filter(|system| take_room(&mut room, system)).map(Cow::into_owned);
    let mut newest = llm.request.newest;
    let kept = newest.iter().rev().take_while(|message| take_room(&mut room, message)).count();

    out.reserve(all - room);
    let mut family = out.family(MessageList::Input.family());
    let first = usize::from(system.is_some());
    if let Some(system) = system {
        put(system, &MessageKeys::new(MessageList::Input, 0), &mut family);
    }
    for (index, message) in newest.drain(newest.len() - kept..).enumerate().rev() {
        put(message, &MessageKeys::new(MessageList::Input, first + index), &mut family);
    }
}

/// Writes the one message that a model answered with; nothing where it did not.
pub(super) fn put_output(llm: &LlmRecord, out: &mut Attributes) {
    if llm.message_visibility == Visibility::Omitted || (llm.text.is_none() && llm.tool_calls.is_empty()) {
        return;
    }
    let text = llm.text.as_deref().and_then(|text| llm.message_visibility.of(text));
    let answer = Message {
        role: "assistant".to_owned(),
        content: text.map_or(MessageContent::None, |text| MessageContent::Text(text.to_owned())),
        tool_calls: llm.tool_calls.clone(),
        ..Message::default()
    };
    let mut family = out.family(MessageList::Output.family());
    put(answer, &MessageKeys::new(MessageList::Output, 0), &mut family);
}

/// How many messages a model was sent, with the service's instruction where it stands in for a system message.
pub(super) fn count(llm: &LlmRecord) -> usize {
    llm.request.message_count + usize::from(llm.instruction_in_place_of_system().is_some())
}

/// The context's own system message; where it has none, the service's instruction, which was sent in its scope.
fn system_message(llm: &LlmRecord) -> Option<Cow<'_, Message>> {
    if let Some(system) = &llm.request.system {
        return Some(Cow::Borrowed(system));
    }
    Some(Cow::Owned(Message::text(SYSTEM, llm.instruction_in_place_of_system()?)))
}

/// Takes the room that `message` needs, if there is as much.
fn take_room(room: &mut usize, message: &Message) -> bool {
    let left = room.checked_sub(needed(message));
    *room = left.unwrap_or(*room);
    left.is_some()
}

/// How many attributes [`put`] writes of `message`.
fn needed(message: &Message) -> usize {
    let content = match &message.content {
        MessageContent::None => 0,
        MessageContent::Text(_) => 1,
        MessageContent::Parts(parts) => {
            parts.iter().map(|part| if matches!(part, MessagePart::Other(_)) { 1 } else { 2 }).sum()
        }
    };
    let others = usize::from(message.name.is_some()) + usize::from(message.tool_call_id.is_some());
    1 + content + others + 3 * message.tool_calls.len()
}

/// Writes everything that there is to write of `message`. Its texts are moved, not copied: they are most of what a
/// span holds.
fn put(message: Message, keys: &MessageKeys, family: &mut Family<'_>) {
    let mut field = |field: MessageField, text: Value| family.put(keys.key(field), text);
    field(MessageField::Role, message.role.into());
    match message.content {
        MessageContent::None => {}
        MessageContent::Text(text) => field(MessageField::Content, text.into()),
        MessageContent::Parts(parts) => parts.into_iter().enumerate().for_each(|(index, part)| match part {
            MessagePart::Text(text) => {
                field(MessageField::PartType(index), "text".into());
                field(MessageField::PartText(index), text.into());
            }
            MessagePart::Image(url) => {
                field(MessageField::PartType(index), "image".into());
                field(MessageField::PartImageUrl(index), url.0.into());
            }
            MessagePart::Other(kind) => field(MessageField::PartType(index), kind.into()),
        }),
    }
    if let Some(name) = message.name {
        field(MessageField::Name, name.into());
    }
    if let Some(id) = message.tool_call_id {
        field(MessageField::ToolCallId, id.into());
    }
    for (index, call) in message.tool_calls.into_iter().enumerate() {
        field(MessageField::CallId(index), call.id.into());
        field(MessageField::CallName(index), call.name.into());
        field(MessageField::CallArguments(index), call.arguments.into());
    }
}

#[cfg(test)]
mod tests;
