//! The context that a language model is sent: messages and tools.

use std::sync::Arc;

/// A chat context, wherever its framework keeps it. It is shared and changes later: what is needed of it is copied
/// at the moment when it reaches the model, and no more than a span can carry.
pub trait ChatContext {
    /// How many messages there are.
    fn message_count(&self) -> usize;

    /// The role of the message at `index`: `system`, `user`, …
    fn role(&self, index: usize) -> &str;

    /// A copy of the message at `index`.
    fn message(&self, index: usize) -> Message;

    /// How many tools the model may call.
    fn tool_count(&self) -> usize;

    /// The whole tool object at `index`, as compact JSON.
    fn tool(&self, index: usize) -> String;
}

/// Messages alone, with no tools.
impl ChatContext for [Message] {
    fn message_count(&self) -> usize {
        self.len()
    }

    fn role(&self, index: usize) -> &str {
        self.get(index).map_or("", |message| &message.role)
    }

    fn message(&self, index: usize) -> Message {
        self.get(index).cloned().unwrap_or_default()
    }

    fn tool_count(&self) -> usize {
        0
    }

    fn tool(&self, _index: usize) -> String {
        String::new()
    }
}

macro_rules! as_what_it_holds {
    ($([$($generic:tt)*] $holder:ty),*) => {$(
        impl<$($generic)*> ChatContext for $holder {
            fn message_count(&self) -> usize {
                (**self).message_count()
            }

            fn role(&self, index: usize) -> &str {
                (**self).role(index)
            }

            fn message(&self, index: usize) -> Message {
                (**self).message(index)
            }

            fn tool_count(&self) -> usize {
                (**self).tool_count()
            }

            fn tool(&self, index: usize) -> String {
                (**self).tool(index)
            }
        }
    )*};
}

as_what_it_holds!([] Vec<Message>, [T: ChatContext + ?Sized] &T, [T: ChatContext + ?Sized] Arc<T>);

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Who says it: `system`, `developer`, `user`, `assistant`, `tool`.
    pub role: String,
    /// What it says.
    pub content: MessageContent,
    /// Who says it, where several share a role.
    pub name: Option<String>,
    /// The call that a `tool` message answers.
    pub tool_call_id: Option<String>,
    /// The calls that an `assistant` message asks for.
    pub tool_calls: Vec<ToolCall>,
}

impl Message {
    /// A message of plain text.
    pub fn text(role: impl Into<String>, text: impl Into<String>) -> Self {
        Self { role: role.into(), content: MessageContent::Text(text.into()), ..Self::default() }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MessageContent {
    /// Nothing, as in a message that only calls tools.
    #[default]
    None,
    /// One text.
    Text(String),
    /// Several parts.
    Parts(Vec<MessagePart>),
}

impl MessageContent {
    /// The text of it, parts joined by one space; `None` where there is none.
    pub fn as_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Self::None => None,
            Self::Text(text) => Some(text.into()),
            Self::Parts(parts) => {
                let texts: Vec<&str> = parts
                    .iter()
                    .filter_map(|part| match part {
                        MessagePart::Text(text) => Some(text.as_str()),
                        MessagePart::Image(_) | MessagePart::Other(_) => None,
                    })
                    .collect();
                (!texts.is_empty()).then(|| texts.join(" ").into())
            }
        }
    }
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessagePart {
    /// Text.
    Text(String),
    /// A picture.
    Image(ImageUrl),
    /// Anything else, by its type alone: `input_audio`, `file`.
    Other(String),
}

/// Where a picture is: a URL, or the picture itself as a `data:` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUrl(pub String);

/// A call that a message asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCall {
    /// Which call.
    pub id: String,
    /// The function.
    pub name: String,
    /// Its arguments, as JSON text.
    pub arguments: String,
}
