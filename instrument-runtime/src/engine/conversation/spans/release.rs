//! How a turn's spans are written down when they are let go.

use std::sync::Arc;

use super::call::Call;
use super::turn::Turn;
use super::utterance::Utterance;
use crate::engine::conversation::services::{ServiceIndex, Services};
use crate::engine::frame::{Role, Spacing};
use crate::engine::record::{
    EndReason, SpanDetails, SpanEventKind, SpanRecord, SpanSink, TurnRecord, UserToBotLatency,
};
use crate::engine::text::JoinedText;
use crate::engine::time::Time;

/// What a turn's spans are completed with when they are let go.
pub(crate) struct Facts<'a> {
    pub(crate) services: &'a Services,
    pub(crate) spoken_text_is_told: bool,
    pub(crate) user_id: Option<Arc<str>>,
}

/// Where the times of a service's spans come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// The service reports them: what it does not report was not measured.
    Reported,
    /// The service reports none.
    FromFrames,
}

impl Facts<'_> {
    fn times(&self, service: ServiceIndex) -> Times {
        if self.services[service].habits.reports_times { Times::Reported } else { Times::FromFrames }
    }
}

/// No more spans of one kind than this are gathered in a turn.
const MOST_SPANS: usize = 256;

impl Turn {
    /// Writes down all of its spans, children first; nothing, if nothing worth telling happened.
    pub(crate) fn release(mut self, facts: &Facts<'_>, spans: &mut dyn SpanSink) {
        self.begin_what_waits(facts, spans);
        if !self.is_recorded() {
            // The sampler dropped it, and all that would be under it: its span is ended, with nothing to tell.
            let (start, end) = (self.start, self.end());
            spans.end(within(self.into_record(None, None, facts), start, end));
            return;
        }
        let latency = self.latency();
        let end = self.end();
        for utterance in std::mem::take(&mut self.utterances) {
            self.release_utterance(utterance, end, facts, spans);
        }
        self.hand_over_operations();
        self.hand_answers_to_syntheses();
        let output = self.output(facts);
        for record in self.own_records(end, spans) {
            self.release_child(record, end, facts, spans);
        }
        for call in std::mem::take(&mut self.calls) {
            self.release_call(call, end, facts, spans);
        }
        for synthesis in std::mem::take(&mut self.syntheses) {
            let times = facts.times(synthesis.service);
            self.release_child(
                synthesis.into_record(end, times, facts.spoken_text_is_told),
                end,
                facts,
                spans,
            );
        }
        for tool in std::mem::take(&mut self.tools) {
            self.release_child(tool.into_record(end), end, facts, spans);
        }
        if self.has_begun() {
            let start = self.start;
            spans.end(within(self.into_record(output, latency, facts), start, end));
        }
    }

    /// Begins the spans that waited for something to say whose or of what kind they are.
    fn begin_what_waits(&mut self, facts: &Facts<'_>, spans: &mut dyn SpanSink) {
        let mut utterances = std::mem::take(&mut self.utterances);
        for utterance in &mut utterances {
            utterance.service = utterance.service.take().or_else(|| facts.services.only_described(Role::Stt));
            self.begin_utterance(utterance, spans);
        }
        self.utterances = utterances;
        for index in 0..self.calls.len() {
            self.begin_awaiting_call(index, spans);
        }
    }

    /// Whether it has very many spans of a kind.
    pub(crate) fn is_crowded(&self) -> bool {
        let operations = self.operations.len();
        let most =
            self.utterances.len().max(self.calls.len()).max(self.syntheses.len()).max(self.tools.len());
        let most = most.max(operations);
        most >= MOST_SPANS
    }

