//! Models that hear and speak by themselves.

use super::super::services::ServiceIndex;
use super::super::{Conversation, Moment};
use crate::core::frame::{ProcessorRef, Role, Spacing, TextChunk, Transcript};

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

    /// A model speaks by itself: it sends audio or text as a synthesis would.
    pub(in super::super) fn model_speaks(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        let llm = self.is_speech_to_speech(source, moment);
        let now = moment.now;
        self.open_call_or_new(llm, moment);
        if let Some(call) = self.open_call(llm) {
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
        if let Some(call) = self.open_call(llm) {
            call.said.push(chunk.text, chunk.spacing);
        }
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
