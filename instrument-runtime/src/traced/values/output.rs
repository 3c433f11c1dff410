//! What a service answered, or heard.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::frame::{Message, ToolCall};
use crate::traced::found::Found;

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
