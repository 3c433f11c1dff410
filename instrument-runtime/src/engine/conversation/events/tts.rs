//! What is asked of synthesis, and what it sends.

use super::super::services::ServiceIndex;
use super::super::spans::{Child, Synthesis, Taken, Wanted, Which};
use super::super::{AudioBatch, Conversation, Moment};
use crate::engine::frame::{Delivery, FrameKind, ProcessorRef, Role, Spacing, TextChunk};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{SpanKey, SpanKind};
use crate::engine::time::Time;

/// What synthesis was given and has not begun on.
#[derive(Debug)]
pub(in super::super) struct Given {
    at: Time,
    text: GivenText,
}

/// By whom synthesis was given its text.
#[derive(Debug)]
enum GivenText {
    /// By a speak frame; `None` where it does not tell.
    Spoken(Option<String>),
    /// By a language model: the answer of an invocation.
    AnswerOf(SpanKey),
}

/// What began a synthesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BegunBy {
    /// The text that the service says it was asked for, or has synthesized.
    Text,
    /// The service's own mark.
    Mark,
    /// Audio, or an error: the service had been at work before.
    Work,
}

impl Conversation {
    /// A text is to be spoken that no model wrote: a reply of its own.
    pub(in super::super) fn speech_is_asked_for(&mut self, text: Option<&str>, moment: &mut Moment<'_>) {
        self.turn_or_new(moment);
        self.reply_begins(moment);
        self.given = Some(Given { at: moment.now, text: GivenText::Spoken(text.map(str::to_owned)) });
    }

    /// The first of an answer comes, for synthesis to say.
    pub(in super::super) fn answer_is_given(&mut self, call: SpanKey, moment: &Moment<'_>) {
        self.given.get_or_insert(Given { at: moment.now, text: GivenText::AnswerOf(call) });
    }

    pub(in super::super) fn tts_is_asked(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let Some(tts) = self.synthesizer(source, FrameKind::AggregatedText) else { return };
        if chunk.delivery == Delivery::Silent {
            return;
        }
        self.services[tts].habits.tells_input = true;
        if let Some(synthesis) = self.synthesis_for(tts, chunk.context_id, BegunBy::Text, moment) {
            synthesis.add_aggregated(chunk);
        }
        self.charge_in_advance(tts, chunk.context_id);
    }

    pub(in super::super) fn tts_says(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        let index = self.services.index_of(source);
        self.services[index].habits.tells_input = true;
        self.services[index].habits.sends_text = true;
        if self.services[index].role == Role::Llm {
            self.model_says(source, chunk, moment);
            return;
        }
        if let Some(synthesis) = self.synthesis_for(index, chunk.context_id, BegunBy::Text, moment) {
            synthesis.add_synthesized(chunk);
        }
    }

    pub(in super::super) fn tts_starts(
        &mut self,
        source: ProcessorRef<'_>,
        context_id: Option<&str>,
        moment: &mut Moment<'_>,
    ) {
        if self.services.role_of_pusher(source, FrameKind::TtsStarted) == Role::Llm {
            self.model_starts_to_speak(source, moment);
            return;
        }
        let Some(tts) = self.synthesizer(source, FrameKind::TtsStarted) else { return };
        let Some(synthesis) = self.synthesis_for(tts, context_id, BegunBy::Mark, moment) else { return };
        let starts_again = synthesis.has_stopped();
        synthesis.starts(moment.now);
        if starts_again {
            self.charge_in_advance(tts, context_id);
        }
    }

    pub(in super::super) fn tts_stops(
        &mut self,
        source: ProcessorRef<'_>,
        context_id: Option<&str>,
        moment: &mut Moment<'_>,
    ) {
        let Some(tts) = self.synthesizer(source, FrameKind::TtsStopped) else { return };
        if let Some(synthesis) = self.newest_synthesis(tts, context_id) {
            synthesis.stops(moment.now);
        }
    }

    pub(in super::super) fn tts_sends_audio(&mut self, batch: &AudioBatch<'_>, moment: &mut Moment<'_>) {
        let tts = self.services.index_of(batch.source);
        let replies = self.replies;
        let has_one = self
            .newest_synthesis(tts, None)
            .is_some_and(|synthesis| synthesis.reply == replies || synthesis.is_under_way());
        if !has_one {
            self.begin_synthesis(tts, BegunBy::Work, batch.first, moment);
        }
        let heard_from = self.playback.reaches_ear_at(batch.first);
        if let Some(synthesis) = self.newest_synthesis(tts, None) {
            synthesis.add_audio(batch.first, batch.last, batch.duration, heard_from);
        }
    }

    /// A service that failed before it sent anything was at work on what it had been given.
    pub(in super::super) fn synthesis_that_failed(&mut self, tts: ServiceIndex, moment: &mut Moment<'_>) {
        if self.given.is_some() && !self.services[tts].habits.tells_input {
            self.begin_synthesis(tts, BegunBy::Work, moment.now, moment);
        }
    }

