//! What the code around a service tells of its work.

use super::super::services::Services;
use super::super::spans::operations::{Exactness, Span, Work, is_named};
use super::super::spans::{Fault, Taken, Turn, Which};
use super::super::{Conversation, Moment, Phase};
use crate::engine::frame::{Processor, Role};
use crate::engine::operation::{
    Operation, OperationInfo, OperationKey, OperationStart, Outcome, ServiceKind, ServiceName,
    StartedOperation,
};
use crate::engine::record::{Recording, SpanKey, SpanSink};
use crate::engine::time::Time;

use super::super::spans::turn::Export;

/// No more operations than this wait for a turn.
const MOST_EARLY: usize = 8;

impl Conversation {
    /// A service begins to work, as the code around it tells; `None` once the conversation takes nothing more.
    ///
    /// A model or a synthesis at work begins a turn, as its frames do. One that only listens does not: whether there was
    /// anything to hear is told by what comes of it.
    pub fn begin_operation(
        &mut self,
        now: Time,
        announcement: &OperationStart<'_>,
        spans: &mut dyn SpanSink,
    ) -> Option<StartedOperation> {
        self.handle_timeout(now, spans);
        if self.phase != Phase::Running {
            return None;
        }
        let moment = &mut Moment { now: self.now, spans };
        let key = self.new_key();
        let OperationStart { kind, service, inside } = *announcement;
        let work = Work {
            key,
            operation: Operation::new(kind, service.as_str(), moment.now),
            span: Span::Early,
            inside,
            exactness: exactness(service, kind, &self.services),
        };
        if let Some(outer) = inside.and_then(|inside| self.number_of(inside)) {
            self.make_room(moment);
            let turn = self.turn_of(outer)?;
            turn.begin_operation(work, moment.now, moment.spans);
            return Some(turn.begun(key));
        }
        if kind == ServiceKind::Stt && self.turn.is_none() {
            self.operation_is_early(work);
            return Some(StartedOperation { key: OperationKey(key), span: None, recording: Recording::Yes });
        }
        self.begun_turn(moment);
        let open = self.open_record(&work, moment);
        let at = self.begins_at(kind, moment.now);
        let turn = self.begun_turn(moment);
        match open {
            Some(record) => turn.operations.push(Work { span: Span::OfFrames(record), ..work }),
            None => turn.begin_operation(Work { inside: None, ..work }, at, moment.spans),
        }
        Some(turn.begun(key))
    }

    /// What is known of an operation.
    pub fn describe_operation(&mut self, OperationKey(key): OperationKey, about: OperationInfo) {
        if let Some(work) = self.operation(key) {
            work.operation.describe(about);
        }
    }

    /// An operation is over. Of one whose turn has been let go, everything has been told.
    pub fn end_operation(
        &mut self,
        now: Time,
        OperationKey(key): OperationKey,
        outcome: Outcome,
        spans: &mut dyn SpanSink,
    ) {
        self.handle_timeout(now, spans);
        let now = self.now;
        let Some(work) = self.operation(key) else { return };
        let failure = outcome.failure.clone();
        work.operation.end(now, outcome);
        let span = work.span;
        let Some((failure, Span::OfFrames(record))) = failure.map(|failure| (failure, span)) else { return };
        let fault = Fault::of_operation(now, failure);
        match &mut self.utterance {
            Some(utterance) if utterance.key == record => utterance.faults.push(fault),
            _ => {
                let turn = self.turns_newest_first().find(|turn| turn.has_record(record));
                if let Some(turn) = turn {
                    turn.operation_fails(record, fault);
                }
            }
        }
    }

    fn operation(&mut self, key: SpanKey) -> Option<&mut Work> {
        let early = self.early_operations.iter_mut().find(|work| work.key == key);
        let turns = self.turn.iter_mut().chain(self.held.iter_mut().rev());
        early.or_else(|| turns.into_iter().find_map(|turn| turn.operation(key)))
    }

    /// The turn in which an operation has a span.
    fn number_of(&self, span: SpanKey) -> Option<crate::engine::record::TurnNumber> {
        let has_it = |turn: &&Turn| turn.operations.iter().any(|work| work.has_span(span));
        self.turn.iter().chain(&self.held).find(has_it).map(|turn| turn.number)
    }

    fn operation_is_early(&mut self, work: Work) {
        if self.early_operations.len() == MOST_EARLY {
            self.early_operations.remove(0);
        }
        self.early_operations.push(work);
    }

    /// A turn begins with what was being listened to, or has just been heard.
    pub(in super::super) fn operations_come_into(&mut self, turn: &mut Turn, now: Time) {
        for work in std::mem::take(&mut self.early_operations) {
            let just_heard = |ended| work.operation.has_result() && now.since(ended) <= JUST_HEARD;
            if work.operation.ended_at().is_none_or(just_heard) {
                turn.operations.push(work);
            }
        }
    }

