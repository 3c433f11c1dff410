//! Rules that hold for every conversation.

use std::collections::HashSet;

use opentelemetry::trace::TraceId;
use serde_json::Value;

use super::conversation::Conversation;
use super::span::{Property, Span};

/// A function that finds the breaches of a rule in a conversation.
type Breaches = fn(&Conversation<'_>) -> Vec<String>;

/// The rules, each with the function that finds its breaches.
pub(crate) const INVARIANTS: [(&str, Breaches); 11] = [
    ("every span is ended", |conversation| in_spans(conversation, never_ended)),
    ("no span ends before its start", |conversation| in_spans(conversation, ends_before_start)),
    ("children lie inside their turn", |conversation| in_spans(conversation, outside_its_turn)),
    ("no duplicate keys", |conversation| in_spans(conversation, duplicate_key)),
    ("no key is a prefix of another", |conversation| in_spans(conversation, key_with_prefix)),
    ("session.id on every span", |conversation| in_spans(conversation, another_session)),
    ("turns are roots of their own trace", turns_that_are_not_roots),
    ("children share the trace", |conversation| in_spans(conversation, apart_from_its_parent)),
    ("status is never unset", |conversation| in_spans(conversation, unset_status)),
    ("unique span ids", repeated_ids),
    ("openinference.span.kind on every span", |conversation| in_spans(conversation, wrong_kind)),
];

fn in_spans(
    conversation: &Conversation<'_>,
    breach: fn(&Conversation<'_>, &Span) -> Option<String>,
) -> Vec<String> {
    conversation.spans().iter().filter_map(|span| breach(conversation, span)).collect()
}

fn repeated_ids(conversation: &Conversation<'_>) -> Vec<String> {
    if conversation.has_unique_ids() { Vec::new() } else { vec!["an id is used twice".to_owned()] }
}

fn never_ended(_: &Conversation<'_>, span: &Span) -> Option<String> {
    (!span.is_ended()).then(|| span.name().to_owned())
}

fn ends_before_start(_: &Conversation<'_>, span: &Span) -> Option<String> {
    (span.end() < span.start()).then(|| span.name().to_owned())
}

fn outside_its_turn(conversation: &Conversation<'_>, span: &Span) -> Option<String> {
    if !span.kind()?.is_in_a_turn() {
        return None;
    }
    let Some(turn) = conversation.turn_of(span) else {
        return Some(format!("{} has no turn", span.name()));
    };
    let number = attribute(turn, "conversation.turn_number");
    let is_outside = span.start() < turn.start() || span.end() > turn.end();
    is_outside.then(|| format!("{} outside turn {number}", span.name()))
}

/// Backends keep one of two equal keys, so only this check sees both.
fn duplicate_key(_: &Conversation<'_>, span: &Span) -> Option<String> {
    let mut seen = HashSet::new();
    let duplicate = span.keys().find(|key| !seen.insert(*key))?;
    Some(format!("{}: {duplicate}", span.name()))
}

/// Phoenix shows neither `input` nor `input.value` if a span has both.
fn key_with_prefix(_: &Conversation<'_>, span: &Span) -> Option<String> {
    let keys: HashSet<&str> = span.keys().collect();
    let has_prefix = |key: &&str| key.match_indices('.').any(|(dot, _)| keys.contains(&key[..dot]));
    let key = span.keys().find(has_prefix)?;
    Some(format!("{}: {key}", span.name()))
}

fn another_session(conversation: &Conversation<'_>, span: &Span) -> Option<String> {
    let session = attribute(span, "session.id");
    (session != conversation.id()).then(|| format!("{}: {session}", span.name()))
}

fn turns_that_are_not_roots(conversation: &Conversation<'_>) -> Vec<String> {
    let turns = conversation.turns();
    let children = turns.iter().filter(|turn| turn.parent_id().is_some());
    let mut breaches: Vec<String> = children.map(|turn| turn.name().to_owned()).collect();
    let traces: HashSet<TraceId> = turns.iter().map(|turn| turn.trace_id()).collect();
    if traces.len() != turns.len() {
        breaches.push("turns share a trace".to_owned());
    }
    breaches
}

fn apart_from_its_parent(conversation: &Conversation<'_>, span: &Span) -> Option<String> {
    span.parent_id()?;
    let is_in_its_trace = |parent: &Span| parent.trace_id() == span.trace_id();
    let is_apart = !conversation.parent_of(span).is_some_and(is_in_its_trace);
    is_apart.then(|| span.name().to_owned())
}

fn unset_status(_: &Conversation<'_>, span: &Span) -> Option<String> {
    (span.property(&Property::Status)? == "unset").then(|| span.name().to_owned())
}

fn wrong_kind(_: &Conversation<'_>, span: &Span) -> Option<String> {
    let kind = attribute(span, "openinference.span.kind");
    let is_right = span.kind().is_some_and(|expected| kind == expected.openinference());
    (!is_right).then(|| format!("{}: {kind}", span.name()))
}

/// Returns the attribute `key`, or null.
fn attribute(span: &Span, key: &str) -> Value {
    span.attribute(key).unwrap_or_default()
}
