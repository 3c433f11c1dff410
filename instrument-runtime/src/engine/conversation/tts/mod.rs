//! Syntheses: the start of each one, and the assignment of replies and usage to syntheses.
//!
//! ```text
//!   context or speak frame ──▶ a new reply is requested ──▶ text is given ──▶ a synthesis starts ──▶ text, audio, usage
//! ```
//!
//! One reply is one `context_id`. Without ids, a reply lasts from one LLM context or speak frame to the next.
//!
//! See [TTS](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tts).

mod synthesis;

use std::time::Duration;

use crate::engine::frame::{Metric, TextChunk};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{SpanKey, TurnNumber};
use crate::engine::time::Time;

use super::effect::MetricPhase;
use super::operations::{Claimable, TracedOperation};
use super::processors::{ProcessorIndex, Processors};
use super::span::{SpanBase, SpanError, SpanKeys, is_open_or_just_closed, take_matching};
use super::turn_scope::TurnScope;
use super::turns::{Activity, MAX_SPANS_PER_TURN, SynthesisStart};

pub(super) use synthesis::Synthesis;
use synthesis::{GivenText, Reply};

/// The syntheses of open turns, oldest first, and the text for the next one.
#[derive(Debug, Default)]
pub(crate) struct Syntheses {
    spans: Vec<Synthesis>,
    reply: Reply,
    pending_text: Option<PendingText>,
    /// Characters for which usage was reported before their synthesis starts.
    pending_characters: Vec<(ProcessorIndex, u64)>,
    /// The time of the last `InterruptionFrame`.
    last_interruption: Option<Time>,
}

/// Text that was sent to synthesis and has no synthesis yet.
#[derive(Debug)]
struct PendingText {
    at: Time,
    text: GivenText,
}

/// The first sign of a synthesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstSign {
    /// Text to be synthesized, or already synthesized.
    Text,
    /// The service's start mark.
    Mark,
    /// Audio, or an error. The service had started earlier.
    Work,
}

/// Whether a reply needs a new synthesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextSynthesis {
    Existing,
    New,
    /// A new one. The service announced its start at this time, without a context id.
    StartedBefore(Time),
}

impl Syntheses {
    /// Handles an `InterruptionFrame`. Alone it interrupts nothing: Pipecat sends one at every user start.
    pub(super) fn on_interruption(&mut self, now: Time) {
        self.last_interruption = Some(now);
    }

    /// Handles the request for a reply, by an LLM context or a speak frame. Syntheses for a dead reply end.
    pub(super) fn on_reply_request(&mut self, now: Time) {
        self.reply.on_request();
        self.pending_text = None;
        self.spans.iter_mut().for_each(|synthesis| synthesis.on_next_reply(now));
    }

    /// Handles a speak frame, whose text is the next to be synthesized.
    pub(super) fn on_speak(&mut self, now: Time, text: Option<&str>) {
        self.pending_text = Some(PendingText { at: now, text: GivenText::Speak(text.map(str::to_owned)) });
    }

    /// Handles text of an LLM call. The first chunk marks the time from which synthesis may work on it.
    pub(super) fn on_answer_text(&mut self, now: Time, call: SpanKey) {
        self.pending_text.get_or_insert(PendingText { at: now, text: GivenText::Answer(call) });
    }

    /// Whether text waits for its synthesis.
    pub(super) fn has_pending_text(&self) -> bool {
        self.pending_text.is_some()
    }

    /// Whether the newest reply is dead: nothing of it will be audible.
    pub(super) fn reply_is_dead(&self) -> bool {
        self.reply.is_dead()
    }

    /// Decides whether the first sign of a reply starts a new synthesis.
    pub(super) fn next(&mut self, tts: ProcessorIndex, context_id: Option<&str>) -> NextSynthesis {
        if context_id.is_some() && self.latest(tts, context_id).is_some() {
            return NextSynthesis::Existing;
        }
        let reply = self.reply;
        let Some(latest) = self.latest(tts, None) else { return NextSynthesis::New };
        let may_continue = latest.is_for(reply) || !latest.is_over();
        if may_continue && context_id.is_none() {
            return NextSynthesis::Existing;
        }
        if may_continue && latest.is_unnamed() {
            latest.on_context_id(context_id);
            return NextSynthesis::Existing;
        }
        // A start without a context id was assigned to this reply. The context id shows that it belongs to another one.
        latest.on_foreign_restart().map_or(NextSynthesis::New, NextSynthesis::StartedBefore)
    }

