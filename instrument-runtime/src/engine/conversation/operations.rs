//! Traced operations: work of services that `#[traced_stt]`, `#[traced_llm]` and `#[traced_tts]` report, and its spans.
//!
//! ```text
//!                    frames have opened a record of
//!                    this kind and service
//!   starts ──────────────────────────────────────────▶ Shared: the operation has the record's span
//!     │                                                    ▲
//!     │ none is open                                       │ frames open a record of this kind and service,
//!     ├───────────▶ Own: a span of its own ────────────────┤ which continues the operation's span
//!     │                                                    │
//!     │ no turn yet, and the service only listens          │ (that record starts a span: there is none to continue)
//!     └───────────▶ Pending: no span ──────────────────────┘
//!
//!   the turn's spans are written:  Shared ──▶ completes the record     Own, Pending ──▶ become records
//! ```
//!
//! An operation may end before its frames arrive: a function returns the words, and then its caller pushes them.
//! Therefore it stays with its turn until the turn's spans are written.

use std::time::Duration;

use crate::engine::frame::Processor;
use crate::engine::operation::{
    Operation, OperationInfo, OperationKey, OperationStart, Outcome, ServiceKind, ServiceName,
    StartedOperation,
};
use crate::engine::record::{Recording, SpanKey, SpanRecord, SpanSink, TurnNumber};
use crate::engine::time::Time;

use super::processors::{Processors, is_named};
use super::span::{ClaimedSpan, SpanError, take_matching};
use super::turns::{Activity, ChildSpan, MAX_SPANS_PER_TURN, Turn};

/// Upper bound on operations that wait for a turn.
const MAX_PENDING: usize = 8;

/// Maximum time between the end of an operation and the start of the turn that its result belongs to. A function
/// returns a transcript, and then its caller pushes it.
const MAX_RESULT_AGE: Duration = Duration::from_secs(1);

/// Operations of open turns, and operations that wait for a turn.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    operations: Vec<TracedOperation>,
}

/// An operation and its span.
#[derive(Debug)]
pub(crate) struct TracedOperation {
    key: SpanKey,
    turn: Option<TurnNumber>,
    operation: Operation,
    span: OperationSpan,
    /// The span of the operation that this one is part of.
    parent: Option<SpanKey>,
    name_match: NameMatch,
}

/// The span of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OperationSpan {
    /// No span yet, because there was no turn.
    Pending,
    /// A span that was started for the operation.
    Own {
        key: SpanKey,
        /// The start of the span. An STT operation starts with its utterance, if there is one.
        start: Time,
    },
    /// The span of a record made from frames.
    Shared(SpanKey),
}

/// Whether the name of an operation must be that of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameMatch {
    /// The name is explicit, or a service has it.
    Exact,
    /// The name is only that of the function.
    Any,
}

/// The operations whose spans a record made from frames may continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claimable {
    /// Running operations: the frame that opens the record is the request.
    Running,
    /// Running and ended operations: the frame that opens the record is part of the response.
    Any,
}

impl TracedOperation {
    /// Creates an operation that starts now, without a span.
    pub(super) fn new(key: SpanKey, start: &OperationStart<'_>, now: Time, processors: &Processors) -> Self {
        let OperationStart { kind, service, parent } = *start;
        let name_match = match service {
            ServiceName::Guessed(name) if !processors.has_named(kind.role(), name) => NameMatch::Any,
            ServiceName::Explicit(_) | ServiceName::Guessed(_) => NameMatch::Exact,
        };
        Self {
            key,
            turn: None,
            operation: Operation::new(kind, service.as_str(), now),
            span: OperationSpan::Pending,
            parent,
            name_match,
        }
    }

    pub(super) fn kind(&self) -> ServiceKind {
        self.operation.kind()
    }

    /// Whether its name is the service's class, name or id.
    pub(super) fn is_exactly(&self, processor: &Processor) -> bool {
        is_named(processor, self.operation.class())
    }

    /// Whether it may be the work of a service.
    pub(super) fn may_be_of(&self, processor: &Processor) -> bool {
        self.name_match == NameMatch::Any || self.is_exactly(processor)
    }

    fn is_running(&self) -> bool {
        self.operation.ended_at().is_none()
    }

    fn is_own(&self) -> bool {
        matches!(self.span, OperationSpan::Own { .. })
    }

    /// Whether its turn must stay open for it.
    fn is_under_way(&self) -> bool {
        self.kind() != ServiceKind::Stt
            && self.is_own()
            && self.is_running()
            && !self.operation.is_interrupted()
    }

    fn is_claimable_by(&self, kind: ServiceKind, processor: &Processor, claimable: Claimable) -> bool {
        self.kind() == kind
            && self.parent.is_none()
            && !matches!(self.span, OperationSpan::Shared(_))
            && (claimable == Claimable::Any || self.is_running())
            && self.may_be_of(processor)
    }

