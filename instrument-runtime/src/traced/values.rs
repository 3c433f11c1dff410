//! What annotations can name: what a service was given, what it answered, what it cost.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::found::Found;
use crate::core::frame::{ChatContext, LlmUsage, Message, ToolCall};
use crate::core::operation::Input;
use crate::core::record::Request;
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
    fn to_input(&self, attribute_limit: usize) -> Input;
}

impl<T: ChatContext> ServiceInput for T {
    fn to_input(&self, attribute_limit: usize) -> Input {
        Input::Chat(Request::of(self, attribute_limit))
    }
}

impl ServiceInput for [Message] {
    fn to_input(&self, attribute_limit: usize) -> Input {
        Input::Chat(Request::of(&self, attribute_limit))
    }
}

macro_rules! texts_as_input {
    ($($text:ty),*) => {$(
        impl ServiceInput for $text {
            fn to_input(&self, _: usize) -> Input {
                let text: &str = self.as_ref();
                Input::Text(text.to_owned())
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
            fn to_input(&self, attribute_limit: usize) -> Input {
                self.as_ref().map_or(Input::Untold, |input| input.to_input(attribute_limit))
            }
        }
    )*};
}

options_as_input!(&str, String, &String, Value, &Value);

impl ServiceInput for Value {
    fn to_input(&self, attribute_limit: usize) -> Input {
        let messages = list_of(Some(self)).or_else(|| list_of(self.get("messages")));
        let Some(messages) = messages else {
            return Input::Text(self.as_str().map_or_else(|| self.to_string(), str::to_owned));
        };
        let tools = list_of(self.get("tools")).unwrap_or_default();
        JsonContext { messages, tools }.to_input(attribute_limit)
    }
}

fn list_of(value: Option<&Value>) -> Option<&[Value]> {
    value?.as_array().map(Vec::as_slice)
}

impl ServiceInput for [Value] {
    fn to_input(&self, attribute_limit: usize) -> Input {
        JsonContext { messages: self, tools: &[] }.to_input(attribute_limit)
    }
}

macro_rules! through_a_reference {
    ($($input:ty),*) => {$(
        impl ServiceInput for $input {
            fn to_input(&self, attribute_limit: usize) -> Input {
                (**self).to_input(attribute_limit)
            }
        }
    )*};
}

through_a_reference!(&Value, &&Value, Vec<Value>, &Vec<Value>, &[Value]);

/// What a service can answer, or hear: a text, a message with the calls that it asks for, or these calls.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no output of a service",
    label = "neither a text nor a message",
    note = "give a `&str` or `String`, an `Option` of one, a `frame::Message`, or the `frame::ToolCall`s that it asks for"
)]
pub trait ServiceOutput {
    /// Adds it to what was found.
    fn visit(&self, found: &mut Found);
}

macro_rules! texts_as_output {
    ($($text:ty),*) => {$(
        impl ServiceOutput for $text {
            fn visit(&self, found: &mut Found) {
                found.add_text(self);
            }
        }
    )*};
}

texts_as_output!(str, String, Cow<'_, str>, Box<str>, Rc<str>, Arc<str>);

impl<T: ServiceOutput + ?Sized> ServiceOutput for &T {
    fn visit(&self, found: &mut Found) {
        (**self).visit(found);
    }
}

impl<T: ServiceOutput> ServiceOutput for Option<T> {
    fn visit(&self, found: &mut Found) {
        if let Some(output) = self {
            output.visit(found);
        }
    }
}

impl ServiceOutput for Value {
    fn visit(&self, found: &mut Found) {
        match self {
            Self::Null => {}
            Self::String(text) => found.add_text(text),
            other => found.add_text(&other.to_string()),
        }
    }
}

impl ServiceOutput for Message {
    fn visit(&self, found: &mut Found) {
        self.content.as_text().iter().for_each(|text| found.add_text(text));
        found.add_tool_calls(&self.tool_calls);
    }
}

impl ServiceOutput for [ToolCall] {
    fn visit(&self, found: &mut Found) {
        found.add_tool_calls(self);
    }
}

impl ServiceOutput for Vec<ToolCall> {
    fn visit(&self, found: &mut Found) {
        found.add_tool_calls(self);
    }
}

/// What an invocation of a model can cost.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of tokens",
    label = "not the usage of a model",
    note = "give a `frame::LlmUsage`, or the tokens that were sent and received: `(prompt, completion)`; or an `Option` \
            of one"
)]
pub trait LlmTokens {
    /// The tokens, if they are told.
    fn tokens(&self) -> Option<LlmUsage>;
}

impl LlmTokens for LlmUsage {
    fn tokens(&self) -> Option<LlmUsage> {
        Some(*self)
    }
}

impl<T: LlmTokens + ?Sized> LlmTokens for &T {
    fn tokens(&self) -> Option<LlmUsage> {
        (**self).tokens()
    }
}

impl<T: LlmTokens> LlmTokens for Option<T> {
    fn tokens(&self) -> Option<LlmUsage> {
        self.as_ref()?.tokens()
    }
}

/// How many characters a synthesis can be paid for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of characters",
    label = "not the usage of a synthesis",
    note = "give a `usize`, `u32` or `u64`, or an `Option` of one"
)]
pub trait CharacterCount {
    /// The characters, if they are told.
    fn characters(&self) -> Option<u64>;
}

impl<T: CharacterCount + ?Sized> CharacterCount for &T {
    fn characters(&self) -> Option<u64> {
        (**self).characters()
    }
}

impl<T: CharacterCount> CharacterCount for Option<T> {
    fn characters(&self) -> Option<u64> {
        self.as_ref()?.characters()
    }
}

macro_rules! counts {
    ($($number:ty),*) => {$(
        /// Tokens that were sent and received.
        impl LlmTokens for ($number, $number) {
            fn tokens(&self) -> Option<LlmUsage> {
                let (prompt, completion) = (self.0.characters()?, self.1.characters()?);
                Some(LlmUsage { prompt, completion, total: prompt.saturating_add(completion), ..LlmUsage::default() })
            }
        }

        impl CharacterCount for $number {
            fn characters(&self) -> Option<u64> {
                u64::try_from(*self).ok()
            }
        }
    )*};
}

counts!(u16, u32, usize, i32, i64);

impl LlmTokens for (u64, u64) {
    fn tokens(&self) -> Option<LlmUsage> {
        let (prompt, completion) = *self;
        Some(LlmUsage { prompt, completion, total: prompt.saturating_add(completion), ..LlmUsage::default() })
    }
}

impl CharacterCount for u64 {
    fn characters(&self) -> Option<u64> {
        Some(*self)
    }
}

/// How much audio a recogniser can be paid for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no length of audio",
    label = "not the usage of a recogniser",
    note = "give seconds as `f64` or `f32`, a `Duration`, or an `Option` of one"
)]
pub trait AudioLength {
    /// Seconds, if they are told.
    fn seconds(&self) -> Option<f64>;
}

impl AudioLength for f64 {
    fn seconds(&self) -> Option<f64> {
        Some(*self)
    }
}

impl AudioLength for f32 {
    fn seconds(&self) -> Option<f64> {
        Some((*self).into())
    }
}

impl AudioLength for Duration {
    fn seconds(&self) -> Option<f64> {
        Some(self.as_secs_f64())
    }
}

impl<T: AudioLength + ?Sized> AudioLength for &T {
    fn seconds(&self) -> Option<f64> {
        (**self).seconds()
    }
}

impl<T: AudioLength> AudioLength for Option<T> {
    fn seconds(&self) -> Option<f64> {
        self.as_ref()?.seconds()
    }
}
