//! Where a span stands.

use std::borrow::Cow;

use super::{EmitSettings, Session, TraceLayout};
use crate::engine::record::TurnNumber;

/// Where a span stands: in whose conversation, in which of its turns, and how it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpanScope<'a> {
    pub(super) session: &'a Session,
    pub(super) settings: &'a EmitSettings,
    /// `None` for the span of the conversation itself.
    pub(super) turn: Option<TurnNumber>,
}

impl SpanScope<'_> {
    /// The name of the root of its trace.
    pub(super) fn root_name(&self) -> Cow<'static, str> {
        let names = self.settings.span_names;
        match (self.settings.layout, self.turn) {
            (TraceLayout::PerTurn, Some(turn)) => names.turn(turn),
            (TraceLayout::PerTurn, None) | (TraceLayout::PerConversation, _) => {
                names.conversation(&self.session.id)
            }
        }
    }
}
