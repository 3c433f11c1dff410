//! Models that hear and speak by themselves.

use std::time::Duration;

use super::super::services::ServiceIndex;
use super::super::spans::Which;
use super::super::{Conversation, Moment};
use crate::engine::frame::{Measurement, Metric, ProcessorRef, Role, Spacing, TextChunk, Transcript};
use crate::engine::record::LlmRequest;
use crate::engine::time::Time;

/// "At once", for what a model reports of a response that it is about to begin.
const AT_ONCE: Duration = Duration::from_millis(10);

/// A time to first byte that came before its response.
#[derive(Debug)]
pub(in super::super) struct EarlyTtfb {
    llm: ServiceIndex,
    at: Time,
    seconds: f64,
    model: Option<String>,
}

impl EarlyTtfb {
    /// As a measurement of the processor of that name.
    pub(in super::super) fn metric<'a>(&'a self, processor: &'a str) -> Metric<'a> {
        let value = Measurement::TimeToFirstByte(self.seconds);
        Metric { processor, model: self.model.as_deref(), value }
    }
}

impl Conversation {
    /// A model hears the user by itself.
    pub(in super::super) fn model_hears(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        moment: &mut Moment<'_>,
    ) {
        self.learn_user(transcript);
        let llm = self.is_speech_to_speech(source, moment);
        if self.turn.is_none() {
            self.turn_or_new(moment);
        }
        let Some(turn) = &mut self.turn else { return };
        turn.begin(moment.spans);
        turn.heard.push(transcript.text, Spacing::Between);
        match turn.calls.iter_mut().rev().find(|call| call.service == llm) {
            Some(call) => call.heard.push(transcript.text, Spacing::Between),
            None => self.heard_by_models.push((llm, transcript.text.to_owned())),
        }
    }

    /// A model begins to speak by itself, as a synthesis would.
    pub(in super::super) fn model_starts_to_speak(
        &mut self,
        source: ProcessorRef<'_>,
        moment: &mut Moment<'_>,
    ) {
        let llm = self.is_speech_to_speech(source, moment);
        if self.newest_call(llm).is_none_or(|call| !call.is_under_way()) {
            self.response_of(llm, moment);
        }
    }

    /// A model speaks by itself: it sends audio or text as a synthesis would. What comes late of an answer that was cut
    /// begins no other.
    pub(in super::super) fn model_speaks(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        let llm = self.is_speech_to_speech(source, moment);
        let now = moment.now;
        if self.answering_call(llm).is_none() {
            self.begin_call(llm, LlmRequest::default(), Which::Any, moment);
        }
        if let Some(call) = self.answering_call(llm) {
            call.answers(now);
        }
    }

    pub(in super::super) fn model_says(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        self.model_speaks(source, moment);
        let llm = self.services.index_of(source);
        if let Some(call) = self.answering_call(llm) {
            call.said.push(chunk.text, chunk.spacing);
        }
    }

    /// A time to first byte that comes with no call under way is kept for the one that begins next, if it does so at
    /// once: some models report it the moment before they say that their response begins.
    pub(in super::super) fn keep_early_ttfb(&mut self, llm: ServiceIndex, metric: &Metric<'_>) {
        let Measurement::TimeToFirstByte(seconds) = metric.value else { return };
        let model = metric.model.map(str::to_owned);
        self.early_ttfb = Some(EarlyTtfb { llm, at: self.now, seconds, model });
    }

    pub(in super::super) fn take_early_ttfb_of(&mut self, llm: ServiceIndex, now: Time) -> Option<EarlyTtfb> {
        self.early_ttfb.take().filter(|early| early.llm == llm && now.since(early.at) <= AT_ONCE)
    }

    /// A model turns out to hear or speak by itself: its calls begin where its responses do.
    fn is_speech_to_speech(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) -> ServiceIndex {
        let llm = self.services.described(source);
        self.services[llm].is_speech_to_speech = true;
        let Some(turn) = &mut self.turn else { return llm };
        turn.calls
            .retain(|call| !(call.awaits_kind && call.service == llm && call.response_started.is_none()));
        let mut calls = std::mem::take(&mut turn.calls);
        for call in calls.iter_mut().filter(|call| call.awaits_kind && call.service == llm) {
            call.awaits_kind = false;
            call.start = call.response_started.unwrap_or(call.start);
            turn.begin_call(call, moment.spans);
        }
        turn.calls = calls;
        llm
    }

    /// Whether a model speaks by itself, as far as is known.
    pub(in super::super) fn speaks_by_itself(&self, llm: ServiceIndex) -> bool {
        self.services[llm].is_speech_to_speech || self.may_speak_by_itself()
    }

    /// Whether it is still open if the pipeline's model speaks by itself: nobody else would.
    pub(in super::super) fn may_speak_by_itself(&self) -> bool {
        !self.services.has(Role::Stt)
            && !self.services.has(Role::Tts)
            && self.services.has(Role::OutputTransport)
    }

    pub(in super::super) fn take_heard_by(&mut self, llm: ServiceIndex) -> Option<String> {
        let index = self.heard_by_models.iter().position(|(of, _)| *of == llm)?;
        Some(self.heard_by_models.remove(index).1)
    }
}
