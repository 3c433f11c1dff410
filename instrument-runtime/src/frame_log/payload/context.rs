//! The context of a language model, which a log holds once per frame id.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use crate::engine::frame::{ChatContext, Message};
use crate::json::{RawJson, message_from_json, message_to_json, role_of};

/// A context that stands in a log.
#[derive(Debug)]
pub(in crate::frame_log) struct LoggedContext {
    messages: Vec<Value>,
    tools: Vec<Value>,
}

impl LoggedContext {
    /// A copy of the whole of `context`.
    pub(in crate::frame_log) fn of(context: &dyn ChatContext) -> Self {
        Self {
            messages: (0..context.message_count()).map(|i| message_to_json(context.message(i))).collect(),
            tools: (0..context.tool_count()).map(|i| RawJson(&context.tool(i)).parsed()).collect(),
        }
    }
}

impl ChatContext for LoggedContext {
    fn message_count(&self) -> usize {
        self.messages.len()
    }

    fn role(&self, index: usize) -> &str {
        self.messages.get(index).map_or("", role_of)
    }

    fn message(&self, index: usize) -> Message {
        self.messages.get(index).map(message_from_json).unwrap_or_default()
    }

    fn tool_count(&self) -> usize {
        self.tools.len()
    }

    fn tool(&self, index: usize) -> String {
        self.tools.get(index).map(Value::to_string).unwrap_or_default()
    }
}

/// What one hop shows of its context.
pub(in crate::frame_log) enum ContextPayload {
    /// All of it.
    Whole(Arc<LoggedContext>),
    /// How many messages there are, if that: the rest stands on an earlier hop.
    Count(Option<usize>),
}

impl ContextPayload {
    pub(super) fn counting(context: Option<&dyn ChatContext>) -> Self {
        Self::Count(context.map(ChatContext::message_count))
    }

    pub(super) fn context(&self) -> Option<&dyn ChatContext> {
        match self {
            Self::Whole(context) => Some(&**context),
            Self::Count(_) => None,
        }
    }
}

impl Serialize for ContextPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Whole(context) => {
                map.serialize_entry("messages_count", &context.messages.len())?;
                map.serialize_entry("messages", &context.messages)?;
                if !context.tools.is_empty() {
                    map.serialize_entry("tools", &context.tools)?;
                }
            }
            Self::Count(Some(count)) => map.serialize_entry("messages_count", count)?,
            Self::Count(None) => {}
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ContextPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            messages_count: Option<usize>,
            messages: Option<Vec<Value>>,
            tools: Option<Vec<Value>>,
        }
        let fields = Fields::deserialize(deserializer)?;
        Ok(match fields.messages {
            Some(messages) => {
                Self::Whole(Arc::new(LoggedContext { messages, tools: fields.tools.unwrap_or_default() }))
            }
            None => Self::Count(fields.messages_count),
        })
    }
}
