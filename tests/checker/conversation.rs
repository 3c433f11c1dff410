//! The spans of one conversation, and how they hang together.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::ptr;

use opentelemetry::trace::{SpanId, TraceId};

use super::kind::Kind;
use super::span::Span;

/// Nothing hangs deeper than this below its turn; parents in a circle would else be followed for ever.
const DEEPEST: usize = 20;

/// The spans of one conversation.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    id: &'a str,
    spans: Vec<&'a Span>,
    by_id: HashMap<SpanId, &'a Span>,
    turns: Vec<&'a Span>,
}

impl<'a> Conversation<'a> {
    /// The spans of the conversation `id` among those that were exported.
    pub(crate) fn new(id: &'a str, exported: &'a [Span]) -> Self {
        let spans = belonging_to(id, exported);
        let by_id = spans.iter().map(|&span| (span.id(), span)).collect();
        let turns = in_order(spans.iter().copied().filter(|span| span.kind() == Some(Kind::Turn)));
        Self { id, spans, by_id, turns }
    }

    pub(crate) fn id(&self) -> &str {
        self.id
    }

    /// All of its spans, in the order in which they were exported.
    pub(crate) fn spans(&self) -> &[&'a Span] {
        &self.spans
    }

    /// Its turns, in the order in which they began.
    pub(crate) fn turns(&self) -> &[&'a Span] {
        &self.turns
    }

    /// The first turn of the number `number`.
    pub(crate) fn turn(&self, number: i64) -> Option<&'a Span> {
        let is_it = |turn: &&&Span| turn.attribute("conversation.turn_number") == Some(number.into());
        self.turns.iter().find(is_it).copied()
    }

    /// The spans under `turn`, at whatever depth, in the order in which they began.
    pub(crate) fn spans_in(&self, turn: &Span) -> Vec<&'a Span> {
        let is_in = |span: &&Span| {
            !matches!(span.kind(), Some(Kind::Turn | Kind::Conversation))
                && self.turn_of(span).is_some_and(|other| ptr::eq(other, turn))
        };
        in_order(self.spans.iter().copied().filter(is_in))
    }

    /// The turn that `span` is, or is under.
    pub(crate) fn turn_of<'s>(&'s self, span: &'s Span) -> Option<&'s Span> {
        let ancestry = iter::successors(Some(span), |&span| self.parent_of(span));
        ancestry.take(1 + DEEPEST).find(|span| span.kind() == Some(Kind::Turn))
    }

    /// The span that `span` is a child of, if that was exported.
    pub(crate) fn parent_of(&self, span: &Span) -> Option<&'a Span> {
        self.by_id.get(&span.parent_id()?).copied()
    }

    /// Whether no two spans have the same id.
    pub(crate) fn has_unique_ids(&self) -> bool {
        self.by_id.len() == self.spans.len()
    }
}

/// All of `exported`, or, where several conversations were, those that bear this one's id or are in its traces.
fn belonging_to<'a>(id: &str, exported: &'a [Span]) -> Vec<&'a Span> {
    let is_told = |span: &Span| span.attribute("session.id").is_some();
    let is_this = |span: &Span| span.attribute("session.id").is_some_and(|told| told == id);
    let of_another = exported.iter().any(|span| is_told(span) && !is_this(span));
    if !(of_another && exported.iter().any(is_this)) {
        return exported.iter().collect();
    }
    let traces: HashSet<TraceId> = exported.iter().filter(|span| is_this(span)).map(Span::trace_id).collect();
    exported.iter().filter(|span| traces.contains(&span.trace_id())).collect()
}

fn in_order<'a>(spans: impl Iterator<Item = &'a Span>) -> Vec<&'a Span> {
    let mut spans: Vec<&Span> = spans.collect();
    spans.sort_by_key(|span| (span.start(), span.end()));
    spans
}
