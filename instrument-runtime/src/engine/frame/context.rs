//! Chat contexts of language models: messages and tools.

use std::sync::Arc;

use crate::engine::content::ContentCopier;

/// A chat context in the framework's own representation.
///
/// Contexts are shared and change later, so the parts that fit into a span are copied when the context reaches the
/// model. An observer calls these methods on the thread that pushes the frame, and holds no lock meanwhile.
pub trait ChatContext {
    /// Returns the number of messages.
    fn message_count(&self) -> usize;

    /// Returns the role of the message at `index`: `system`, `user`, …; empty for an entry that is not a message, such
    /// as a provider's thoughts and signatures. Such entries are skipped, but counted in the part of a long context that
    /// a span cannot carry.
    fn role(&self, index: usize) -> &str;

    /// Copies the message at `index`.
    fn message(&self, index: usize) -> Message;

    /// Returns the number of tools that the model may call.
    fn tool_count(&self) -> usize;

    /// Returns the complete tool object at `index`, as compact JSON.
    fn tool(&self, index: usize) -> String;

    /// Copies the message at `index` within the limits of `copier`. Implement it for contexts with images or long texts:
    /// this default copies the whole message first.
    fn copy_message(&self, index: usize, copier: &mut ContentCopier) -> Message {
        copier.message(&self.message(index))
    }

    /// Copies the tool at `index` within the limits of `copier`.
    fn copy_tool(&self, index: usize, copier: &mut ContentCopier) -> String {
        copier.tool(&self.tool(index)).into_owned()
    }
}

/// Messages without tools.
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

    fn copy_message(&self, index: usize, copier: &mut ContentCopier) -> Message {
        self.get(index).map(|message| copier.message(message)).unwrap_or_default()
    }

    fn tool_count(&self) -> usize {
        0
    }

    fn tool(&self, _index: usize) -> String {
        String::new()
    }
}

macro_rules! context_by_deref {
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

            fn copy_message(&self, index: usize, copier: &mut ContentCopier) -> Message {
                (**self).copy_message(index, copier)
            }

            fn copy_tool(&self, index: usize, copier: &mut ContentCopier) -> String {
                (**self).copy_tool(index, copier)
            }
        }
    )*};
}

context_by_deref!([] Vec<Message>, [T: ChatContext + ?Sized] &T, [T: ChatContext + ?Sized] Arc<T>);

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The role: `system`, `developer`, `user`, `assistant` or `tool`.
    pub role: String,
    /// The content.
    pub content: MessageContent,
    /// The name of the author, if several have the same role.
    pub name: Option<String>,
    /// The id of the call that a `tool` message answers.
    pub tool_call_id: Option<String>,
    /// The calls that an `assistant` message requests.
    pub tool_calls: Vec<ToolCall>,
}

impl Message {
    /// Creates a message of plain text.
    pub fn text(role: impl Into<String>, text: impl Into<String>) -> Self {
        Self { role: role.into(), content: MessageContent::Text(text.into()), ..Self::default() }
    }
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MessageContent {
    /// No content, as in a message of tool calls only.
    #[default]
    None,
    /// One text.
    Text(String),
    /// Several parts.
    Parts(Vec<MessagePart>),
}

impl MessageContent {
    /// Returns the text, with parts joined by one space; `None` if there is none.
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

    /// Converts into the text, with parts joined by one space; `None` if there is none.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            content => content.as_text().map(std::borrow::Cow::into_owned),
        }
    }
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessagePart {
    /// Text.
    Text(String),
    /// An image.
    Image(ImageUrl),
    /// Any other part, by its type: `input_audio`, `file`.
    Other(String),
}

/// The URL of an image. A `data:` URL contains the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUrl(pub String);

/// A tool call that a message requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCall {
    /// The id of the call.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments, as JSON text.
    pub arguments: String,
}
