//! What operations tell of a turn when its spans are let go.

use super::Span;
use crate::engine::conversation::spans::call::Call;
use crate::engine::conversation::spans::release::Facts;
use crate::engine::conversation::spans::turn::Turn;
use crate::engine::frame::{Role, Spacing};
use crate::engine::operation::{Operation, ServiceKind};
use crate::engine::record::{SpanKey, SpanRecord, SpanSink};
use crate::engine::text::JoinedText;
use crate::engine::time::Time;

impl Turn {
    /// Writes down the operations that no frame told of; those that are part of others first.
    pub(crate) fn own_records(&mut self, end: Time, spans: &mut dyn SpanSink) -> Vec<SpanRecord> {
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
            let answers = of(call.key).filter_map(|work| work.operation.output_text());
            answers.for_each(|answer| call.said.push(answer, Spacing::Between));
        }
        for synthesis in self.syntheses.iter_mut().filter(|synthesis| synthesis.input().is_none()) {
            let given = of(synthesis.key).filter_map(|work| work.operation.input_text());
            given.for_each(|text| synthesis.given.push(text, Spacing::Between));
        }
    }

    /// What the bot said, as operations tell of which there are no frames: as spoken, or, without synthesis, as written.
    pub(crate) fn output_of_operations(&self, facts: &Facts<'_>) -> Option<String> {
        let mut output = JoinedText::default();
        self.own(ServiceKind::Tts)
            .filter_map(Operation::spoken_text)
            .for_each(|text| output.push(text, Spacing::Between));
        let is_spoken = self.own(ServiceKind::Tts).next().is_some() || facts.services.has(Role::Tts);
        if !is_spoken && self.calls.is_empty() {
            self.own(ServiceKind::Llm)
                .filter_map(Operation::output_text)
                .for_each(|text| output.push(text, Spacing::Between));
        }
        output.to_text()
    }

    /// A model's response of which no frame told the end: it was over with the code that asked for it, and if that was
    /// left before its end, it was cut.
    pub(crate) fn settle_call(&self, call: &mut Call) {
        let mut of_call = self.operations.iter().filter(|work| work.is_of(call.key)).rev();
        let Some(work) = of_call.next().filter(|_| call.is_open()) else { return };
        if let Some(at) = work.operation.dropped_at() {
            call.cut(at);
        }
        if let Some(at) = work.operation.ended_at() {
            call.close(at);
        }
    }

    /// A record of frames, with what the code around the service knows.
    pub(crate) fn completed(&self, mut record: SpanRecord) -> SpanRecord {
        let mut of_record = self.operations.iter().filter(|work| work.is_of(record.key));
        if let Some(first) = of_record.next() {
            let mut operation = first.operation.clone();
            of_record.for_each(|more| operation.merge(&more.operation));
            operation.merge_into(&mut record);
        }
        record
    }
}