    /// Whether audio that a service sends now belongs to a synthesis that has started.
    pub(super) fn takes_audio(&mut self, tts: ProcessorIndex) -> bool {
        let reply = self.reply;
        self.latest(tts, None).is_some_and(|latest| latest.is_for(reply) || latest.is_under_way())
    }

    /// Whether an error of a service belongs to a synthesis that has not started: text waits for it, and the service
    /// does not report its input.
    pub(super) fn fails_before_start(&mut self, tts: ProcessorIndex, processors: &Processors) -> bool {
        let reply = self.reply;
        self.latest(tts, None).is_none_or(|latest| !latest.is_for(reply))
            && self.pending_text.is_some()
            && !processors.reports_input(tts)
    }

    /// Starts a synthesis of the newest reply. It continues a matching traced operation.
    pub(super) fn start(
        &mut self,
        tts: ProcessorIndex,
        sign: FirstSign,
        at: Time,
        processors: &Processors,
        keys: &mut SpanKeys,
        scope: &mut TurnScope<'_>,
    ) {
        let processor = processors.description(tts).clone();
        let pending = self.pending_text.take();
        let at_work_since = pending
            .as_ref()
            .filter(|pending| sign.implies_earlier_work(&pending.text) && !processors.reports_input(tts))
            .map(|pending| pending.at);
        let start = at_work_since.map_or(at, |since| since.min(at));
        let key = keys.allocate();
        let claimed = scope.claim(ServiceKind::Tts, &processor, key, Claimable::Any);
        let span = SpanBase::continuing(claimed, key, start);
        let given = pending.map(|pending| pending.text);
        let mut synthesis = Synthesis::new(span, scope.number(), tts, processor, self.reply, given);
        if let Some(characters) = self.take_pending_characters(tts) {
            synthesis.on_characters(characters);
        }
        if claimed.is_none() {
            scope.start(&synthesis.child_span());
        }
        self.spans.push(synthesis);
    }

    /// Sets the context id of the latest synthesis, which has just started. `started` is an earlier start mark of the
    /// service.
    pub(super) fn on_named(&mut self, tts: ProcessorIndex, context_id: Option<&str>, started: Option<Time>) {
        if let Some(latest) = self.latest(tts, None) {
            latest.on_context_id(context_id);
            if let Some(at) = started {
                latest.on_start(at);
            }
        }
    }

    /// Handles text that a service reports as its input.
    pub(super) fn on_aggregated_text(&mut self, tts: ProcessorIndex, chunk: &TextChunk<'_>) {
        if let Some(synthesis) = self.latest(tts, chunk.context_id) {
            synthesis.on_aggregated_text(chunk);
        }
        self.charge_pending(tts, chunk.context_id);
    }

    /// Handles text that a service sends along with its audio.
    pub(super) fn on_synthesized_text(&mut self, tts: ProcessorIndex, chunk: &TextChunk<'_>) {
        if let Some(synthesis) = self.latest(tts, chunk.context_id) {
            synthesis.on_synthesized_text(chunk);
        }
    }

    /// Handles the start mark of a service.
    pub(super) fn on_start(&mut self, tts: ProcessorIndex, context_id: Option<&str>, now: Time) {
        let Some(synthesis) = self.latest(tts, context_id) else { return };
        let starts_again = synthesis.has_stopped();
        synthesis.on_start(now);
        if starts_again {
            self.charge_pending(tts, context_id);
        }
    }

    /// Handles the stop mark of a service.
    pub(super) fn on_stop(&mut self, tts: ProcessorIndex, context_id: Option<&str>, now: Time) {
        if let Some(synthesis) = self.latest(tts, context_id) {
            synthesis.on_stop(now);
        }
    }

    /// Handles audio that a service sent from `first` to `last`, audible from `audible_from` on.
    pub(super) fn on_audio(
        &mut self,
        tts: ProcessorIndex,
        first: Time,
        last: Time,
        duration: Duration,
        audible_from: Time,
    ) {
        if let Some(synthesis) = self.latest(tts, None) {
            synthesis.on_audio(first, last, duration, audible_from);
        }
    }

    /// Handles the end of bot speech, in which audio that was sent until `heard_until` was audible.
    pub(super) fn on_bot_stop(&mut self, heard_until: Time) {
        self.spans.iter_mut().for_each(|synthesis| synthesis.on_bot_stop(heard_until));
    }

