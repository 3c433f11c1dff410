//! What language models are sent and answer.

use super::super::services::ServiceIndex;
use super::super::spans::{Call, last_user_message};
use super::super::{Conversation, Moment};
use crate::core::frame::{
    ChatContext, FrameKind, FramePushed, ProcessorRef, Role, Spacing, TextChunk, Transcript,
};
use crate::core::record::Request;

/// How many contexts are remembered as having reached a model.
const REMEMBERED: usize = 64;

/// What a model was sent last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct LastContext {
    messages: usize,
    last_user_message: Option<String>,
    /// How many final transcripts there had been.
    transcripts: u64,
}

/// What a context brings that the one before it did not.
#[derive(Debug, Default)]
struct News {
    /// A message of the user that the model has not been sent before.
    user_message: Option<String>,
    /// It is the last message, and no transcript brought it: the user typed it.
    is_typed: bool,
}

impl Conversation {
    /// A hop of a context. It is a request where it reaches a model, once for each.
    pub(in super::super) fn context_passes(
        &mut self,
        hop: &FramePushed<'_>,
        context: Option<&dyn ChatContext>,
        moment: &mut Moment<'_>,
    ) {
        if self.services.role(hop.destination) != Role::Llm {
            return;
        }
        let llm = self.services.described(hop.destination);
        if let Some(id) = hop.id {
            if self.contexts_seen.contains(&(id, llm)) {
                return;
            }
            if self.contexts_seen.len() == REMEMBERED {
                self.contexts_seen.pop_front();
            }
            self.contexts_seen.push_back((id, llm));
        }
        // A model that hears and speaks by itself is sent a context after each reply, which is no request.
        if !self.services[llm].is_speech_to_speech {
            self.model_is_asked(llm, context, moment);
        }
    }

    fn model_is_asked(
        &mut self,
        llm: ServiceIndex,
        context: Option<&dyn ChatContext>,
        moment: &mut Moment<'_>,
    ) {
        let news = context.map(|context| self.news_of(llm, context)).unwrap_or_default();
        if news.is_typed && self.turn.as_ref().is_some_and(|turn| turn.floor.bot_was_heard()) {
            self.user_takes_turn(moment.now, moment);
        }
        self.turn_or_new(moment);
        if self.utterance.as_ref().is_some_and(super::super::spans::utterance::Utterance::has_words) {
            self.take_utterance_into_turn(moment);
        }
        self.remember_context(llm, context);
        self.reply_begins(moment);
        let recorded = self.turn.as_ref().is_none_or(super::super::spans::Turn::is_recorded);
        let limit = self.config.attribute_limit;
        let request =
            context.filter(|_| recorded).map(|context| Request::copy(context, limit)).unwrap_or_default();
        self.begin_call(llm, request, moment);
        if let Some(turn) = &mut self.turn {
            if !turn.had_context {
                turn.typed = news.user_message;
            }
            turn.had_context = true;
        }
    }

    fn news_of(&self, llm: ServiceIndex, context: &dyn ChatContext) -> News {
        let last = self.last_contexts.iter().find(|(of, _)| *of == llm).map(|(_, last)| last);
        let count = context.message_count();
        let ends_with_user = count > 0 && context.role(count - 1) == "user";
        let user_message = last_user_message(context)
            .filter(|message| {
                last.is_none_or(|last| {
                    last.messages != count || last.last_user_message.as_ref() != Some(message)
                })
            })
            .filter(|_| ends_with_user || last.is_none());
        let transcripts = last.map_or(0, |last| last.transcripts);
        let is_typed = ends_with_user
            && user_message.as_deref().is_some_and(|message| !self.heard.has_brought(message, transcripts));
        News { user_message, is_typed }
    }

    fn remember_context(&mut self, llm: ServiceIndex, context: Option<&dyn ChatContext>) {
        let last = LastContext {
            messages: context.map_or(0, ChatContext::message_count),
            last_user_message: context.and_then(last_user_message),
            transcripts: self.heard.count(),
        };
        self.last_contexts.retain(|(of, _)| *of != llm);
        self.last_contexts.push((llm, last));
    }

    /// A new reply has been asked for: what was cut before is no longer of interest.
    pub(in super::super) fn reply_begins(&mut self, moment: &Moment<'_>) {
        self.replies += 1;
        self.reply_is_dead = false;
        self.given = None;
        let now = moment.now;
        for turn in self.turns_newest_first() {
            turn.syntheses.iter_mut().for_each(|synthesis| synthesis.is_superseded(now));
        }
    }

    fn begin_call(&mut self, llm: ServiceIndex, request: Request, moment: &mut Moment<'_>) {
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
        if let Some(call) = self.open_call(llm) {
            call.add_text(now, chunk);
        }
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
    fn may_speak_by_itself(&self) -> bool {
        !self.services.has(Role::Stt)
            && !self.services.has(Role::Tts)
            && self.services.has(Role::OutputTransport)
    }

    fn is_text_only(&self, llm: ServiceIndex) -> bool {
        !self.services.has(Role::Tts) && !self.services[llm].is_speech_to_speech
    }

    fn take_heard_by(&mut self, llm: ServiceIndex) -> Option<String> {
        let index = self.heard_by_models.iter().position(|(of, _)| *of == llm)?;
        Some(self.heard_by_models.remove(index).1)
    }

    fn model(&mut self, source: ProcessorRef<'_>, kind: FrameKind) -> Option<ServiceIndex> {
        (self.services.role_of_pusher(source, kind) == Role::Llm).then(|| self.services.index_of(source))
    }

    fn open_call_or_new(&mut self, llm: ServiceIndex, moment: &mut Moment<'_>) {
        if self.open_call(llm).is_none() {
            self.turn_or_new(moment);
            self.begin_call(llm, Request::default(), moment);
        }
    }

    fn open_call(&mut self, llm: ServiceIndex) -> Option<&mut Call> {
        self.newest_call(llm).filter(|call| call.is_open())
    }

    /// The newest call of a model, in whichever turn.
    pub(in super::super) fn newest_call(&mut self, llm: ServiceIndex) -> Option<&mut Call> {
        self.turns_newest_first()
            .find_map(|turn| turn.calls.iter_mut().rev().find(|call| call.service == llm))
    }
}
