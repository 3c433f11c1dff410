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

use crate::core::frame::{Processor, Role, Spacing};
use crate::core::operation::{Operation, ServiceKind};
use crate::core::record::{SpanKey, SpanRecord, SpanStart, Spans};
use crate::core::text::JoinedText;
use crate::core::time::Time;

use super::call::Call;
use super::fault::Fault;
use super::release::Facts;
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

/// The span that a record of frames goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// One that has begun.
    Begun { key: SpanKey, at: Time },
    /// None has, but one that began earlier than frames tell.
    Early(Time),
}

/// Whether a service is the one that a name means.
pub(crate) fn is_named(processor: &Processor, name: &str) -> bool {
    processor.class == name || processor.name == name || processor.id == name
}

impl Work {
    pub(crate) fn is_under_way(&self) -> bool {
        self.operation.ended().is_none()
    }

    /// Something that a turn waits for.
    fn is_waited_for(&self) -> bool {
        let speaks_or_thinks = self.operation.kind() != ServiceKind::Stt;
        speaks_or_thinks && self.is_own() && self.is_under_way() && !self.operation.is_cut()
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
    fn begin_late(&mut self, turn: &Turn, spans: &mut dyn Spans) {
        let at = self.operation.start().max(turn.start);
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
    pub(crate) fn begin_operation(&mut self, mut work: Work, at: Time, spans: &mut dyn Spans) {
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

    /// The operation that a record of frames, which opens now, is about: the first one that nothing else is known of.
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
        Some(match work.span {
            Span::Own { key, at } => {
                work.span = Span::OfFrames(key);
                Taken::Begun { key, at }
            }
            Span::OfFrames(_) | Span::Early => {
                work.span = Span::OfFrames(record);
                Taken::Early(work.operation.start().max(self.start))
            }
        })
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

    /// Whether an operation is under way that no frame tells of.
    pub(crate) fn has_own_operation(&self) -> bool {
        self.operations.iter().any(Work::is_waited_for)
    }

    /// When the last of the operations that no frame tells of was over.
    pub(crate) fn own_operations_end(&self) -> Option<Time> {
        let own = self.operations.iter().filter(|work| work.is_own());
        let waited_for = own.filter(|work| work.operation.kind() != ServiceKind::Stt);
        waited_for.filter_map(|work| work.operation.ended()).max()
    }

    /// When the answers came of which only operations tell.
    pub(crate) fn own_answers(&self) -> impl Iterator<Item = Time> {
        self.own(ServiceKind::Llm).filter_map(Operation::came)
    }

    /// The replies of which only operations tell: their start, and when their audio came.
    pub(crate) fn own_replies(&self) -> impl Iterator<Item = (Time, Option<Time>)> {
        self.own(ServiceKind::Tts).map(|operation| (operation.start(), operation.came()))
    }

    /// The operations of which no frame tells, but for those that are parts of others.
    fn own(&self, kind: ServiceKind) -> impl Iterator<Item = &Operation> {
        let own = self.operations.iter().filter(|work| work.is_own() && work.inside.is_none());
        own.map(|work| &work.operation).filter(move |operation| operation.kind() == kind)
    }

    /// The user spoke, or a cancel came.
    pub(crate) fn cut_operations(&mut self, now: Time) {
        for work in self.operations.iter_mut().filter(|work| work.is_waited_for()) {
            work.operation.cut(now);
        }
    }

    /// Writes down the operations that no frame told of; those that are part of others first.
    pub(crate) fn own_records(&mut self, end: Time, spans: &mut dyn Spans) -> Vec<SpanRecord> {
        let mut records = Vec::new();
        for mut work in std::mem::take(&mut self.operations).into_iter().rev() {
            if work.span == Span::Early {
                self.begin(spans);
                work.begin_late(self, spans);
            }
            match work.span {
                Span::Own { key, .. } => records.push(work.operation.into_record(key, end)),
                Span::OfFrames(_) | Span::Early => self.operations.push(work),
            }
        }
        self.operations.reverse();
        records
    }

    /// Lets go of the oldest operation; gives what it tells, if no frame does.
    pub(crate) fn oldest_operation(&mut self, now: Time) -> Option<SpanRecord> {
        let work = self.operations.remove(0);
        match work.span {
            Span::Own { key, .. } => Some(work.operation.into_record(key, now)),
            Span::OfFrames(_) | Span::Early => None,
        }
    }

    /// What a model answered, or synthesis was given, is known where no frame told it.
    pub(crate) fn hand_over_operations(&mut self) {
        let operations = &self.operations;
        let of = |record: SpanKey| operations.iter().filter(move |work| work.is_of(record));
        for call in self.calls.iter_mut().filter(|call| call.text().is_none()) {
            let answers = of(call.key).filter_map(|work| work.operation.answer());
            answers.for_each(|answer| call.said.push(answer, Spacing::Between));
        }
        for synthesis in self.syntheses.iter_mut().filter(|synthesis| synthesis.input().is_none()) {
            let given = of(synthesis.key).filter_map(|work| work.operation.given());
            given.for_each(|text| synthesis.given.push(text, Spacing::Between));
        }
    }

    /// What the bot said, as operations tell of which there are no frames: as spoken, or, without synthesis, as written.
    pub(crate) fn output_of_operations(&self, facts: &Facts<'_>) -> Option<String> {
        let mut output = JoinedText::default();
        self.own(ServiceKind::Tts)
            .filter_map(Operation::spoken)
            .for_each(|text| output.push(text, Spacing::Between));
        let is_spoken = self.own(ServiceKind::Tts).next().is_some() || facts.services.has(Role::Tts);
        if !is_spoken && self.calls.is_empty() {
            self.own(ServiceKind::Llm)
                .filter_map(Operation::answer)
                .for_each(|text| output.push(text, Spacing::Between));
        }
        output.to_text()
    }

    /// A model's response of which no frame told the end: it was over with the code that asked for it, and if that was
    /// left before its end, it was cut.
    pub(crate) fn settle_call(&self, call: &mut Call) {
        let mut of_call = self.operations.iter().filter(|work| work.is_of(call.key)).rev();
        let Some(work) = of_call.next().filter(|_| call.is_open()) else { return };
        if let Some(at) = work.operation.dropped() {
            call.cut(at);
        }
        if let Some(at) = work.operation.ended() {
            call.close(at);
        }
    }

    /// A record of frames, with what the code around the service knows.
    pub(crate) fn completed(&self, mut record: SpanRecord) -> SpanRecord {
        let mut of_record = self.operations.iter().filter(|work| work.is_of(record.key));
        if let Some(first) = of_record.next() {
            let mut operation = first.operation.clone();
            of_record.for_each(|more| operation.absorb(&more.operation));
            operation.complete(&mut record);
        }
        record
    }
}
