//! What always holds of the spans that an exporter gets of one conversation, whatever was said.

use std::collections::{HashMap, HashSet};

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::SpanData;

use crate::emit::keys;

/// Where it does not hold: each span comes once, with the session, its kind, a status and no key twice or beneath another,
/// ends after it begins, and its events lie within it; a child begins within its parent, of the same trace, and ends
/// there, but for tools, which may outlive theirs.
pub(super) fn violations(spans: &[SpanData], session: &str) -> Vec<String> {
    let by_id: HashMap<SpanId, &SpanData> =
        spans.iter().map(|span| (span.span_context.span_id(), span)).collect();
    let mut violations = Vec::new();
    if by_id.len() != spans.len() {
        violations.push("a span was exported twice".to_owned());
    }
    for span in spans {
        violations
            .extend(alone(span, session).into_iter().map(|violation| format!("{} {violation}", span.name)));
        if span.parent_span_id != SpanId::INVALID {
            let within = within(span, by_id.get(&span.parent_span_id).copied());
            violations.extend(within.map(|violation| format!("{} {violation}", span.name)));
        }
    }
    violations
}

fn alone(span: &SpanData, session: &str) -> Vec<&'static str> {
    let within = span.start_time..=span.end_time;
    let keys: HashSet<&str> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    let beneath = |key: &&str| key.match_indices('.').any(|(dot, _)| keys.contains(&key[..dot]));
    [
        (span.end_time < span.start_time, "ends before it begins"),
        (span.status == Status::Unset, "says nothing of how it went"),
        (!span.events.iter().all(|event| within.contains(&event.timestamp)), "has an event outside itself"),
        (keys.len() != span.attributes.len(), "has a key twice"),
        (keys.iter().any(beneath), "has a key beneath another"),
        (attribute(span, keys::SESSION_ID).as_deref() != Some(session), "is of another session"),
        (attribute(span, keys::SPAN_KIND).is_none(), "has no kind"),
    ]
    .into_iter()
    .filter_map(|(broken, violation)| broken.then_some(violation))
    .collect()
}

fn within(span: &SpanData, parent: Option<&SpanData>) -> Option<&'static str> {
    let Some(parent) = parent else { return Some("has a parent that was not exported") };
    let is_tool = attribute(span, keys::TOOL_NAME).is_some();
    if span.span_context.trace_id() != parent.span_context.trace_id() {
        Some("is in another trace than its parent")
    } else if span.start_time < parent.start_time {
        Some("begins before its parent")
    } else if span.end_time > parent.end_time && !is_tool {
        Some("ends after its parent")
    } else {
        None
    }
}

/// The attribute `key`, as text.
pub(super) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key.as_str() == key)?;
    Some(match &attribute.value {
        Value::String(text) => text.as_str().to_owned(),
        other => other.to_string(),
    })
}
