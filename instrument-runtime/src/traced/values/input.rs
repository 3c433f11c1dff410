//! What a service was given.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::frame::{ChatContext, Message};
use crate::engine::operation::OperationInput;
use crate::engine::record::LlmRequest;
use crate::json::JsonContext;

/// What a service can be given: a text, or the messages of a chat.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no input of a service",
    label = "neither a text nor a chat",
    note = "give a `&str` or `String`, a `frame::ChatContext` (as `Vec<frame::Message>`), or a `serde_json::Value` that \
            holds messages"
)]
pub trait ServiceInput {
    /// A copy of it, no larger than so many attributes.
    fn to_input(&self, attribute_limit: usize) -> OperationInput;
}

impl<T: ChatContext> ServiceInput for T {
    fn to_input(&self, attribute_limit: usize) -> OperationInput {
        OperationInput::Chat(LlmRequest::of(self, attribute_limit))
    }
}

impl ServiceInput for [Message] {
    fn to_input(&self, attribute_limit: usize) -> OperationInput {
        OperationInput::Chat(LlmRequest::of(&self, attribute_limit))
    }
}

macro_rules! texts_as_input {
    ($($text:ty),*) => {$(
        impl ServiceInput for $text {
            fn to_input(&self, _: usize) -> OperationInput {
                let text: &str = self.as_ref();
                OperationInput::Text(text.to_owned())
            }
        }
    )*};
}

texts_as_input!(
    str,
    &str,
    &&str,
    String,
    &String,
    Cow<'_, str>,
    &Cow<'_, str>,
    Box<str>,
    Rc<str>,
    Arc<str>,
    &Arc<str>
);

macro_rules! options_as_input {
    ($($text:ty),*) => {$(
        impl ServiceInput for Option<$text> {
            fn to_input(&self, attribute_limit: usize) -> OperationInput {
                self.as_ref().map_or(OperationInput::Unknown, |input| input.to_input(attribute_limit))
            }
        }
    )*};
}

options_as_input!(&str, String, &String, Value, &Value);

impl ServiceInput for Value {
    fn to_input(&self, attribute_limit: usize) -> OperationInput {
        let messages = list_of(Some(self)).or_else(|| list_of(self.get("messages")));
        let Some(messages) = messages else {
            return OperationInput::Text(self.as_str().map_or_else(|| self.to_string(), str::to_owned));
        };
        let tools = list_of(self.get("tools")).unwrap_or_default();
        JsonContext { messages, tools }.to_input(attribute_limit)
    }
}

fn list_of(value: Option<&Value>) -> Option<&[Value]> {
    value?.as_array().map(Vec::as_slice)
}

impl ServiceInput for [Value] {
    fn to_input(&self, attribute_limit: usize) -> OperationInput {
        JsonContext { messages: self, tools: &[] }.to_input(attribute_limit)
    }
}

macro_rules! through_a_reference {
    ($($input:ty),*) => {$(
        impl ServiceInput for $input {
            fn to_input(&self, attribute_limit: usize) -> OperationInput {
                (**self).to_input(attribute_limit)
            }
        }
    )*};
}

through_a_reference!(&Value, &&Value, Vec<Value>, &Vec<Value>, &[Value]);
