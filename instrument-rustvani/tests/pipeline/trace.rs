//! Finished spans as text.

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::SpanData;

/// The spans of a conversation, in the order of their start.
#[derive(Debug)]
pub(crate) struct Trace(Vec<SpanData>);

/// The attributes in the tree, with their labels.
const SHOWN: [(&str, &str); 7] = [
    ("input.value", "in"),
    ("output.value", "out"),
    ("conversation.end_reason", "ends"),
    ("llm.interrupted", "llm cut"),
    ("tts.interrupted", "tts cut"),
    ("tool.cancelled", "cancelled"),
    ("error.type", "error"),
];

impl Trace {
    pub(crate) fn new(mut spans: Vec<SpanData>) -> Self {
        spans.sort_by_key(|span| span.start_time);
        Self(spans)
    }

    /// Returns all spans as a tree, with their main attributes.
    pub(crate) fn tree(&self) -> String {
        self.tree_under(SpanId::INVALID, "")
    }

    fn tree_under(&self, parent: SpanId, indent: &str) -> String {
        let children = self.0.iter().filter(|span| span.parent_span_id == parent);
        let deeper = format!("{indent}  ");
        children.fold(String::new(), |tree, child| {
            let under = self.tree_under(child.span_context.span_id(), &deeper);
            tree + indent + &line(child) + "\n" + &under
        })
    }

    /// Returns an attribute of the `nth` span with this name, as text.
    #[track_caller]
    pub(crate) fn attribute(&self, name: &str, nth: usize, key: &str) -> Option<String> {
        let span = self.0.iter().filter(|span| span.name == name).nth(nth);
        value(span.unwrap_or_else(|| panic!("no such {name} in {}", self.tree())), key)
    }

    /// Returns the roles and texts of the input messages of the `nth` LLM call.
    pub(crate) fn messages(&self, nth: usize) -> Vec<(String, String)> {
        (0..)
            .map_while(|index| {
                let field = |name: &str| {
                    self.attribute("pipecat.llm", nth, &format!("llm.input_messages.{index}.message.{name}"))
                };
                field("role").map(|role| (role, field("content").unwrap_or_default()))
            })
            .collect()
    }
}

fn line(span: &SpanData) -> String {
    let name = span.name.strip_prefix("pipecat.").unwrap_or(&span.name);
    let name = name.strip_prefix("conversation.").unwrap_or(name);
    let said = SHOWN
        .iter()
        .filter_map(|(key, shown)| value(span, key).map(|value| format!(" {shown}: {value};")))
        .collect::<String>();
    let failed = match &span.status {
        Status::Error { description } => format!(" FAILED: {description};"),
        _ => String::new(),
    };
    format!("{name}{said}{failed}").trim_end_matches(';').to_owned()
}

fn value(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key)?;
    Some(match &found.value {
        Value::Bool(true) => "yes".to_owned(),
        value => value.to_string(),
    })
}