    fn span_key(&self) -> Option<SpanKey> {
        match self.span {
            OperationSpan::Own { key, .. } | OperationSpan::Shared(key) => Some(key),
            OperationSpan::Pending => None,
        }
    }

    fn child_span(&self, at: Time) -> ChildSpan<'_> {
        let kind = self.kind().span_kind();
        ChildSpan { key: self.key, kind, parent: self.parent, at, name: self.operation.class() }
    }
}

impl Operations {
    /// Handles the start of an operation between turns. It belongs to the next turn.
    pub(super) fn on_early_start(&mut self, operation: TracedOperation) -> StartedOperation {
        let pending = self.operations.iter().filter(|pending| pending.turn.is_none());
        if pending.count() == MAX_PENDING
            && let Some(oldest) = self.operations.iter().position(|pending| pending.turn.is_none())
        {
            self.operations.remove(oldest);
        }
        let key = OperationKey(operation.key);
        self.operations.push(operation);
        StartedOperation { key, span: None, recording: Recording::Yes }
    }

    /// Handles the start of an operation in a turn, and starts its own span at `start`.
    pub(super) fn on_start(
        &mut self,
        mut operation: TracedOperation,
        start: Time,
        turn: &mut Turn,
        sink: &mut dyn SpanSink,
    ) -> StartedOperation {
        turn.begin_child(&operation.child_span(start), sink);
        operation.span = OperationSpan::Own { key: operation.key, start: start.max(turn.start()) };
        self.push(operation, turn)
    }

    /// Handles the start of an operation for which frames have already opened a record.
    pub(super) fn on_shared_start(
        &mut self,
        mut operation: TracedOperation,
        record: SpanKey,
        turn: &Turn,
    ) -> StartedOperation {
        operation.span = OperationSpan::Shared(record);
        self.push(operation, turn)
    }

    fn push(&mut self, mut operation: TracedOperation, turn: &Turn) -> StartedOperation {
        operation.turn = Some(turn.number());
        let (key, span) = (OperationKey(operation.key), operation.span_key());
        self.operations.push(operation);
        StartedOperation { key, span, recording: turn.recording() }
    }

    /// Handles a description of an operation.
    pub(super) fn on_info(&mut self, key: SpanKey, info: OperationInfo) {
        if let Some(operation) = self.get_mut(key) {
            operation.operation.describe(info);
        }
    }

    /// Handles the end of an operation. Returns the shared record and the error if the operation failed and shares the
    /// span of a record made from frames.
    pub(super) fn on_end(
        &mut self,
        key: SpanKey,
        now: Time,
        outcome: Outcome,
    ) -> Option<(SpanKey, SpanError)> {
        let operation = self.get_mut(key)?;
        let failure = outcome.failure.clone();
        operation.operation.end(now, outcome);
        match operation.span {
            OperationSpan::Shared(record) => Some((record, SpanError::from_failure(now, failure?))),
            OperationSpan::Pending | OperationSpan::Own { .. } => None,
        }
    }

    /// Assigns pending operations to the turn that starts: those that are running, or have just ended with a result.
    pub(super) fn on_turn_start(&mut self, turn: TurnNumber, now: Time) {
        self.operations.retain_mut(|pending| {
            let is_just_done = |ended| pending.operation.has_result() && now.since(ended) <= MAX_RESULT_AGE;
            let belongs = pending.turn.is_some() || pending.operation.ended_at().is_none_or(is_just_done);
            pending.turn.get_or_insert(turn);
            belongs
        });
    }

    /// Handles the interruption of the current turn by the user or a Cancel.
    pub(super) fn on_interrupt(&mut self, turn: TurnNumber, now: Time) {
        for operation in self.of_turn_mut(turn).filter(|operation| operation.is_under_way()) {
            operation.operation.interrupt(now);
        }
    }

    /// Handles the record `key` that frames open in a turn. The record and the first matching operation without a
    /// record share a span. Returns that span if the operation has already started it.
    pub(super) fn on_record_opened(
        &mut self,
        turn: TurnNumber,
        kind: ServiceKind,
        processor: &Processor,
        key: SpanKey,
        claimable: Claimable,
    ) -> Option<ClaimedSpan> {
        let candidates = || {
            self.operations.iter().enumerate().filter(|(_, operation)| {
                operation.turn == Some(turn) && operation.is_claimable_by(kind, processor, claimable)
            })
        };
        let exact = candidates().find(|(_, operation)| operation.is_exactly(processor));
        let (index, _) = exact.or_else(|| candidates().next())?;
        let operation = &mut self.operations[index];
        match operation.span {
            OperationSpan::Own { key, start } => {
                operation.span = OperationSpan::Shared(key);
                Some(ClaimedSpan { key, start })
            }
            OperationSpan::Shared(_) | OperationSpan::Pending => {
                operation.span = OperationSpan::Shared(key);
                None
            }
        }
    }

