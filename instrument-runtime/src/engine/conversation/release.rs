//! Writes the spans of ended turns as records.
//!
//! See [Nothing lost](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#nothing-lost).

use std::sync::Arc;

use crate::engine::frame::{Role, Spacing};
use crate::engine::operation::{Operation, ServiceKind};
use crate::engine::record::{SpanRecord, SpanSink};
use crate::engine::text::JoinedText;
use crate::engine::time::Time;

use super::effect::Moment;
use super::llm::LlmCall;
use super::operations::Operations;
use super::processors::{ProcessorIndex, Processors};
use super::stt::Utterance;
use super::tts::Synthesis;
use super::turn_scope::TurnScope;
use super::turns::{Floor, Milestone, Milestones, Owners, SynthesisStart, Turn};
use super::{Beginning, Conversation};

/// The setting that decides that the user is done, unless a service does.
const TURN_STRATEGIES: &str = "user turn strategies";

/// Writes records of one turn.
struct RecordWriter<'a> {
    turn: &'a Turn,
    /// The latest end of a record.
    end: Time,
    operations: &'a Operations,
    processors: &'a Processors,
    reports_spoken_text: bool,
    user_id: Option<&'a Arc<str>>,
    sink: &'a mut dyn SpanSink,
}

impl Conversation {
    /// Writes the spans of the oldest ended turn.
    pub(super) fn release_oldest_turn(&mut self, moment: &mut Moment<'_>) {
        if let Some(turn) = self.turns.pop_ended() {
            self.release(turn, moment);
        }
    }

    /// Writes the oldest span of each kind that has reached its limit in the current turn: a turn may last forever.
    pub(super) fn release_oldest_spans(&mut self, moment: &mut Moment<'_>) {
        let Some(turn) = self.turns.current_mut() else { return };
        let number = turn.number();
        if self.stt.is_full(number)
            && let Some(utterance) = self.stt.take_oldest(number)
        {
            self.write_early(moment, |writer| writer.write_utterance(utterance));
        }
        if self.llm.is_full(number)
            && let Some(turn) = self.turns.current_mut()
            && let Some(call) =
                self.llm.take_oldest(&mut TurnScope::new(turn, &mut self.operations, moment.sink))
        {
            self.write_early(moment, |writer| writer.write_call(call));
        }
        if self.tts.is_full(number)
            && let Some(synthesis) = self.tts.take_oldest(number)
        {
            self.write_early(moment, |writer| writer.write_synthesis(synthesis));
        }
        if self.operations.is_full(number)
            && let Some(record) = self.operations.take_oldest(number, moment.now)
        {
            self.write_early(moment, |writer| writer.write(record));
        }
        if self.tools.is_full(number)
            && let Some(call) = self.tools.take_oldest(number)
        {
            self.write_early(moment, |writer| writer.write(call.into_record(writer.end)));
        }
    }

