//! What language models are sent.

use super::super::services::ServiceIndex;
use super::super::spans::{Gathers, Place, UserMessage, Utterance, Which};
use super::super::{Conversation, Moment};
use crate::engine::frame::{ChatContext, FramePushed, Role};
use crate::engine::record::LlmRequest;

/// How many contexts are remembered as having reached a model.
const REMEMBERED: usize = 64;

/// What a model was sent last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct LastContext {
    messages: usize,
    asked: Option<String>,
    /// How many final transcripts there had been.
    transcripts: u64,
}

/// A message of the user that a model has not been sent before, nor answered.
#[derive(Debug)]
struct New<'a> {
    message: &'a str,
    by: EnteredBy,
}

/// How a message of the user came into a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EnteredBy {
    /// It is the last message, and no transcript brought it.
    Typing,
    /// A transcript brought it, or other messages came after it.
    OtherMeans,
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
        let asked = context.and_then(UserMessage::last_of);
        let messages = context.map_or(0, ChatContext::message_count);
        let new = asked.as_ref().and_then(|asked| self.new_to(llm, messages, asked));
        let typed = new.as_ref().is_some_and(|new| new.by == EnteredBy::Typing);
        let new_message = new.map(|new| new.message.to_owned());
        if typed && self.turn.as_ref().is_some_and(|turn| turn.floor.bot_was_heard()) {
            self.user_takes_turn(moment.now, moment);
        }
        let gathers = self.begun_turn(moment).gathers();
        if self.utterance.as_ref().is_some_and(Utterance::has_words) {
            self.take_utterance_into_turn(moment);
        }
        self.remember_context(llm, messages, asked.as_ref());
        self.reply_begins(moment);
        let limit = self.config.attribute_limit;
        let request = context
            .filter(|_| gathers == Gathers::Everything)
            .map(|context| LlmRequest::copy(context, asked.as_ref(), limit))
            .unwrap_or_default();
        self.supersede_calls(llm, moment);
        self.begin_call(llm, request, Which::UnderWay, moment);
        if let Some(turn) = &mut self.turn {
            if !turn.had_context {
                turn.typed = new_message;
            }
            turn.had_context = true;
        }
    }

    fn new_to<'a>(&self, llm: ServiceIndex, messages: usize, asked: &'a UserMessage) -> Option<New<'a>> {
        let last = self.last_contexts.iter().find(|(of, _)| *of == llm).map(|(_, last)| last);
        let is_known =
            last.is_some_and(|last| last.messages == messages && last.asked.as_ref() == Some(&asked.text));
        if is_known || asked.place == Place::Answered {
            return None;
        }
        let was_said = self.heard.has_brought(&asked.text, last.map_or(0, |last| last.transcripts));
        let by =
            if asked.place == Place::Last && !was_said { EnteredBy::Typing } else { EnteredBy::OtherMeans };
        Some(New { message: &asked.text, by })
    }

    fn remember_context(&mut self, llm: ServiceIndex, messages: usize, asked: Option<&UserMessage>) {
        let transcripts = self.heard.count();
        let last = LastContext { messages, asked: asked.map(|asked| asked.text.clone()), transcripts };
        self.last_contexts.retain(|(of, _)| *of != llm);
        self.last_contexts.push((llm, last));
    }

    /// A new reply has been asked for: what was cut before is no longer of interest.
    pub(in super::super) fn reply_begins(&mut self, moment: &Moment<'_>) {
        self.replies += 1;
        self.reply_is_dead = false;
        self.given = None;
        self.pending_spoken.clear();
        let now = moment.now;
        for turn in self.turns_newest_first() {
            turn.syntheses.iter_mut().for_each(|synthesis| synthesis.is_superseded(now));
        }
    }
}