    /// Whether a new operation may share the record `key`: none shares it, or all that do have failed.
    pub(super) fn is_free(&self, key: SpanKey) -> bool {
        self.sharing(key).all(|operation| operation.operation.failure().is_some())
    }

    /// Returns the latest turn in which an operation has the span `key`.
    pub(super) fn turn_of(&self, key: SpanKey) -> Option<TurnNumber> {
        let matching = self.operations.iter().filter(|operation| operation.span_key() == Some(key));
        matching.filter_map(|operation| operation.turn).max()
    }

    /// Returns the latest LLM operation under way in a turn that no frame reports.
    pub(super) fn current_llm_call(&self, turn: TurnNumber) -> Option<SpanKey> {
        let is_call =
            |operation: &&TracedOperation| operation.is_under_way() && operation.kind() == ServiceKind::Llm;
        self.of_turn(turn).rfind(is_call).map(|operation| operation.key)
    }

    /// Adds the operations of a turn that no frame reports.
    pub(super) fn add_activity(&self, turn: TurnNumber, activity: &mut Activity) {
        for operation in self.of_turn(turn).filter(|operation| operation.is_own()) {
            if operation.kind() != ServiceKind::Stt {
                activity.add(operation.is_under_way(), operation.operation.ended_at());
            }
        }
    }

    /// Whether a turn has reached the limit of spans of this kind.
    pub(super) fn is_full(&self, turn: TurnNumber) -> bool {
        self.operations.len() >= MAX_SPANS_PER_TURN && self.of_turn(turn).count() >= MAX_SPANS_PER_TURN
    }

    /// Returns the operations of a kind that no frame reports, except for nested ones.
    pub(super) fn own(&self, turn: TurnNumber, kind: ServiceKind) -> impl Iterator<Item = &Operation> {
        self.of_turn(turn)
            .filter(move |operation| {
                operation.is_own() && operation.parent.is_none() && operation.kind() == kind
            })
            .map(|operation| &operation.operation)
    }

    /// Returns the operations that share the span of a record.
    pub(super) fn of_record(&self, key: SpanKey) -> impl DoubleEndedIterator<Item = &Operation> {
        self.sharing(key).map(|operation| &operation.operation)
    }

    /// Adds the data of the operations that share a record's span to the record.
    pub(super) fn complete(&self, record: &mut SpanRecord) {
        let mut sharing = self.of_record(record.key);
        if let Some(first) = sharing.next() {
            let mut operation = first.clone();
            sharing.for_each(|more| operation.merge(more));
            operation.merge_into(record);
        }
    }

    /// Removes the operations of a turn that no frame reports, and returns their records, nested ones first.
    pub(super) fn take_own_records(
        &mut self,
        turn: &mut Turn,
        end: Time,
        sink: &mut dyn SpanSink,
    ) -> Vec<SpanRecord> {
        let number = Some(turn.number());
        let is_own = |operation: &mut TracedOperation| {
            operation.turn == number && !matches!(operation.span, OperationSpan::Shared(_))
        };
        let mut own: Vec<TracedOperation> = self.operations.extract_if(.., is_own).collect();
        own.reverse();
        own.into_iter()
            .map(|operation| {
                if operation.span == OperationSpan::Pending {
                    let start = operation.operation.started_at().max(turn.start());
                    turn.begin_child(&operation.child_span(start), sink);
                }
                operation.operation.into_record(operation.key, end)
            })
            .collect()
    }

    /// Removes the oldest operation of a turn; returns its record, if no frame reports it.
    pub(super) fn take_oldest(&mut self, turn: TurnNumber, now: Time) -> Option<SpanRecord> {
        let oldest = self.operations.iter().position(|operation| operation.turn == Some(turn))?;
        let operation = self.operations.remove(oldest);
        operation.is_own().then(|| operation.operation.into_record(operation.key, now))
    }

    /// Removes all operations of a turn.
    pub(super) fn forget(&mut self, turn: TurnNumber) {
        take_matching(&mut self.operations, |operation| operation.turn == Some(turn));
    }

    fn get_mut(&mut self, key: SpanKey) -> Option<&mut TracedOperation> {
        self.operations.iter_mut().find(|operation| operation.key == key)
    }

    fn of_turn(&self, turn: TurnNumber) -> impl DoubleEndedIterator<Item = &TracedOperation> {
        self.operations.iter().filter(move |operation| operation.turn == Some(turn))
    }

    fn of_turn_mut(&mut self, turn: TurnNumber) -> impl Iterator<Item = &mut TracedOperation> {
        self.operations.iter_mut().filter(move |operation| operation.turn == Some(turn))
    }

    fn sharing(&self, key: SpanKey) -> impl DoubleEndedIterator<Item = &TracedOperation> {
        self.operations.iter().filter(move |operation| operation.span == OperationSpan::Shared(key))
    }
}
