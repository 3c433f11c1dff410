//! Messages of a chat.

use std::borrow::Cow;

use super::ContentKind;
use super::content::Place;
use super::hidden::Topic;
use super::policy::Rules;
use crate::engine::frame::{Message, MessageContent, MessagePart};

impl Rules {
    /// Leaves in `message` what may leave of it, if it may be there at all.
    pub(super) fn clean_message(&self, message: &mut Message) {
        if self.looks_at_pictures_only {
            return self.clean_pictures(message);
        }
        let kind = kind_of(&message.role);
        let clean = |text: &mut String| clean(text, |text| self.text(kind, Place::InputMessage, text));
        match &mut message.content {
            MessageContent::None => {}
            MessageContent::Text(text) => clean(text),
            MessageContent::Parts(parts) => parts.iter_mut().for_each(|part| match part {
                MessagePart::Text(text) => clean(text),
                MessagePart::Image(_) | MessagePart::Other(_) => {}
            }),
        }
        for call in &mut message.tool_calls {
            self.clean_json(&mut call.arguments, ContentKind::ToolArguments, Place::InputMessage);
        }
        self.clean_pictures(message);
    }

    /// Leaves in `json` what may leave of it.
    pub(super) fn clean_json(&self, json: &mut String, kind: ContentKind, place: Place) {
        clean(json, |json| self.json(kind, place, json));
    }

    fn clean_pictures(&self, message: &mut Message) {
        let MessageContent::Parts(parts) = &mut message.content else { return };
        if self.hidden.hide(Topic::InputImages) {
            parts.retain(|part| !is_picture(part));
        }
        for part in parts {
            if let MessagePart::Image(url) = part {
                clean(&mut url.0, |url| self.picture(url));
            }
        }
    }
}

/// Puts into `text` what `rule` leaves of it.
pub(super) fn clean(text: &mut String, rule: impl FnOnce(&str) -> Cow<'_, str>) {
    if let Some(left) = replacement(text, rule) {
        *text = left;
    }
}

/// What `rule` leaves of `text`, if that is anything else.
fn replacement(text: &str, rule: impl FnOnce(&str) -> Cow<'_, str>) -> Option<String> {
    let left = rule(text);
    (left != text).then(|| left.into_owned())
}

fn is_picture(part: &MessagePart) -> bool {
    match part {
        MessagePart::Image(_) => true,
        MessagePart::Other(kind) => kind.contains("image"),
        MessagePart::Text(_) => false,
    }
}

/// What a message of this role says. A role that nobody knows may well be a user's.
fn kind_of(role: &str) -> ContentKind {
    match role {
        "system" | "developer" => ContentKind::Instruction,
        "assistant" | "model" => ContentKind::BotText,
        "tool" | "function" => ContentKind::ToolResult,
        _ => ContentKind::UserText,
    }
}
