//! Which span stands under which, and in what order.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;

use super::span_attributes::{self, Kind};
use crate::emit::keys;

/// A span and what is under it, in order of start.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: SpanData,
    pub(super) children: Vec<Self>,
}

/// The turns of one conversation, by number, and behind them what else it has.
#[derive(Debug)]
pub(super) struct Conversation {
    /// `None` for spans of no conversation.
    pub(super) id: Option<String>,
    pub(super) roots: Vec<Node>,
}

impl Conversation {
    /// When it began.
    pub(super) fn start(&self) -> Option<SystemTime> {
        self.roots.iter().map(|root| root.span.start_time).min()
    }

    /// When it ended.
    pub(super) fn end(&self) -> Option<SystemTime> {
        self.roots.iter().map(|root| root.span.end_time).max()
    }

    /// How many turns it has.
    pub(super) fn turn_count(&self) -> usize {
        self.roots.iter().filter(|root| root.is_turn()).count()
    }
}

impl Node {
    fn is_turn(&self) -> bool {
        matches!(span_attributes::kind(&self.span), Kind::Turn(_))
    }

    /// Turns by their number, anything else behind them.
    fn place(&self) -> i64 {
        match span_attributes::kind(&self.span) {
            Kind::Turn(number) => number,
            Kind::Service(_) | Kind::Tool | Kind::Other => i64::MAX,
        }
    }
}

/// Puts spans in order: conversations by their start, turns by their number, everything else by its start.
pub(super) fn arrange(spans: &[SpanData]) -> Vec<Conversation> {
    let mut conversations: Vec<Conversation> = Vec::new();
    for root in trees(spans) {
        let id = span_attributes::text(&root.span, keys::SESSION_ID).map(str::to_owned);
        match conversations.iter_mut().find(|conversation| conversation.id == id) {
            Some(conversation) => conversation.roots.push(root),
            None => conversations.push(Conversation { id, roots: vec![root] }),
        }
    }
    for conversation in &mut conversations {
        conversation.roots.sort_by_key(|root| (root.place(), root.span.start_time));
    }
    conversations.sort_by_key(Conversation::start);
    conversations
}

/// Each span that stands under no other, with what is under it. A span that only holds turns, as the one of a whole
/// conversation, gives way to them.
fn trees(spans: &[SpanData]) -> Vec<Node> {
    let ids: HashSet<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
    let mut under: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    let mut roots = Vec::new();
    for span in spans {
        if ids.contains(&span.parent_span_id) {
            under.entry(span.parent_span_id).or_default().push(span);
        } else {
            roots.push(span);
        }
    }
    let roots = roots.into_iter().map(|root| grow(root, &mut under));
    roots
        .flat_map(|root| if root.children.iter().any(Node::is_turn) { root.children } else { vec![root] })
        .collect()
}

/// Takes what is under `span` out of `under`, so that no span has two places, whatever the ids say.
fn grow(span: &SpanData, under: &mut HashMap<SpanId, Vec<&SpanData>>) -> Node {
    let mut children = under.remove(&span.span_context.span_id()).unwrap_or_default();
    children.sort_by_key(|child| child.start_time);
    Node { span: span.clone(), children: children.into_iter().map(|child| grow(child, under)).collect() }
}