    /// The synthesis for a reply, begun if there is none; one reply is one context, or, without ids, what lies between
    /// two contexts of a model or speak frames.
    fn synthesis_for(
        &mut self,
        tts: ServiceIndex,
        context_id: Option<&str>,
        by: BegunBy,
        moment: &mut Moment<'_>,
    ) -> Option<&mut Synthesis> {
        self.make_sure_of_synthesis(tts, context_id, by, moment);
        self.newest_synthesis(tts, context_id)
    }

    /// What was paid for in advance was paid for what this reply goes on with.
    fn charge_in_advance(&mut self, tts: ServiceIndex, context_id: Option<&str>) {
        if self.newest_synthesis(tts, context_id).is_none_or(|synthesis| synthesis.is_cut()) {
            return;
        }
        let Some(characters) = self.take_pending_characters(tts) else { return };
        if let Some(synthesis) = self.newest_synthesis(tts, context_id) {
            synthesis.add_characters(characters);
        }
    }

    fn make_sure_of_synthesis(
        &mut self,
        tts: ServiceIndex,
        context_id: Option<&str>,
        by: BegunBy,
        moment: &mut Moment<'_>,
    ) {
        let replies = self.replies;
        let known = self
            .turns_newest_first()
            .any(|turn| context_id.is_some() && turn.syntheses.iter().any(|of| of.is_of(tts, context_id)));
        if known {
            return;
        }
        if let Some(newest) = self.newest_synthesis(tts, None) {
            let same_reply = newest.reply == replies || !newest.is_over();
            if context_id.is_none() && same_reply {
                return;
            }
            if context_id.is_some() && newest.context_id.is_none() && same_reply {
                newest.context_id = context_id.map(str::to_owned);
                return;
            }
            // A start that named no reply was taken for more of this one; the text shows that it was another's.
            if let Some(since) = newest.takes_back_new_start() {
                self.begin_synthesis(tts, by, since, moment);
                self.name_newest(tts, context_id);
                if let Some(synthesis) = self.newest_synthesis(tts, context_id) {
                    synthesis.starts(since);
                }
                return;
            }
        }
        self.begin_synthesis(tts, by, moment.now, moment);
        self.name_newest(tts, context_id);
    }

    fn name_newest(&mut self, tts: ServiceIndex, context_id: Option<&str>) {
        if let Some(synthesis) = self.newest_synthesis(tts, None) {
            synthesis.context_id = context_id.map(str::to_owned);
        }
    }

    fn begin_synthesis(&mut self, tts: ServiceIndex, by: BegunBy, at: Time, moment: &mut Moment<'_>) {
        let wanted = if self.reply_is_dead { Wanted::No } else { Wanted::Yes };
        let processor = self.services[tts].processor.clone();
        let given = self.given.take();
        let start = given
            .as_ref()
            .and_then(|given| self.at_work_since(tts, by, given))
            .map_or(at, |since| since.min(at));
        let key = self.new_key();
        self.begun_turn(moment);
        let taken = self.goes_on_with(ServiceKind::Tts, &processor, key, Which::Any);
        let (key, start) = taken.map_or((key, start), |Taken { key, at }| (key, at));
        let mut synthesis = Synthesis::new(key, start, tts, processor, self.replies, wanted);
        match given.map(|given| given.text) {
            Some(GivenText::Spoken(Some(text))) => synthesis.given.push(&text, Spacing::Between),
            Some(GivenText::AnswerOf(call)) => synthesis.says_answer_of = Some(call),
            Some(GivenText::Spoken(None)) | None => {}
        }
        if let Some(characters) = self.take_pending_characters(tts) {
            synthesis.add_characters(characters);
        }
        let turn = self.begun_turn(moment);
        let child = Child {
            key: synthesis.key,
            kind: SpanKind::Tts,
            parent: None,
            at: start,
            name: &synthesis.processor.class,
        };
        if taken.is_none() {
            turn.begin_child(&child, moment.spans);
        }
        turn.syntheses.push(synthesis);
    }

    /// Since when a service that does not tell what it was asked to say has been at work on what it was given. Of an
    /// answer that streams, a mark of its own tells better.
    fn at_work_since(&self, tts: ServiceIndex, by: BegunBy, given: &Given) -> Option<Time> {
        let was_at_work = match given.text {
            GivenText::Spoken(_) => by != BegunBy::Text,
            GivenText::AnswerOf(_) => by == BegunBy::Work,
        };
        (was_at_work && !self.services[tts].habits.tells_input).then_some(given.at)
    }

    /// The newest synthesis of a service, or the newest one for a reply.
    pub(in super::super) fn newest_synthesis(
        &mut self,
        tts: ServiceIndex,
        context_id: Option<&str>,
    ) -> Option<&mut Synthesis> {
        self.turns_newest_first()
            .find_map(|turn| turn.syntheses.iter_mut().rev().find(|of| of.is_of(tts, context_id)))
    }

    fn synthesizer(&mut self, source: ProcessorRef<'_>, kind: FrameKind) -> Option<ServiceIndex> {
        (self.services.role_of_pusher(source, kind) == Role::Tts).then(|| self.services.described(source))
    }
}
