//! The turn that a tracker starts its spans in.

use crate::engine::frame::Processor;
use crate::engine::operation::ServiceKind;
use crate::engine::record::{SpanKey, SpanSink, TurnNumber};

use super::operations::{Claimable, Operations};
use super::span::ClaimedSpan;
use super::turns::{ChildSpan, Turn};

/// The turn in which a tracker starts spans, and the traced operations whose spans it may continue instead.
pub(crate) struct TurnScope<'a> {
    turn: &'a mut Turn,
    operations: &'a mut Operations,
    sink: &'a mut dyn SpanSink,
}

impl<'a> TurnScope<'a> {
    pub(super) fn new(
        turn: &'a mut Turn,
        operations: &'a mut Operations,
        sink: &'a mut dyn SpanSink,
    ) -> Self {
        Self { turn, operations, sink }
    }

    pub(super) fn turn(&mut self) -> &mut Turn {
        self.turn
    }

    pub(super) fn number(&self) -> TurnNumber {
        self.turn.number()
    }

    /// Returns the span that the new record `key` continues; `None` if the record needs a new span.
    pub(super) fn claim(
        &mut self,
        kind: ServiceKind,
        processor: &Processor,
        key: SpanKey,
        claimable: Claimable,
    ) -> Option<ClaimedSpan> {
        self.operations.on_record_opened(self.turn.number(), kind, processor, key, claimable)
    }

    /// Starts a span in the turn.
    pub(super) fn start(&mut self, child: &ChildSpan<'_>) {
        self.turn.begin_child(child, self.sink);
    }
}
