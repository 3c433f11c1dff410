//! Operations of services, as the code around them announces them, and the spans that they have.
//!
//! ```text
//!                    frames have opened a record of
//!                    this kind and service
//!   begins ──────────────────────────────────────────▶ OfFrames: the record's span is the operation's
//!     │                                                    ▲
//!     │ none is open                                       │ frames open a record of this kind and service:
//!     └───────────▶ Own: a span that has begun ────────────┤ it goes on with the span
//!     │                                                    │
//!     │ no turn yet, and the service only listens          │ (it is told by its own span, with nothing to go on with)
//!     └───────────▶ Early: no span ────────────────────────┘
//!
//!   the turn is let go:  OfFrames ──▶ completes the record     Own, Early ──▶ become a record of their own
//! ```
//!
//! An operation may be over when its frames come: a function returns the words, and then they are pushed. So it stays
//! with its turn until that is let go.

mod told;

use crate::engine::frame::Processor;
use crate::engine::operation::{Operation, ServiceKind};
use crate::engine::record::{SpanKey, SpanSink, SpanStart};
use crate::engine::time::Time;

use super::fault::Fault;
use super::turn::{Child, Turn};

/// An operation, as its turn knows it.
#[derive(Debug)]
pub(crate) struct Work {
    /// What its end is told with.
    pub(crate) key: SpanKey,
    pub(crate) operation: Operation,
    pub(crate) span: Span,
    /// The operation that it is part of.
    pub(crate) inside: Option<SpanKey>,
    pub(crate) exactness: Exactness,
}

/// Whose span an operation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// One that was begun for it.
    Own {
        key: SpanKey,
        /// When it begins: with the utterance, where there is one.
        at: Time,
    },
    /// That of a record of frames.
    OfFrames(SpanKey),
    /// None so far: there was no turn.
    Early,
}

/// Whether an operation's name must be the service's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exactness {
    /// It was told, or there is such a service.
    Exact,
    /// It is only what the code is called.
    Any,
}

/// Which operations a record of frames may go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that are under way: the request comes only now.
    UnderWay,
    /// Those that are over, too: what came of them comes only now.
    Any,
}

/// The span, begun already, that a record of frames goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) key: SpanKey,
    pub(crate) at: Time,
}

/// Whether a service is the one that a name means.
pub(crate) fn is_named(processor: &Processor, name: &str) -> bool {
    processor.class == name || processor.name == name || processor.id == name
}

impl Work {
    pub(crate) fn is_under_way(&self) -> bool {
        self.operation.ended_at().is_none()
    }

    /// Something that a turn waits for.
    fn is_waited_for(&self) -> bool {
        let speaks_or_thinks = self.operation.kind() != ServiceKind::Stt;
        speaks_or_thinks && self.is_own() && self.is_under_way() && !self.operation.is_interrupted()
    }

    pub(crate) fn is_own(&self) -> bool {
        matches!(self.span, Span::Own { .. })
    }

    fn is_of(&self, record: SpanKey) -> bool {
        self.span == Span::OfFrames(record)
    }

    fn may_become(&self, kind: ServiceKind, processor: &Processor, which: Which) -> bool {
        self.operation.kind() == kind
            && self.inside.is_none()
            && !matches!(self.span, Span::OfFrames(_))
            && (which == Which::Any || self.is_under_way())
            && (self.exactness == Exactness::Any || is_named(processor, self.operation.class()))
    }

    /// Begins its span, which it has not.
    fn begin_late(&mut self, turn: &Turn, spans: &mut dyn SpanSink) {
        let at = self.operation.started_at().max(turn.start);
        self.span = Span::Own { key: self.key, at };
        if turn.is_recorded() {
            spans.start(SpanStart {
                key: self.key,
                kind: self.operation.kind().span_kind(),
                parent: Some(turn.key),
                at,
                name: self.operation.class().to_owned(),
                turn: turn.number,
            });
        }
    }
}

impl Turn {
    /// An operation begins with a span of its own.
    pub(crate) fn begin_operation(&mut self, mut work: Work, at: Time, spans: &mut dyn SpanSink) {
        let key = work.key;
        let child = Child {
            key,
            kind: work.operation.kind().span_kind(),
            parent: work.inside,
            at,
            name: work.operation.class(),
        };
        self.begin_child(&child, spans);
        work.span = Span::Own { key, at: at.max(self.start) };
        self.operations.push(work);
    }