    /// The record, gathered from frames, of the work that begins now.
    fn open_record(&mut self, work: &Work, moment: &mut Moment<'_>) -> Option<SpanKey> {
        match work.operation.kind() {
            ServiceKind::Stt => self.open_utterance(work, moment),
            ServiceKind::Llm => self.open_call(work, moment),
            ServiceKind::Tts => self.open_synthesis(work),
        }
    }

    /// The invocation that waits longest for its model to be asked.
    fn open_call(&mut self, work: &Work, moment: &mut Moment<'_>) -> Option<SpanKey> {
        let turn = self.turn.as_mut()?;
        let open = turn.calls.iter().enumerate().filter(|(_, call)| {
            call.is_open() && !call.is_interrupted() && turn.is_free(call.key) && work.fits(&call.processor)
        });
        let (place, _) = open.min_by_key(|(_, call)| !work.is_exactly(&call.processor))?;
        turn.begin_awaiting_call(place, moment.spans);
        turn.calls[place].is_asked_again(moment.now);
        Some(turn.calls[place].key)
    }

    /// The reply that is being synthesized, or has been work.
    fn open_synthesis(&mut self, work: &Work) -> Option<SpanKey> {
        let replies = self.replies;
        let open = self.turn.as_ref()?.syntheses.iter().rev().filter(|synthesis| {
            !synthesis.is_cut()
                && (synthesis.is_under_way() || synthesis.reply == replies)
                && work.fits(&synthesis.processor)
        });
        open.min_by_key(|synthesis| !work.is_exactly(&synthesis.processor)).map(|of| of.key)
    }

    /// The utterance that is being heard, with its span begun.
    fn open_utterance(&mut self, work: &Work, moment: &mut Moment<'_>) -> Option<SpanKey> {
        let (utterance, turn) = (self.utterance.as_mut()?, self.turn.as_mut()?);
        let is_of_turn = utterance.turn.or(utterance.spoken_in) == Some(turn.number);
        let service = utterance.service.clone().or_else(|| self.services.only_described(Role::Stt));
        let fits = service.as_ref().is_some_and(|(_, processor)| work.fits(processor));
        if !is_of_turn || !utterance.is_speech() || !fits {
            return None;
        }
        utterance.service = service;
        turn.begin_utterance(utterance, moment.spans);
        Some(utterance.key)
    }

    /// When the span of an operation begins: what is heard began with the voice.
    fn begins_at(&self, kind: ServiceKind, now: Time) -> Time {
        let number = self.turn.as_ref().map(|turn| turn.number);
        let voice = self
            .utterance
            .as_ref()
            .filter(|utterance| utterance.turn.or(utterance.spoken_in) == number && !utterance.begun)
            .map(|utterance| utterance.start);
        voice.filter(|_| kind == ServiceKind::Stt).unwrap_or(now)
    }

    /// The span that a record of frames, which opens now in the turn under way, goes on with.
    pub(in super::super) fn goes_on_with(
        &mut self,
        kind: ServiceKind,
        processor: &Processor,
        record: SpanKey,
        which: Which,
    ) -> Option<Taken> {
        let turn = self.turn.as_mut().filter(|turn| !turn.operations.is_empty())?;
        turn.take_operation(kind, processor, record, which)
    }
}

/// A function returns what it heard, and then its caller says so: no longer than this after it.
const JUST_HEARD: std::time::Duration = std::time::Duration::from_secs(1);

fn exactness(name: ServiceName<'_>, kind: ServiceKind, services: &Services) -> Exactness {
    let is_known =
        |name| services.any(|service| service.role == kind.role() && is_named(&service.processor, name));
    match name {
        ServiceName::Explicit(_) => Exactness::Exact,
        ServiceName::Guessed(name) if is_known(name) => Exactness::Exact,
        ServiceName::Guessed(_) => Exactness::Any,
    }
}

impl Work {
    fn is_exactly(&self, processor: &Processor) -> bool {
        is_named(processor, self.operation.class())
    }

    fn fits(&self, processor: &Processor) -> bool {
        self.exactness == Exactness::Any || self.is_exactly(processor)
    }

    fn has_span(&self, span: SpanKey) -> bool {
        match self.span {
            Span::Own { key, .. } | Span::OfFrames(key) => key == span,
            Span::Early => false,
        }
    }
}

impl Turn {
    /// What an operation of this turn is begun with.
    fn begun(&mut self, key: SpanKey) -> StartedOperation {
        let recording = match self.export {
            Export::StartedOperation(recording) => recording,
            Export::NotYet => Recording::No,
        };
        let span = self.operation(key).and_then(|work| match work.span {
            Span::Own { key, .. } | Span::OfFrames(key) => Some(key),
            Span::Early => None,
        });
        StartedOperation { key: OperationKey(key), span, recording }
    }
}
