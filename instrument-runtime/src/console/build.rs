//! Builds trees from finished spans, which come in any order.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;

use super::span_attributes::{self as attributes, RowKind};
use crate::emit::keys;

/// A span with its children, in order of start.
#[derive(Debug)]
pub(super) struct SpanNode {
    pub(super) span: SpanData,
    pub(super) children: Vec<Self>,
}

/// The turns of one conversation by number, followed by its other root spans by start.
#[derive(Debug)]
pub(super) struct ConversationTree {
    /// `None` for spans without a conversation.
    pub(super) id: Option<String>,
    pub(super) roots: Vec<SpanNode>,
}

impl ConversationTree {
    /// Returns the start of the first root.
    pub(super) fn start(&self) -> Option<SystemTime> {
        self.roots.iter().map(|root| root.span.start_time).min()
    }

    /// Returns the end of the last root.
    pub(super) fn end(&self) -> Option<SystemTime> {
        self.roots.iter().map(|root| root.span.end_time).max()
    }

    pub(super) fn turn_count(&self) -> usize {
        self.roots.iter().filter(|root| root.turn_number().is_some()).count()
    }
}

impl SpanNode {
    /// Returns the number of the turn that the span is, if it is one.
    fn turn_number(&self) -> Option<i64> {
        match attributes::kind(&self.span) {
            RowKind::Turn(number) => Some(number),
            RowKind::Service(_) | RowKind::Tool | RowKind::Other => None,
        }
    }
}

/// Builds the tree of each conversation, in order of start.
pub(super) fn build_trees(spans: &[SpanData]) -> Vec<ConversationTree> {
    let mut conversations: Vec<ConversationTree> = Vec::new();
    for root in root_nodes(spans) {
        let id = attributes::text(&root.span, keys::SESSION_ID).map(str::to_owned);
        match conversations.iter_mut().find(|conversation| conversation.id == id) {
            Some(conversation) => conversation.roots.push(root),
            None => conversations.push(ConversationTree { id, roots: vec![root] }),
        }
    }
    for conversation in &mut conversations {
        let key = |root: &SpanNode| (root.turn_number().unwrap_or(i64::MAX), root.span.start_time);
        conversation.roots.sort_by_key(key);
    }
    conversations.sort_by_key(ConversationTree::start);
    conversations
}

/// Returns every span without a parent among `spans`. A root that contains turns, such as that of a conversation, is replaced
/// by its children.
fn root_nodes(spans: &[SpanData]) -> Vec<SpanNode> {
    let ids: HashSet<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
    let mut children: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    let mut roots = Vec::new();
    for span in spans {
        if ids.contains(&span.parent_span_id) {
            children.entry(span.parent_span_id).or_default().push(span);
        } else {
            roots.push(span);
        }
    }
    let roots = roots.into_iter().map(|root| build_node(root, &mut children));
    let has_turns = |root: &SpanNode| root.children.iter().any(|child| child.turn_number().is_some());
    roots.flat_map(|root| if has_turns(&root) { root.children } else { vec![root] }).collect()
}

/// Moves the children of `span` out of the map, so that no span is printed twice, even if ids repeat.
fn build_node(span: &SpanData, children: &mut HashMap<SpanId, Vec<&SpanData>>) -> SpanNode {
    let mut own = children.remove(&span.span_context.span_id()).unwrap_or_default();
    own.sort_by_key(|child| child.start_time);
    SpanNode {
        span: span.clone(),
        children: own.into_iter().map(|child| build_node(child, children)).collect(),
    }
}