    /// Whether audio of the newest reply of a turn has arrived. Further audio then changes only its duration.
    pub(super) fn has_audio(&self, turn: Option<TurnNumber>) -> bool {
        let newest = self.spans.last().filter(|synthesis| Some(synthesis.turn()) == turn);
        newest.is_some_and(|synthesis| {
            synthesis.first_audio().is_some() && synthesis.is_for(self.reply) && !synthesis.is_interrupted()
        })
    }

    /// Returns the turn of the reply with this context id; without an id, the turn of the latest synthesis.
    pub(super) fn turn_of(&self, context_id: Option<&str>) -> Option<TurnNumber> {
        self.spans.iter().rfind(|synthesis| synthesis.has_context(context_id)).map(Synthesis::turn)
    }

    /// Whether a turn other than `turn` has a synthesis for this reply.
    pub(super) fn is_of_other_turn(&self, context_id: &str, turn: Option<TurnNumber>) -> bool {
        self.spans
            .iter()
            .any(|synthesis| Some(synthesis.turn()) != turn && synthesis.has_context(Some(context_id)))
    }

    /// Whether any text of a reply was spoken in a turn.
    pub(super) fn is_spoken(&self, turn: TurnNumber, context_id: Option<&str>) -> bool {
        self.of_turn(turn).rfind(|of| of.has_context(context_id)).is_some_and(Synthesis::is_spoken)
    }

    /// Handles spoken text of a reply of a turn.
    pub(super) fn on_spoken_text(&mut self, turn: TurnNumber, chunk: &TextChunk<'_>) {
        let last_interruption = self.last_interruption;
        let is_of_reply =
            |synthesis: &&mut Synthesis| synthesis.turn() == turn && synthesis.has_context(chunk.context_id);
        if let Some(synthesis) = self.spans.iter_mut().rfind(is_of_reply) {
            synthesis.on_spoken_text(chunk, last_interruption);
        }
    }

    /// Handles a measurement other than characters. After a Cancel, it counts only for syntheses that had not stopped.
    pub(super) fn on_metric(&mut self, tts: ProcessorIndex, metric: &Metric<'_>, phase: MetricPhase) {
        let is_cancelled = phase == MetricPhase::Cancelled;
        let latest = self.latest(tts, None);
        if let Some(synthesis) = latest.filter(|synthesis| !is_cancelled || !synthesis.has_stopped()) {
            synthesis.on_metric(metric);
        }
    }

    /// Handles usage. It belongs to the synthesis under way, unless usage for all of its text was reported, or to an
    /// interrupted one without a stop mark; else to the next one.
    pub(super) fn on_characters(&mut self, tts: ProcessorIndex, characters: u64, phase: MetricPhase) {
        let (reply, is_cancelled) = (self.reply, phase == MetricPhase::Cancelled);
        let own = self.latest(tts, None).filter(|synthesis| {
            (synthesis.is_under_way() && !synthesis.is_fully_charged())
                || (synthesis.was_abandoned() && (synthesis.is_for(reply) || is_cancelled))
        });
        match own {
            Some(synthesis) => synthesis.on_characters(characters),
            None if is_cancelled => {}
            None => match self.pending_characters.iter_mut().find(|(of, _)| *of == tts) {
                Some((_, pending)) => *pending = pending.saturating_add(characters),
                None => self.pending_characters.push((tts, characters)),
            },
        }
    }

    /// Handles the end of a turn. Usage that still waits for a synthesis belongs to the last one of its service.
    pub(super) fn on_turn_end(&mut self, turn: TurnNumber) {
        let spans = &mut self.spans;
        self.pending_characters.retain(|&(tts, characters)| {
            let last = spans.iter_mut().rfind(|of| of.turn() == turn && of.service() == tts);
            last.is_none_or(|synthesis| {
                synthesis.on_characters(characters);
                false
            })
        });
    }

    /// Handles an error of a service. Returns the error if the latest synthesis is not open and has not just ended.
    pub(super) fn on_error(&mut self, tts: ProcessorIndex, error: SpanError, now: Time) -> Option<SpanError> {
        let is_open = |synthesis: &&mut Synthesis| {
            synthesis.is_under_way() || is_open_or_just_closed(synthesis.ended_at(), now)
        };
        match self.latest(tts, None).filter(is_open) {
            Some(synthesis) => {
                synthesis.on_error(error);
                None
            }
            None => Some(error),
        }
    }

