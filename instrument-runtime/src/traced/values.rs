//! Types that a `#[traced_…]` annotation can give as input and as usage.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::engine::content::RequestLimits;
use crate::engine::frame::{ChatContext, Json, LlmUsage, Message};
use crate::engine::operation::OperationInput;
use crate::engine::record::LlmRequest;
use crate::engine::truncate::truncate;
use crate::json::JsonContext;
use crate::observer::forward_conversion;

/// The input of a service: text, or the messages of a chat.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a service",
    label = "neither text nor a chat",
    note = "give a `&str` or `String`, a `frame::ChatContext` (such as `Vec<frame::Message>`), or a `serde_json::Value` \
            that holds messages"
)]
pub trait ServiceInput {
    /// Copies the input as far as `limits` allow.
    fn to_input(&self, limits: RequestLimits) -> OperationInput;
}

impl<T: ChatContext> ServiceInput for T {
    fn to_input(&self, limits: RequestLimits) -> OperationInput {
        OperationInput::Chat(LlmRequest::of(self, limits))
    }
}

impl ServiceInput for [Message] {
    fn to_input(&self, limits: RequestLimits) -> OperationInput {
        OperationInput::Chat(LlmRequest::of(&self, limits))
    }
}

// One by one: an implementation for every `&T` would overlap with the one for every `ChatContext`.
macro_rules! text_inputs {
    ($($text:ty),*) => {$(
        impl ServiceInput for $text {
            fn to_input(&self, limits: RequestLimits) -> OperationInput {
                let text: &str = self.as_ref();
                OperationInput::Text(truncate(text, limits.content.text_length).into_owned())
            }
        }
    )*};
}

text_inputs!(
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

macro_rules! optional_inputs {
    ($($text:ty),*) => {$(
        impl ServiceInput for Option<$text> {
            fn to_input(&self, limits: RequestLimits) -> OperationInput {
                self.as_ref().map_or(OperationInput::Unknown, |input| input.to_input(limits))
            }
        }
    )*};
}

optional_inputs!(&str, String, &String, Value, &Value);

impl ServiceInput for Value {
    fn to_input(&self, limits: RequestLimits) -> OperationInput {
        let Some(messages) = self.as_array().or_else(|| self.get("messages")?.as_array()) else {
            let length = limits.content.text_length;
            let text = self
                .as_str()
                .map_or_else(|| self.to_text_within(length), |text| truncate(text, length).into_owned());
            return OperationInput::Text(text);
        };
        let tools = self.get("tools").and_then(Self::as_array).map_or(&[][..], Vec::as_slice);
        JsonContext { messages, tools }.to_input(limits)
    }
}

impl ServiceInput for [Value] {
    fn to_input(&self, limits: RequestLimits) -> OperationInput {
        JsonContext { messages: self, tools: &[] }.to_input(limits)
    }
}

macro_rules! referenced_inputs {
    ($($input:ty),*) => {$(
        impl ServiceInput for $input {
            fn to_input(&self, limits: RequestLimits) -> OperationInput {
                (**self).to_input(limits)
            }
        }
    )*};
}

referenced_inputs!(&Value, &&Value, Vec<Value>, &Vec<Value>, &[Value]);

/// The tokens of an LLM call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of tokens",
    label = "not the usage of an LLM",
    note = "give a `frame::LlmUsage`, or the tokens sent and received, `(prompt, completion)`; or an `Option` of one"
)]
pub trait LlmTokens {
    /// Returns the tokens, if they are known.
    fn tokens(&self) -> Option<LlmUsage>;
}

forward_conversion!(LlmTokens::tokens() -> Option<LlmUsage>, none: None);

impl LlmTokens for LlmUsage {
    fn tokens(&self) -> Option<LlmUsage> {
        Some(*self)
    }
}

/// The characters of a synthesis.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of characters",
    label = "not the usage of a TTS",
    note = "give a `usize`, `u32` or `u64`, or an `Option` of one"
)]
pub trait CharacterCount {
    /// Returns the number of characters, if it is known.
    fn characters(&self) -> Option<u64>;
}

forward_conversion!(CharacterCount::characters() -> Option<u64>, none: None);

macro_rules! counts {
    ($($number:ty),*) => {$(
        impl CharacterCount for $number {
            fn characters(&self) -> Option<u64> {
                #[allow(clippy::unnecessary_fallible_conversions, reason = "infallible for some of these types")]
                u64::try_from(*self).ok()
            }
        }

        /// Tokens sent and received.
        impl LlmTokens for ($number, $number) {
            fn tokens(&self) -> Option<LlmUsage> {
                let (prompt, completion) = (self.0.characters()?, self.1.characters()?);
                Some(LlmUsage { prompt, completion, total: prompt.saturating_add(completion), ..LlmUsage::default() })
            }
        }
    )*};
}

counts!(u16, u32, u64, usize, i32, i64);

/// Seconds: the length of the audio that an STT transcribed, or `stop_secs` of a frame.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of seconds",
    label = "not an `f64` or a `Duration`",
    note = "give seconds as `f64` or `f32`, a `Duration`, or an `Option` of one"
)]
pub trait Seconds {
    /// Returns the seconds, if they are known.
    fn seconds(&self) -> Option<f64>;
}

forward_conversion!(Seconds::seconds() -> Option<f64>, none: None);

impl Seconds for f64 {
    fn seconds(&self) -> Option<f64> {
        Some(*self)
    }
}

impl Seconds for f32 {
    fn seconds(&self) -> Option<f64> {
        Some((*self).into())
    }
}

impl Seconds for Duration {
    fn seconds(&self) -> Option<f64> {
        Some(self.as_secs_f64())
    }
}