    /// Writes a record of the current turn, which goes on.
    fn write_early(&self, moment: &mut Moment<'_>, write: impl FnOnce(&mut RecordWriter<'_>)) {
        if let Some(turn) = self.turns.current() {
            write(&mut self.writer(turn, moment.now, moment.sink));
        }
    }

    /// Writes all spans of a turn, children first. Writes none if the turn's span has not started.
    fn release(&mut self, mut turn: Box<Turn>, moment: &mut Moment<'_>) {
        let number = turn.number();
        let mut scope = TurnScope::new(&mut turn, &mut self.operations, moment.sink);
        self.stt.begin_spans(&mut scope, &self.processors);
        self.llm.begin_spans(&mut scope);
        let end = turn.end();
        let wait = turn.wait().filter(|_| !turn.is_dropped());
        let latency = wait.map(|wait| wait.latency(&self.milestones(&turn), &self.processors));
        let utterances = self.stt.take(number);
        let mut calls = self.llm.take(number);
        let mut syntheses = self.tts.take(number);
        let tools = self.tools.take(number);
        let mut output = None;
        // If the sampler dropped the turn, its span ends without content, and its children have no spans.
        if !turn.is_dropped() {
            let mut writer = self.writer(&turn, end, moment.sink);
            for utterance in utterances {
                writer.write_utterance(utterance);
            }
            self.complete_texts(&mut calls, &mut syntheses);
            output = self.output(&turn, &calls, &syntheses);
            let own_records = self.operations.take_own_records(&mut turn, end, moment.sink);
            let mut writer = self.writer(&turn, end, moment.sink);
            for record in own_records {
                writer.write(record);
            }
            for call in calls {
                writer.write_call(call);
            }
            for synthesis in syntheses {
                writer.write_synthesis(synthesis);
            }
            for call in tools {
                writer.write(call.into_record(end));
            }
        }
        self.operations.forget(number);
        if turn.has_started() {
            let start = turn.start();
            let start_missed = self.beginning == Beginning::NotSeen && !turn.is_dropped();
            if start_missed {
                self.beginning = Beginning::ReportedMissed;
            }
            let mut record = turn.into_record(end, output, latency, start_missed);
            record.user_id = self.stt.user_id().cloned();
            moment.sink.end(within(record, start, end));
        }
    }

    fn writer<'a>(&'a self, turn: &'a Turn, end: Time, sink: &'a mut dyn SpanSink) -> RecordWriter<'a> {
        RecordWriter {
            turn,
            end,
            operations: &self.operations,
            processors: &self.processors,
            reports_spoken_text: self.reports_spoken_text(turn),
            user_id: self.stt.user_id(),
            sink,
        }
    }

    /// Whether the framework reports the spoken text of a turn. It does not if the bot was audible but its synthesis
    /// sent no text.
    fn reports_spoken_text(&self, turn: &Turn) -> bool {
        let bot_has_spoken = turn.floor() != Floor::Waiting;
        let may_be_reported =
            self.processors.any_sends_text() || (self.processors.has(Role::Tts) && !bot_has_spoken);
        self.playback.reports_text(self.processors.has(Role::OutputTransport), may_be_reported)
    }

    fn milestones(&self, turn: &Turn) -> Milestones {
        let number = turn.number();
        let own = |kind| self.operations.own(number, kind);
        let class = |operation: &Operation| operation.class().to_owned();
        let own_tokens = own(ServiceKind::Llm)
            .filter_map(|operation| Some((operation.first_output_at()?, class(operation))));
        let own_syntheses = own(ServiceKind::Tts).map(|operation| SynthesisStart {
            start: operation.started_at(),
            first_audio: operation.first_output_at(),
            service: class(operation),
        });
        Milestones {
            first_tokens: self.llm.first_tokens(number).chain(own_tokens).collect(),
            tool_calls: self.tools.intervals(number).collect(),
            syntheses: self.tts.starts(number).chain(own_syntheses).collect(),
        }
    }

    /// Adds texts that no frame of the service reported: those of traced operations, and for a synthesis the LLM
    /// response that it speaks.
    fn complete_texts(&self, calls: &mut [LlmCall], syntheses: &mut [Synthesis]) {
        for call in calls.iter_mut().filter(|call| call.text().is_none()) {
            for text in self.operations.of_record(call.key()).filter_map(Operation::output_text) {
                call.on_reported_text(text, Spacing::Between);
            }
        }
        for synthesis in syntheses.iter_mut().filter(|synthesis| synthesis.input().is_none()) {
            for text in self.operations.of_record(synthesis.key()).filter_map(Operation::input_text) {
                synthesis.on_given_text(text);
            }
        }
        for synthesis in syntheses.iter_mut().filter(|synthesis| synthesis.input().is_none()) {
            let call = calls.iter().find(|call| Some(call.key()) == synthesis.response_of());
            if let Some(text) = call.and_then(LlmCall::text) {
                synthesis.on_given_text(&text);
            }
        }
    }

    /// Returns the bot's text from the best source: spoken text, else the input of synthesis, else LLM responses, else
    /// texts of traced operations.
    fn output(&self, turn: &Turn, calls: &[LlmCall], syntheses: &[Synthesis]) -> Option<String> {
        let has_tts = self.processors.has(Role::Tts);
        let output = if self.reports_spoken_text(turn) {
            joined(turn.spoken())
        } else if has_tts {
            joined(syntheses.iter().map(|synthesis| synthesis.output(false)))
        } else {
            joined(calls.iter().filter(|call| !call.is_withdrawn()).map(LlmCall::text))
        };
        let own = |kind| self.operations.own(turn.number(), kind);
        let text = |text: Option<&str>| text.map(str::to_owned);
        let is_spoken = has_tts || own(ServiceKind::Tts).next().is_some();
        output
            .or_else(|| joined(own(ServiceKind::Tts).map(|operation| text(operation.spoken_text()))))
            .or_else(|| {
                let answers = own(ServiceKind::Llm).filter(|_| !is_spoken && calls.is_empty());
                joined(answers.map(|operation| text(operation.output_text())))
            })
    }
}

