//! Chat messages as attributes, limited to those that fit.

use std::borrow::Cow;

use opentelemetry::Value;

use super::attributes::{Attributes, Family};
use super::keys::{MessageField, MessageKeys, MessageList};
use crate::engine::frame::{Message, MessageContent, MessagePart};
use crate::engine::record::{LlmRecord, Visibility};

/// The role under which a service's own system instruction is written.
const SYSTEM: &str = "system";

/// Returns the user's last input: the transcript of a speech-to-speech service, else the last user message.
pub(super) fn last_user_text(llm: &LlmRecord) -> Option<&str> {
    llm.user_transcript.as_deref().or(llm.request.last_user_message.as_deref())
}

/// Returns the input messages of the record in conversation order. The transcript of a speech-to-speech service comes
/// last.
pub(super) fn input(llm: &LlmRecord) -> impl Iterator<Item = Cow<'_, Message>> {
    let heard = llm.user_transcript.as_deref().map(|heard| Cow::Owned(Message::text("user", heard)));
    first_messages(llm).chain(llm.request.newest.iter().map(Cow::Borrowed)).chain(heard)
}

/// Writes the instruction, the system message and as many of the newest messages as fit, each complete or not at all.
///
/// Written messages are numbered from 0 in conversation order, without gaps. They are written in order of importance:
/// system, newest, …, oldest.
pub(super) fn put_input(llm: LlmRecord, out: &mut Attributes) {
    let limit = out.remaining();
    let mut remaining = limit;
    let fit = first_messages(&llm).take_while(|message| try_take(&mut remaining, message));
    let first: Vec<Message> = fit.map(Cow::into_owned).collect();
    let mut newest = llm.request.newest;
    let kept = newest.iter().rev().take_while(|message| try_take(&mut remaining, message)).count();

    out.reserve(limit - remaining);
    let mut family = out.family(MessageList::Input.prefix());
    let first_count = first.len();
    for (index, message) in first.into_iter().enumerate() {
        put(message, &MessageKeys::new(MessageList::Input, index), &mut family);
    }
    for (index, message) in newest.drain(newest.len() - kept..).enumerate().rev() {
        put(message, &MessageKeys::new(MessageList::Input, first_count + index), &mut family);
    }
}

/// Writes the response as one assistant message; nothing if there was no response.
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
    let mut family = out.family(MessageList::Output.prefix());
    put(answer, &MessageKeys::new(MessageList::Output, 0), &mut family);
}

/// Returns the service's own instruction and the context's system message, as far as they are sent.
fn first_messages(llm: &LlmRecord) -> impl Iterator<Item = Cow<'_, Message>> {
    let instruction = llm.instruction().map(|instruction| Cow::Owned(Message::text(SYSTEM, instruction)));
    instruction.into_iter().chain(llm.system().map(Cow::Borrowed))
}

/// Reserves the attributes of `message` from the `remaining` number; returns false if they do not fit.
fn try_take(remaining: &mut usize, message: &Message) -> bool {
    let left = remaining.checked_sub(attribute_count(message));
    *remaining = left.unwrap_or(*remaining);
    left.is_some()
}

/// Returns the number of attributes that [`put`] writes for `message`.
fn attribute_count(message: &Message) -> usize {
    let content = match &message.content {
        MessageContent::None => 0,
        MessageContent::Text(_) => 1,
        MessageContent::Parts(parts) => {
            parts.iter().map(|part| if matches!(part, MessagePart::Other(_)) { 1 } else { 2 }).sum()
        }
    };
    let optional = usize::from(message.name.is_some()) + usize::from(message.tool_call_id.is_some());
    1 + content + optional + 3 * message.tool_calls.len()
}

/// Writes all fields of `message`. Texts are moved, not copied: they are most of the bytes of a span.
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
