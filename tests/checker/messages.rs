//! The chat messages among a span's attributes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::matcher::meant;

/// Chat messages by their number, each with its fields, such as `role` or `tool_calls.0.tool_call.id`.
#[derive(Debug, Default)]
pub(crate) struct Messages(BTreeMap<usize, Map<String, Value>>);

impl Messages {
    /// The messages whose attributes begin with `prefix`.
    pub(crate) fn under<'a>(prefix: &str, attributes: impl Iterator<Item = (&'a str, Value)>) -> Self {
        let mut messages = Self::default();
        for (key, value) in attributes {
            if let Some((number, field)) = key.strip_prefix(prefix).and_then(|key| numbered(key, "message")) {
                messages.0.entry(number).or_default().insert(field.to_owned(), value);
            }
        }
        messages
    }

    /// Role and content of each, in order.
    pub(crate) fn history(&self) -> Vec<Value> {
        self.0.values().map(|message| role_and_content(Some(message))).collect()
    }

    /// Role and content of the one with number 0.
    pub(crate) fn first(&self) -> Value {
        role_and_content(self.0.get(&0))
    }

    /// Name, arguments and id of each call in the one with number 0.
    pub(crate) fn first_tool_calls(&self) -> Vec<Value> {
        let mut calls: BTreeMap<usize, Map<String, Value>> = BTreeMap::new();
        for (key, value) in self.0.get(&0).into_iter().flatten() {
            let call = key.strip_prefix("tool_calls.").and_then(|key| numbered(key, "tool_call"));
            if let Some((number, field @ ("id" | "function.name" | "function.arguments"))) = call {
                calls.entry(number).or_default().insert(field.to_owned(), value.clone());
            }
        }
        calls.values().map(name_arguments_and_id).collect()
    }
}

fn role_and_content(message: Option<&Map<String, Value>>) -> Value {
    let field = |name| message.and_then(|message| message.get(name)).cloned();
    [field("role"), field("content")].into_iter().collect()
}

/// The arguments as what their JSON means, as white space in it is nobody's concern.
fn name_arguments_and_id(call: &Map<String, Value>) -> Value {
    let name = call.get("function.name").cloned();
    let arguments = meant(call.get("function.arguments"));
    [name, arguments, call.get("id").cloned()].into_iter().collect()
}

/// The number and the field of a key like `3.message.role`, where `what` is `message`.
fn numbered<'k>(key: &'k str, what: &str) -> Option<(usize, &'k str)> {
    let (number, rest) = key.split_once('.')?;
    let field = rest.strip_prefix(what)?.strip_prefix('.')?;
    Some((number.parse().ok()?, field))
}