impl Owners for Processors {
    fn processor(&self, milestone: Milestone) -> Option<String> {
        milestone.by.map(|index| self.description(index).class.clone())
    }

    fn turn_detection(&self, user_stopped: Milestone) -> Option<String> {
        match self.role_at(user_stopped.by?) {
            Role::Stt | Role::Llm => self.processor(user_stopped),
            _ => Some(TURN_STRATEGIES.to_owned()),
        }
    }

    fn output(&self, bot_started: Milestone) -> Option<String> {
        let is_transport = |index: &ProcessorIndex| self.role_at(*index) == Role::OutputTransport;
        let index = bot_started.by.filter(is_transport).or_else(|| Some(self.only(Role::OutputTransport)?.0));
        self.processor(Milestone { by: index, ..bot_started })
    }
}

impl RecordWriter<'_> {
    fn write_utterance(&mut self, utterance: Utterance) {
        let processors = self.processors;
        if let Some(record) = utterance.into_record(self.end, |stt| !processors.reports_times(stt)) {
            self.write(record);
        }
    }

    fn write_call(&mut self, mut call: LlmCall) {
        // The input of a speech-to-speech model is all user speech of this turn.
        if self.processors.is_speech_to_speech(call.service()) {
            call.on_turn_transcript(self.turn.transcript());
        }
        // If no frame reported the end of the response, it ended with the operation that asked for it. If that was
        // dropped before its end, the call was interrupted.
        if let Some(operation) = self.operations.of_record(call.key()).next_back().filter(|_| call.is_open())
        {
            operation.dropped_at().into_iter().for_each(|at| call.on_interrupt(at));
            operation.ended_at().into_iter().for_each(|at| call.on_end(at));
        }
        let measures_times = self.measures_times(call.service());
        self.write(call.into_record(self.end, measures_times));
    }

    fn write_synthesis(&mut self, synthesis: Synthesis) {
        let measures_times = self.measures_times(synthesis.service());
        self.write(synthesis.into_record(self.end, measures_times, self.reports_spoken_text));
    }

    /// Writes a record, completed from traced operations and clamped to its turn.
    fn write(&mut self, mut record: SpanRecord) {
        if self.turn.is_dropped() {
            return;
        }
        self.operations.complete(&mut record);
        record.user_id = self.user_id.cloned();
        self.sink.end(within(record, self.turn.start(), self.end));
    }

    /// Whether times are measured from frames, which is only so if the service never reports any.
    fn measures_times(&self, service: ProcessorIndex) -> bool {
        !self.processors.reports_times(service)
    }
}

fn joined(texts: impl Iterator<Item = Option<String>>) -> Option<String> {
    let mut joined = JoinedText::default();
    texts.flatten().for_each(|text| joined.push(&text, Spacing::Between));
    joined.to_text()
}

/// Clamps a record and its events to its turn.
fn within(mut record: SpanRecord, start: Time, end: Time) -> SpanRecord {
    record.start = record.start.clamp(start, end);
    record.end = record.end.clamp(record.start, end);
    for event in &mut record.events {
        event.at = event.at.clamp(record.start, record.end);
    }
    record
}