    /// The span, if it has begun, of the operation that a record of frames, which opens now, is about: the first one that
    /// no other record is about.
    pub(crate) fn take_operation(
        &mut self,
        kind: ServiceKind,
        processor: &Processor,
        record: SpanKey,
        which: Which,
    ) -> Option<Taken> {
        let is_it = |work: &&mut Work| work.may_become(kind, processor, which);
        let exact = self.operations.iter().any(|work| {
            work.may_become(kind, processor, which) && is_named(processor, work.operation.class())
        });
        let work = self
            .operations
            .iter_mut()
            .filter(is_it)
            .find(|work| !exact || is_named(processor, work.operation.class()))?;
        match work.span {
            Span::Own { key, at } => {
                work.span = Span::OfFrames(key);
                Some(Taken { key, at })
            }
            Span::OfFrames(_) | Span::Early => {
                work.span = Span::OfFrames(record);
                None
            }
        }
    }

    /// Whether a record of frames is free for a new operation: it has none, or the one that it had failed.
    pub(crate) fn is_free(&self, record: SpanKey) -> bool {
        self.operations
            .iter()
            .filter(|work| work.is_of(record))
            .all(|work| work.operation.failure().is_some())
    }

    /// The operation of a key.
    pub(crate) fn operation(&mut self, key: SpanKey) -> Option<&mut Work> {
        self.operations.iter_mut().find(|work| work.key == key)
    }

    /// Whether a record of frames is this turn's.
    pub(crate) fn has_record(&self, key: SpanKey) -> bool {
        self.calls.iter().any(|call| call.key == key) || self.syntheses.iter().any(|of| of.key == key)
    }

    /// Puts the error of an operation on what frames tell of it.
    pub(crate) fn operation_fails(&mut self, record: SpanKey, fault: Fault) {
        let calls = self.calls.iter_mut().map(|call| (call.key, &mut call.faults));
        let syntheses = self.syntheses.iter_mut().map(|of| (of.key, &mut of.faults));
        if let Some((_, faults)) = calls.chain(syntheses).find(|(key, _)| *key == record) {
            faults.push(fault);
        }
    }

    /// The newest invocation of a model that is under way, of those that no frame tells of.
    pub(crate) fn own_call(&self) -> Option<SpanKey> {
        let is_call = |work: &&Work| work.is_waited_for() && work.operation.kind() == ServiceKind::Llm;
        self.operations.iter().rev().find(is_call).map(|work| work.key)
    }

    /// Whether an operation is under way that no frame tells of.
    pub(crate) fn has_own_operation(&self) -> bool {
        self.operations.iter().any(Work::is_waited_for)
    }

    /// When the last of the operations that no frame tells of was over.
    pub(crate) fn own_operations_end(&self) -> Option<Time> {
        let own = self.operations.iter().filter(|work| work.is_own());
        let waited_for = own.filter(|work| work.operation.kind() != ServiceKind::Stt);
        waited_for.filter_map(|work| work.operation.ended_at()).max()
    }

    /// When the answers came of which only operations tell.
    pub(crate) fn own_answers(&self) -> impl Iterator<Item = Time> {
        self.own(ServiceKind::Llm).filter_map(Operation::first_output_at)
    }

    /// The replies of which only operations tell: their start, and when their audio came.
    pub(crate) fn own_replies(&self) -> impl Iterator<Item = (Time, Option<Time>)> {
        self.own(ServiceKind::Tts).map(|operation| (operation.started_at(), operation.first_output_at()))
    }

    /// The operations of which no frame tells, but for those that are parts of others.
    fn own(&self, kind: ServiceKind) -> impl Iterator<Item = &Operation> {
        let own = self.operations.iter().filter(|work| work.is_own() && work.inside.is_none());
        own.map(|work| &work.operation).filter(move |operation| operation.kind() == kind)
    }

    /// The user spoke, or a cancel came.
    pub(crate) fn cut_operations(&mut self, now: Time) {
        for work in self.operations.iter_mut().filter(|work| work.is_waited_for()) {
            work.operation.interrupt(now);
        }
    }
}