    /// Lets go of the oldest of very many spans of a kind, as they are `now`: memory has bounds, a turn has none.
    pub(crate) fn make_room(&mut self, now: Time, facts: &Facts<'_>, spans: &mut dyn SpanSink) {
        if self.utterances.len() >= MOST_SPANS {
            let utterance = self.utterances.remove(0);
            self.release_utterance(utterance, now, facts, spans);
        }
        if self.calls.len() >= MOST_SPANS {
            self.begin_awaiting_call(0, spans);
            let call = self.calls.remove(0);
            self.release_call(call, now, facts, spans);
        }
        if self.syntheses.len() >= MOST_SPANS {
            let synthesis = self.syntheses.remove(0);
            let times = facts.times(synthesis.service);
            self.release_child(
                synthesis.into_record(now, times, facts.spoken_text_is_told),
                now,
                facts,
                spans,
            );
        }
        if self.operations.len() >= MOST_SPANS
            && let Some(record) = self.oldest_operation(now)
        {
            self.release_child(record, now, facts, spans);
        }
        if self.tools.len() >= MOST_SPANS {
            let tool = self.tools.remove(0);
            self.release_child(tool.into_record(now), now, facts, spans);
        }
    }

    /// A synthesis of which nobody told what it was asked to say was given the answer of its language model.
    fn hand_answers_to_syntheses(&mut self) {
        for synthesis in self.syntheses.iter_mut().filter(|synthesis| synthesis.input().is_none()) {
            let call = self.calls.iter().find(|call| Some(call.key) == synthesis.says_answer_of);
            if let Some(text) = call.and_then(Call::text) {
                synthesis.given.push(&text, Spacing::Between);
            }
        }
    }

    fn release_utterance(
        &self,
        utterance: Utterance,
        end: Time,
        facts: &Facts<'_>,
        spans: &mut dyn SpanSink,
    ) {
        if !utterance.begun {
            return;
        }
        if let Some((service, processor)) = utterance.service.clone() {
            self.release_child(
                utterance.into_record(processor, end, facts.times(service)),
                end,
                facts,
                spans,
            );
        }
    }

    fn release_call(&self, mut call: Call, end: Time, facts: &Facts<'_>, spans: &mut dyn SpanSink) {
        // A model that hears by itself heard all that the user said in this turn.
        if facts.services[call.service].is_speech_to_speech && call.heard.is_empty() {
            call.heard.push(self.heard.as_str(), Spacing::Between);
        }
        self.settle_call(&mut call);
        let times = facts.times(call.service);
        self.release_child(call.into_record(end, times), end, facts, spans);
    }

    fn release_child(&self, mut record: SpanRecord, end: Time, facts: &Facts<'_>, spans: &mut dyn SpanSink) {
        if !self.is_recorded() {
            return;
        }
        record = self.completed(record);
        record.user_id.clone_from(&facts.user_id);
        spans.end(within(record, self.start, end));
    }

    /// What the bot said: as spoken, or as given to synthesis, or, without one, as written.
    fn output(&self, facts: &Facts<'_>) -> Option<String> {
        let mut output = JoinedText::default();
        let mut add = |text: Option<String>| output.push(&text.unwrap_or_default(), Spacing::Between);
        if facts.spoken_text_is_told {
            self.spoken().for_each(|reply| add(reply.to_text()));
        } else if facts.services.has(Role::Tts) {
            self.syntheses.iter().for_each(|synthesis| add(synthesis.output(false)));
        } else {
            self.calls.iter().for_each(|call| add(call.text()));
        }
        output.to_text().or_else(|| self.output_of_operations(facts))
    }

    fn into_record(
        self,
        output: Option<String>,
        latency: Option<UserToBotLatency>,
        facts: &Facts<'_>,
    ) -> SpanRecord {
        let end = self.end();
        let status = self.fatal.status();
        let reason = self.ended.map_or(EndReason::Cancelled, |ended| ended.reason);
        let interrupted_at = (reason == EndReason::Interrupted).then_some(end);
        SpanRecord {
            key: self.key,
            start: self.start,
            end,
            status,
            events: self.faults.into_events_with([(interrupted_at, SpanEventKind::Interrupted)]),
            user_id: facts.user_id.clone(),
            details: SpanDetails::Turn(TurnRecord {
                number: self.number,
                input: self.heard.to_text().or(self.typed),
                output,
                end_reason: reason,
                latency,
            }),
        }
    }
}

/// A span, kept within its turn.
fn within(mut record: SpanRecord, start: Time, end: Time) -> SpanRecord {
    record.start = record.start.clamp(start, end);
    record.end = record.end.clamp(record.start, end);
    for event in &mut record.events {
        event.at = event.at.clamp(record.start, record.end);
    }
    record
}