    /// Handles the interruption of a turn by the user or a Cancel. With `reply_is_dead`, the bot was not done with its
    /// reply.
    pub(super) fn on_interrupt(
        &mut self,
        turn: TurnNumber,
        now: Time,
        bot_is_speaking: bool,
        reply_is_dead: bool,
    ) {
        let of_turn = self.spans.iter_mut().rev().filter(|synthesis| synthesis.turn() == turn);
        for (age, synthesis) in of_turn.enumerate() {
            synthesis.on_interrupt(now, bot_is_speaking, age == 0);
        }
        if reply_is_dead {
            self.reply.on_interrupt();
        }
    }

    /// Returns the synthesis of a turn that a TTS operation starting now may belong to, running or ended.
    pub(super) fn synthesis_of_operation(
        &self,
        operation: &TracedOperation,
        turn: TurnNumber,
    ) -> Option<SpanKey> {
        let may_be = |synthesis: &&Synthesis| {
            !synthesis.is_interrupted()
                && (synthesis.is_under_way() || synthesis.is_for(self.reply))
                && operation.may_be_of(synthesis.processor())
        };
        let open = self.of_turn(turn).rev().filter(may_be);
        open.min_by_key(|synthesis| !operation.is_exactly(synthesis.processor())).map(Synthesis::key)
    }

    /// Handles the failure of an operation that shares the span `key`.
    pub(super) fn on_operation_error(&mut self, key: SpanKey, error: SpanError) {
        if let Some(synthesis) = self.spans.iter_mut().find(|synthesis| synthesis.key() == key) {
            synthesis.on_error(error);
        }
    }

    pub(super) fn add_activity(&self, turn: TurnNumber, activity: &mut Activity) {
        self.of_turn(turn).for_each(|synthesis| activity.add(synthesis.is_under_way(), synthesis.ended_at()));
    }

    /// Whether a turn has reached the limit of spans of this kind.
    pub(super) fn is_full(&self, turn: TurnNumber) -> bool {
        self.spans.len() >= MAX_SPANS_PER_TURN && self.of_turn(turn).count() >= MAX_SPANS_PER_TURN
    }

    /// Returns the beginning of each synthesis of a turn.
    pub(super) fn starts(&self, turn: TurnNumber) -> impl Iterator<Item = SynthesisStart> {
        self.of_turn(turn).map(|synthesis| SynthesisStart {
            start: synthesis.start(),
            first_audio: synthesis.first_audio(),
            service: synthesis.processor().class.clone(),
        })
    }

    /// Removes the syntheses of a turn.
    pub(super) fn take(&mut self, turn: TurnNumber) -> Vec<Synthesis> {
        take_matching(&mut self.spans, |synthesis| synthesis.turn() == turn)
    }

    /// Removes the oldest synthesis of a turn.
    pub(super) fn take_oldest(&mut self, turn: TurnNumber) -> Option<Synthesis> {
        let oldest = self.spans.iter().position(|synthesis| synthesis.turn() == turn)?;
        Some(self.spans.remove(oldest))
    }

    /// Whether a turn has a synthesis.
    pub(super) fn has_syntheses(&self, turn: TurnNumber) -> bool {
        self.of_turn(turn).next().is_some()
    }

    fn of_turn(&self, turn: TurnNumber) -> impl DoubleEndedIterator<Item = &Synthesis> {
        self.spans.iter().filter(move |synthesis| synthesis.turn() == turn)
    }

    /// Returns the latest synthesis of a service, or its latest one for a reply.
    fn latest(&mut self, tts: ProcessorIndex, context_id: Option<&str>) -> Option<&mut Synthesis> {
        self.spans
            .iter_mut()
            .rfind(|synthesis| synthesis.service() == tts && synthesis.has_context(context_id))
    }

    /// Adds usage that was reported earlier to a reply that continues.
    fn charge_pending(&mut self, tts: ProcessorIndex, context_id: Option<&str>) {
        if self.latest(tts, context_id).is_some_and(|synthesis| !synthesis.is_interrupted())
            && let Some(characters) = self.take_pending_characters(tts)
            && let Some(synthesis) = self.latest(tts, context_id)
        {
            synthesis.on_characters(characters);
        }
    }

    fn take_pending_characters(&mut self, tts: ProcessorIndex) -> Option<u64> {
        let index = self.pending_characters.iter().position(|(of, _)| *of == tts)?;
        Some(self.pending_characters.remove(index).1)
    }
}

impl FirstSign {
    /// Whether this sign shows that the service has worked since it received `text`. For a streaming response, its own
    /// start mark is more precise.
    fn implies_earlier_work(self, text: &GivenText) -> bool {
        match text {
            GivenText::Speak(_) => self != Self::Text,
            GivenText::Answer(_) => self == Self::Work,
        }
    }
}
