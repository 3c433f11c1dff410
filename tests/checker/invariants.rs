//! What holds in every file, whatever was said.

use std::collections::HashSet;
use std::fmt;

use opentelemetry::trace::TraceId;
use serde_json::Value;

use super::conversation::Conversation;
use super::span::{Property, Span};

/// Something that holds in every file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invariant {
    Readable,
    Ended,
    EndsAfterStart,
    ChildrenInsideTheirTurn,
    NoDuplicateKeys,
    NoKeyPrefixOfAnother,
    SessionIdOnEverySpan,
    TurnsAreRootsOfTheirOwnTrace,
    ChildrenShareTheTrace,
    StatusNeverUnset,
    UniqueSpanIds,
    KindOnEverySpan,
}

impl Invariant {
    pub(crate) const ALL: [Self; 12] = [
        Self::Readable,
        Self::Ended,
        Self::EndsAfterStart,
        Self::ChildrenInsideTheirTurn,
        Self::NoDuplicateKeys,
        Self::NoKeyPrefixOfAnother,
        Self::SessionIdOnEverySpan,
        Self::TurnsAreRootsOfTheirOwnTrace,
        Self::ChildrenShareTheTrace,
        Self::StatusNeverUnset,
        Self::UniqueSpanIds,
        Self::KindOnEverySpan,
    ];

    /// Where it does not hold in `conversation`; `problem` is what could not be read of it.
    pub(crate) fn breaches(self, conversation: &Conversation<'_>, problem: Option<&str>) -> Vec<String> {
        let every = |breach: fn(&Conversation<'_>, &Span) -> Option<String>| {
            conversation.spans().iter().filter_map(|span| breach(conversation, span)).collect()
        };
        match self {
            Self::Readable => problem.map(str::to_owned).into_iter().collect(),
            Self::Ended => every(never_ended),
            Self::EndsAfterStart => every(ends_before_start),
            Self::ChildrenInsideTheirTurn => every(outside_its_turn),
            Self::NoDuplicateKeys => every(duplicate_key),
            Self::NoKeyPrefixOfAnother => every(key_with_prefix),
            Self::SessionIdOnEverySpan => every(another_session),
            Self::TurnsAreRootsOfTheirOwnTrace => turns_that_are_no_roots(conversation),
            Self::ChildrenShareTheTrace => every(apart_from_its_parent),
            Self::StatusNeverUnset => every(unset_status),
            Self::UniqueSpanIds if conversation.has_unique_ids() => Vec::new(),
            Self::UniqueSpanIds => vec!["an id is used twice".to_owned()],
            Self::KindOnEverySpan => every(wrong_kind),
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Readable => "is readable",
            Self::Ended => "every span is ended",
            Self::EndsAfterStart => "no span ends before its start",
            Self::ChildrenInsideTheirTurn => "children lie inside their turn",
            Self::NoDuplicateKeys => "no duplicate keys",
            Self::NoKeyPrefixOfAnother => "no key is a prefix of another",
            Self::SessionIdOnEverySpan => "session.id on every span",
            Self::TurnsAreRootsOfTheirOwnTrace => "turns are roots of their own trace",
            Self::ChildrenShareTheTrace => "children share the trace",
            Self::StatusNeverUnset => "status is never unset",
            Self::UniqueSpanIds => "unique span ids",
            Self::KindOnEverySpan => "openinference.span.kind on every span",
        })
    }
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
    let number = told(turn, "conversation.turn_number");
    let is_outside = span.start() < turn.start() || span.end() > turn.end();
    is_outside.then(|| format!("{} outside turn {number}", span.name()))
}

/// What was written twice is seen here, and in no backend: each keeps one of the two.
fn duplicate_key(_: &Conversation<'_>, span: &Span) -> Option<String> {
    let mut seen = HashSet::new();
    let duplicate = span.keys().find(|key| !seen.insert(*key))?;
    Some(format!("{}: {duplicate}", span.name()))
}

/// Phoenix shows neither `input` nor `input.value` where a span has both.
fn key_with_prefix(_: &Conversation<'_>, span: &Span) -> Option<String> {
    let keys: HashSet<&str> = span.keys().collect();
    let has_prefix = |key: &&str| key.match_indices('.').any(|(dot, _)| keys.contains(&key[..dot]));
    let key = span.keys().find(has_prefix)?;
    Some(format!("{}: {key}", span.name()))
}

fn another_session(conversation: &Conversation<'_>, span: &Span) -> Option<String> {
    let session = told(span, "session.id");
    (session != conversation.id()).then(|| format!("{}: {session}", span.name()))
}

fn turns_that_are_no_roots(conversation: &Conversation<'_>) -> Vec<String> {
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
    (span.tell(&Property::Status)? == "unset").then(|| span.name().to_owned())
}

fn wrong_kind(_: &Conversation<'_>, span: &Span) -> Option<String> {
    let kind = told(span, "openinference.span.kind");
    let is_right = span.kind().is_some_and(|expected| kind == expected.openinference());
    (!is_right).then(|| format!("{}: {kind}", span.name()))
}

/// The attribute `key`, for comparison and for reports.
fn told(span: &Span, key: &str) -> Value {
    span.attribute(key).unwrap_or_default()
}
