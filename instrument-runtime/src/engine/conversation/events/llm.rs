//! What language models answer.

use super::super::services::ServiceIndex;
use super::super::spans::{Call, Taken, Which};
use super::super::{Conversation, Moment};
use crate::engine::frame::{Delivery, FrameKind, FramePushed, ProcessorRef, Role, Spacing, TextChunk};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{LlmRequest, SpanKey};

impl Conversation {
    pub(in super::super) fn begin_call(
        &mut self,
        llm: ServiceIndex,
        request: LlmRequest,
        operations: Which,
        moment: &mut Moment<'_>,
    ) {
        let gathers = self.begun_turn(moment).gathers();
        let processor = self.services[llm].processor.clone();
        let key = self.new_key();
        let taken = self.goes_on_with(ServiceKind::Llm, &processor, key, operations);
        let (key, start) = taken.map_or((key, moment.now), |Taken { key, at }| (key, at));
        let mut call = Call::new(key, start, llm, processor, request, gathers);
        call.awaits_kind =
            taken.is_none() && self.may_speak_by_itself() && !self.services[llm].is_speech_to_speech;
        if let Some(heard) = self.take_heard_by(llm) {
            call.heard.push(&heard, Spacing::Between);
        }
        if let Some(early) = self.take_early_ttfb_of(llm, moment.now) {
            call.add_metric(&early.metric(&self.services[llm].processor.name));
        }
        let turn = self.begun_turn(moment);
        if !call.awaits_kind && taken.is_none() {
            turn.begin_call(&call, moment.spans);
        }
        turn.calls.push(call);
    }

    /// A model turns to something new. An answer that still streams goes on to its end: models work off one context
    /// after the other.
    pub(in super::super) fn supersede_calls(&mut self, llm: ServiceIndex, moment: &Moment<'_>) {
        let (now, last_interruption) = (moment.now, self.last_interruption);
        for turn in self.turns_newest_first() {
            for call in turn.calls.iter_mut().filter(|call| call.service == llm) {
                if !call.is_streaming(last_interruption) {
                    call.is_superseded(now);
                }
            }
        }
    }

    /// A response begins: that of the context that waits for one, else of nobody's. It never goes on with one that was
    /// cut.
    pub(in super::super) fn response_starts(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        let Some(llm) = self.model(source, FrameKind::LlmResponseStart) else { return };
        self.response_of(llm, moment);
        let now = moment.now;
        if let Some(call) = self.newest_call(llm) {
            call.response_started.get_or_insert(now);
        }
    }

    /// Makes sure that the newest call of a model is one whose response may begin now.
    pub(in super::super) fn response_of(&mut self, llm: ServiceIndex, moment: &mut Moment<'_>) {
        let now = moment.now;
        let can_take_it =
            self.newest_call(llm).is_some_and(|call| call.is_under_way() && call.first_token().is_none());
        let newest = self.newest_call(llm).map(|call| call.key);
        for turn in self.turns_newest_first() {
            let others = turn.calls.iter_mut().filter(|call| call.service == llm);
            for call in others.filter(|call| !can_take_it || Some(call.key) != newest) {
                if !call.is_interrupted() {
                    call.is_superseded(now);
                }
            }
        }
        if !can_take_it {
            self.begin_call(llm, LlmRequest::default(), Which::Any, moment);
        }
    }

    pub(in super::super) fn response_streams(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let Some(llm) = self.model(source, FrameKind::LlmText) else { return };
        if self.answering_call(llm).is_none() {
            self.begin_call(llm, LlmRequest::default(), Which::Any, moment);
        }
        let now = moment.now;
        let Some(call) = self.answering_call(llm) else { return };
        call.add_text(now, chunk);
        let call = call.key;
        if chunk.delivery == Delivery::Aloud {
            self.answer_is_given(call, moment);
        }
    }

    /// A piece of an answer that is streaming already, if that is all that `chunk` is; says whether it was.
    ///
    /// What it does then is the same whenever it comes: it is neither the first of its answer nor the first that
    /// synthesis is given, and its turn cannot end without a frame while it streams. What else may be due by now, the
    /// end of the bot's speech and the release of turns before, has nothing to do with it.
    pub(in super::super) fn response_just_streams(
        &mut self,
        hop: &FramePushed<'_>,
        chunk: &TextChunk<'_>,
    ) -> bool {
        if self.given.is_none() || self.services.role(hop.source) != Role::Llm {
            return false;
        }
        let calls = self.turn.iter_mut().flat_map(|turn| turn.calls.iter_mut().rev());
        let mut of_model = calls.filter(|call| call.processor.id == hop.source.id());
        let answering = of_model.find(|call| call.is_open() && call.response_started.is_some());
        let Some(call) = answering.filter(|call| call.just_streams()) else { return false };
        if self.seen.insert(self.now, hop) {
            call.add_more_text(chunk);
        }
        true
    }

    pub(in super::super) fn response_ends(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        let Some(llm) = self.model(source, FrameKind::LlmResponseEnd) else { return };
        let now = moment.now;
        let Some(call) = self.answering_call(llm) else { return };
        call.close(now);
        let has_said_something = call.has_words() && !call.is_interrupted();
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

    /// The call of a model whose answer is coming: one whose response has begun, else the newest that is open.
    pub(in super::super) fn answering_call(&mut self, llm: ServiceIndex) -> Option<&mut Call> {
        let open = || {
            let turns = self.turn.iter().chain(self.held.iter().rev());
            turns
                .flat_map(|turn| turn.calls.iter().rev())
                .filter(move |call| call.service == llm && call.is_open())
        };
        let key = open().find(|call| call.response_started.is_some()).or_else(|| open().next())?.key;
        self.call(key)
    }

    /// The call of a model that a measurement is of: the newest, unless that one waits behind another's answer.
    pub(in super::super) fn measured_call(&mut self, llm: ServiceIndex) -> Option<&mut Call> {
        let turns = self.turn.iter().chain(self.held.iter().rev());
        let mut calls = turns.flat_map(|turn| turn.calls.iter().rev()).filter(|call| call.service == llm);
        let newest = calls.next()?;
        let waits = newest.is_open() && newest.response_started.is_none();
        let before = calls.next().filter(|before| waits && before.answered_beyond(newest.start));
        let key = before.unwrap_or(newest).key;
        self.call(key)
    }

    /// The newest call of a model, in whichever turn.
    pub(in super::super) fn newest_call(&mut self, llm: ServiceIndex) -> Option<&mut Call> {
        self.turns_newest_first()
            .find_map(|turn| turn.calls.iter_mut().rev().find(|call| call.service == llm))
    }

    fn call(&mut self, key: SpanKey) -> Option<&mut Call> {
        self.turns_newest_first().find_map(|turn| turn.calls.iter_mut().rev().find(|call| call.key == key))
    }
}
