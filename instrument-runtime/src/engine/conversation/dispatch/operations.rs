//! The public methods for traced operations. They connect `Operations` with the trackers whose spans it shares.

use crate::engine::conversation::effect::Moment;
use crate::engine::conversation::operations::TracedOperation;
use crate::engine::conversation::turn_scope::TurnScope;
use crate::engine::conversation::{Conversation, Phase};
use crate::engine::operation::{
    OperationInfo, OperationKey, OperationStart, Outcome, ServiceKind, StartedOperation,
};
use crate::engine::record::{SpanKey, SpanSink, TurnNumber};
use crate::engine::time::Time;

impl Conversation {
    /// Starts a traced operation; returns `None` once the conversation accepts no more events.
    ///
    /// A language model or a synthesis starts a turn if there is none, as its frames do. Speech-to-text does not: only
    /// its result shows whether the user said anything.
    pub fn begin_operation(
        &mut self,
        now: Time,
        start: &OperationStart<'_>,
        sink: &mut dyn SpanSink,
    ) -> Option<StartedOperation> {
        self.handle_timeout(now, sink);
        if self.phase != Phase::Running {
            return None;
        }
        let moment = &mut Moment { now: self.now, sink };
        let key = self.keys.allocate();
        let outer = start.parent.and_then(|outer| self.operations.turn_of(outer));
        let start = OperationStart { parent: start.parent.filter(|_| outer.is_some()), ..*start };
        let operation = TracedOperation::new(key, &start, moment.now, &self.processors);
        if let Some(outer) = outer {
            self.release_oldest_spans(moment);
            let turn = self.turns.get_mut(outer)?;
            return Some(self.operations.on_start(operation, moment.now, turn, moment.sink));
        }
        if start.kind == ServiceKind::Stt && self.turns.current().is_none() {
            return Some(self.operations.on_early_start(operation));
        }
        self.ensure_turn_span(moment);
        let number = self.turns.current_number()?;
        let record = self.open_record(&operation, number, moment);
        let start = self.start_of(&operation, number, moment.now);
        self.ensure_turn_span(moment);
        let announces_user = !self.stt.infers_user();
        let turn = self.turns.current_mut()?;
        if operation.kind() == ServiceKind::Llm && record.is_none() {
            turn.on_request(moment.now, announces_user);
        }
        Some(match record {
            Some(record) => self.operations.on_shared_start(operation, record, turn),
            None => self.operations.on_start(operation, start, turn, moment.sink),
        })
    }

    /// Adds a description of an operation: provider, model, voice, language and input.
    pub fn describe_operation(&mut self, OperationKey(key): OperationKey, info: OperationInfo) {
        self.operations.on_info(key, info);
    }

    /// Ends an operation. Has no effect once the spans of its turn are written.
    pub fn end_operation(
        &mut self,
        now: Time,
        OperationKey(key): OperationKey,
        outcome: Outcome,
        sink: &mut dyn SpanSink,
    ) {
        self.handle_timeout(now, sink);
        if let Some((record, error)) = self.operations.on_end(key, self.now, outcome)
            && let Some(error) = self.stt.on_operation_error(record, error)
            && let Some(error) = self.llm.on_operation_error(record, error)
        {
            self.tts.on_operation_error(record, error);
        }
    }

    /// Returns the span that frames have already opened for an operation that starts now.
    fn open_record(
        &mut self,
        operation: &TracedOperation,
        turn: TurnNumber,
        moment: &mut Moment<'_>,
    ) -> Option<SpanKey> {
        match operation.kind() {
            ServiceKind::Stt => {
                let turn = self.turns.current_mut()?;
                let mut scope = TurnScope::new(turn, &mut self.operations, moment.sink);
                self.stt.on_operation_start(operation, &mut scope, &self.processors)
            }
            ServiceKind::Llm => {
                let key = self.llm.call_of_operation(operation, &self.operations, turn)?;
                let turn = self.turns.current_mut()?;
                let mut scope = TurnScope::new(turn, &mut self.operations, moment.sink);
                self.llm.on_operation_start(key, moment.now, &mut scope);
                Some(key)
            }
            ServiceKind::Tts => self.tts.synthesis_of_operation(operation, turn),
        }
    }

    /// Returns the start of an operation's span. An STT operation starts with the user's voice.
    fn start_of(&self, operation: &TracedOperation, turn: TurnNumber, now: Time) -> Time {
        let voice = self.stt.unheard_since(turn);
        voice.filter(|_| operation.kind() == ServiceKind::Stt).unwrap_or(now)
    }
}
