//! Chat messages as attributes, and which of them fit.

use std::borrow::Cow;

use opentelemetry::Value;

use super::attributes::{Attributes, Family};
use super::keys::{MessageField, MessageKeys, MessageList};
use crate::core::frame::{Content, Message, Part};
use crate::core::record::LlmRecord;

/// The role of a service's own instruction, and of the messages that make it unnecessary.
const SYSTEM: &str = "system";
/// The roles that nearly all messages have.
const USUAL_ROLES: [&str; 4] = ["user", "assistant", "tool", SYSTEM];

/// What the user said last: what a model that hears by itself has heard, else the last message of a user.
pub(super) fn last_of_user(llm: &LlmRecord) -> Option<&str> {
    llm.heard.as_deref().or(llm.request.last_user_message.as_deref())
}

/// What a model was sent, as far as the record holds it, in the order of the conversation; what a model that hears by
/// itself has heard comes last.
pub(super) fn sent(llm: &LlmRecord) -> impl Iterator<Item = Cow<'_, Message>> {
    let heard = llm.heard.as_deref().map(|heard| Cow::Owned(Message::text("user", heard)));
    system_message(llm).into_iter().chain(llm.request.newest.iter().map(Cow::Borrowed)).chain(heard)
}

/// Writes what a model was sent: the system message, and as many of the newest as fit, whole.
///
/// They are numbered from 0 in the order of the conversation, so that what is left out leaves no gap, and written in
/// order of importance: system, newest, …, oldest.
pub(super) fn put_input(llm: &LlmRecord, out: &mut Attributes) {
    let all = out.room();
    let mut room = all;
    let system = system_message(llm).filter(|system| take_room(&mut room, system));
    let newest = llm.request.newest.iter().rev().take_while(|message| take_room(&mut room, message)).count();
    let kept = &llm.request.newest[llm.request.newest.len() - newest..];

    out.reserve(all - room);
    let mut family = out.family(MessageList::Input.family());
    let first = usize::from(system.is_some());
    if let Some(system) = system {
        put(&system, &MessageKeys::new(MessageList::Input, 0), &mut family);
    }
    for (index, message) in kept.iter().enumerate().rev() {
        put(message, &MessageKeys::new(MessageList::Input, first + index), &mut family);
    }
}

/// Writes the one message that a model answered with; nothing where it did not.
pub(super) fn put_output(llm: &LlmRecord, out: &mut Attributes) {
    if llm.text.is_none() && llm.tool_calls.is_empty() {
        return;
    }
    let answer = Message {
        role: "assistant".to_owned(),
        content: llm.text.clone().map_or(Content::None, Content::Text),
        tool_calls: llm.tool_calls.clone(),
        ..Message::default()
    };
    let mut family = out.family(MessageList::Output.family());
    put(&answer, &MessageKeys::new(MessageList::Output, 0), &mut family);
}

/// How many messages a model was sent, with the service's instruction where it stands in for a system message.
pub(super) fn count(llm: &LlmRecord) -> usize {
    let stands_in = matches!(system_message(llm), Some(Cow::Owned(_)));
    llm.request.message_count + usize::from(stands_in)
}

/// The context's own system message; where it has none, the service's instruction, which was sent in its place.
fn system_message(llm: &LlmRecord) -> Option<Cow<'_, Message>> {
    if let Some(system) = &llm.request.system {
        return Some(Cow::Borrowed(system));
    }
    if llm.request.newest.iter().any(|message| message.role == SYSTEM) {
        return None;
    }
    // Of a context that nobody told of, nothing is known.
    let instruction = llm.service.system_instruction.as_deref().filter(|_| llm.request.message_count > 0)?;
    Some(Cow::Owned(Message::text(SYSTEM, instruction)))
}

/// Takes the room that `message` needs, if there is as much.
fn take_room(room: &mut usize, message: &Message) -> bool {
    let mut needed = 0;
    each_field(message, |_, _| needed += 1);
    let left = room.checked_sub(needed);
    *room = left.unwrap_or(*room);
    left.is_some()
}

/// Writes `message` under `keys`.
fn put(message: &Message, keys: &MessageKeys, family: &mut Family<'_>) {
    each_field(message, |field, text| family.put(keys.key(field), value(field, text)));
}

/// A copy of `text`; not of a usual role, of which a context has hundreds.
fn value(field: MessageField, text: &str) -> Value {
    let usual = USUAL_ROLES.iter().find(|role| field == MessageField::Role && **role == text);
    usual.map_or_else(|| text.to_owned().into(), |role| Value::from(*role))
}

/// Everything that there is to write of `message`: what it needs room for, and what is written.
fn each_field<'a>(message: &'a Message, mut field: impl FnMut(MessageField, &'a str)) {
    field(MessageField::Role, &message.role);
    match &message.content {
        Content::None => {}
        Content::Text(text) => field(MessageField::Content, text),
        Content::Parts(parts) => parts.iter().enumerate().for_each(|(index, part)| match part {
            Part::Text(text) => {
                field(MessageField::PartType(index), "text");
                field(MessageField::PartText(index), text);
            }
            Part::Image(url) => {
                field(MessageField::PartType(index), "image");
                field(MessageField::PartImageUrl(index), &url.0);
            }
            Part::Other(kind) => field(MessageField::PartType(index), kind),
        }),
    }
    if let Some(name) = &message.name {
        field(MessageField::Name, name);
    }
    if let Some(id) = &message.tool_call_id {
        field(MessageField::ToolCallId, id);
    }
    for (index, call) in message.tool_calls.iter().enumerate() {
        field(MessageField::CallId(index), &call.id);
        field(MessageField::CallName(index), &call.name);
        field(MessageField::CallArguments(index), &call.arguments);
    }
}

#[cfg(test)]
mod tests;
