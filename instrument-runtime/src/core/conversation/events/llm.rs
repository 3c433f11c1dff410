//! What language models answer.

use super::super::services::ServiceIndex;
use super::super::spans::Call;
use super::super::{Conversation, Moment};
use crate::core::frame::{FrameKind, ProcessorRef, Role, Spacing, TextChunk};
use crate::core::record::Request;

impl Conversation {
    pub(in super::super) fn begin_call(
        &mut self,
        llm: ServiceIndex,
        request: Request,
        moment: &mut Moment<'_>,
    ) {
        let now = moment.now;
        for turn in self.turns_newest_first() {
            turn.calls.iter_mut().filter(|call| call.service == llm).for_each(|call| call.is_superseded(now));
        }
        let processor = self.services[llm].processor.clone();
        let mut call = Call::new(self.new_key(), now, llm, processor, request);
        call.awaits_kind = self.may_speak_by_itself();
        if let Some(heard) = self.take_heard_by(llm) {
            call.heard.push(&heard, Spacing::Between);
        }
        let turn = self.turn_or_new(moment);
        turn.begin(moment.spans);
        if !call.awaits_kind {
            turn.begin_call(&call, moment.spans);
        }
        turn.calls.push(call);
    }

    pub(in super::super) fn response_starts(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        let Some(llm) = self.model(source, FrameKind::LlmResponseStart) else { return };
        self.open_call_or_new(llm, moment);
        let now = moment.now;
        if let Some(call) = self.open_call(llm) {
            call.response_started.get_or_insert(now);
        }
    }

    pub(in super::super) fn response_streams(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let Some(llm) = self.model(source, FrameKind::LlmText) else { return };
        if self.open_call(llm).is_none() {
            self.open_call_or_new(llm, moment);
        }
        let now = moment.now;
        let Some(call) = self.open_call(llm) else { return };
        call.add_text(now, chunk);
        let call = call.key;
        self.answer_is_given(call, moment);
    }

    pub(in super::super) fn response_ends(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        let Some(llm) = self.model(source, FrameKind::LlmResponseEnd) else { return };
        let now = moment.now;
        let Some(call) = self.open_call(llm) else { return };
        call.close(now);
        let has_said_something = call.text().is_some() && !call.is_interrupted();
        // Without synthesis, an answer is heard as a whole at its end.
        if has_said_something && self.is_text_only(llm) {
            self.bot_starts(moment);
            self.bot_stops(moment);
        }
    }

    fn is_text_only(&self, llm: ServiceIndex) -> bool {
        !self.services.has(Role::Tts) && !self.services[llm].is_speech_to_speech
    }

    fn model(&mut self, source: ProcessorRef<'_>, kind: FrameKind) -> Option<ServiceIndex> {
        (self.services.role_of_pusher(source, kind) == Role::Llm).then(|| self.services.index_of(source))
    }

    pub(in super::super) fn open_call_or_new(&mut self, llm: ServiceIndex, moment: &mut Moment<'_>) {
        if self.open_call(llm).is_none() {
            self.turn_or_new(moment);
            self.begin_call(llm, Request::default(), moment);
        }
    }

    pub(in super::super) fn open_call(&mut self, llm: ServiceIndex) -> Option<&mut Call> {
        self.newest_call(llm).filter(|call| call.is_open())
    }

    /// The newest call of a model, in whichever turn.
    pub(in super::super) fn newest_call(&mut self, llm: ServiceIndex) -> Option<&mut Call> {
        self.turns_newest_first()
            .find_map(|turn| turn.calls.iter_mut().rev().find(|call| call.service == llm))
    }
}
