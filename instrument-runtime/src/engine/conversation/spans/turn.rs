//! A turn with all that happened in it, from its start until its spans are let go.

use crate::engine::frame::{Spacing, TextChunk};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{
    EndReason, LatencySource, Recording, SpanKey, SpanKind, SpanSink, SpanStart, TurnNumber,
};
use crate::engine::text::{JoinedText, StreamedText};
use crate::engine::time::Time;
use crate::engine::turn::Floor;

use super::call::{Call, Gathers};
use super::fault::Faults;
use super::latency::Waited;
use super::operations::{Taken, Which, Work};
use super::synthesis::Synthesis;
use super::tool::Tool;
use super::utterance::Utterance;

/// One exchange between user and bot.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) number: TurnNumber,
    pub(crate) key: SpanKey,
    pub(crate) start: Time,
    pub(crate) floor: Floor,
    pub(crate) export: Export,
    /// What the user said, as transcripts tell.
    pub(crate) heard: JoinedText,
    /// What the user typed, as the first context tells; counts where nothing was heard.
    pub(crate) typed: Option<String>,
    pub(crate) had_context: bool,
    /// What the bot was heard to say, reply by reply.
    spoken: Vec<Spoken>,
    /// When the user's voice ended, as voice activity tells.
    pub(crate) voice_end: Option<Time>,
    pub(crate) user_stopped: Option<Time>,
    pub(crate) bot_started: Option<Time>,
    pub(crate) waited: Option<Waited>,
    pub(crate) utterances: Vec<Utterance>,
    pub(crate) calls: Vec<Call>,
    pub(crate) syntheses: Vec<Synthesis>,
    pub(crate) tools: Vec<Tool>,
    /// What the code around services tells of their work.
    pub(crate) operations: Vec<Work>,
    /// Errors that belong to no span below.
    pub(crate) faults: Faults,
    /// An error after which the pipeline could not go on.
    pub(crate) fatal: Faults,
    pub(crate) ended: Option<Ended>,
    /// When the newest of its spans began.
    newest_start: Time,
}

/// Whether a turn's span has begun: it does once something worth telling happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Export {
    /// Nothing yet.
    NotYet,
    /// It has begun.
    StartedOperation(Recording),
}

/// What was heard of one reply.
#[derive(Debug)]
struct Spoken {
    context_id: Option<String>,
    text: StreamedText,
}

/// A span that begins within a turn.
#[derive(Debug)]
pub(crate) struct Child<'a> {
    pub(crate) key: SpanKey,
    pub(crate) kind: SpanKind,
    /// The span of the same turn that it belongs under; the turn itself, if none.
    pub(crate) parent: Option<SpanKey>,
    pub(crate) at: Time,
    pub(crate) name: &'a str,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) at: Time,
    pub(crate) reason: EndReason,
    /// When its spans are let go, should nothing come that does so earlier.
    pub(crate) release_at: Time,
}

impl Turn {
    pub(crate) fn new(number: TurnNumber, key: SpanKey, start: Time) -> Self {
        Self {
            number,
            key,
            start,
            floor: Floor::Waiting,
            export: Export::NotYet,
            heard: JoinedText::default(),
            typed: None,
            had_context: false,
            spoken: Vec::new(),
            voice_end: None,
            user_stopped: None,
            bot_started: None,
            waited: None,
            utterances: Vec::new(),
            calls: Vec::new(),
            syntheses: Vec::new(),
            tools: Vec::new(),
            operations: Vec::new(),
            faults: Faults::default(),
            fatal: Faults::default(),
            ended: None,
            newest_start: start,
        }
    }

    /// What is gathered of its spans.
    pub(crate) fn gathers(&self) -> Gathers {
        match self.export {
            Export::NotYet | Export::StartedOperation(Recording::Yes) => Gathers::Everything,
            Export::StartedOperation(Recording::MetricsOnly | Recording::No) => Gathers::Nothing,
        }
    }

    /// Whether its spans are told, if only for their numbers.
    pub(crate) fn is_recorded(&self) -> bool {
        self.export != Export::StartedOperation(Recording::No)
    }

    /// The bot is to be heard.
    pub(crate) fn bot_starts(&mut self, now: Time) {
        self.floor.bot_starts();
        if self.bot_started.is_none() {
            self.bot_started = Some(now);
            self.waited = self
                .voice_end
                .map(|end| (end, LatencySource::Vad))
                .or(self.user_stopped.map(|end| (end, LatencySource::UserStopped)))
                .map(|(since, source)| Waited { since, until: now, source });
        }
    }

    /// The bot is heard to say something.
    pub(crate) fn speaks(&mut self, chunk: &TextChunk<'_>) {
        if self.spoken.last().is_none_or(|last| last.context_id.as_deref() != chunk.context_id) {
            let context_id = chunk.context_id.map(str::to_owned);
            self.spoken.push(Spoken { context_id, text: StreamedText::default() });
        }
        if let Some(reply) = self.spoken.last_mut() {
            reply.text.push_delta(chunk);
        }
    }

    /// The synthesis of the reply that is named; the newest one, if none is.
    pub(crate) fn reply(&self, context_id: Option<&str>) -> Option<&Synthesis> {
        self.syntheses
            .iter()
            .rev()
            .find(|synthesis| context_id.is_none() || synthesis.context_id.as_deref() == context_id)
    }

    /// The bot is heard to say something of a reply.
    pub(crate) fn speaks_of_reply(&mut self, chunk: &TextChunk<'_>, last_interruption: Option<Time>) {
        self.speaks(chunk);
        let of_reply = |synthesis: &&mut Synthesis| {
            chunk.context_id.is_none() || synthesis.context_id.as_deref() == chunk.context_id
        };
        if let Some(synthesis) = self.syntheses.iter_mut().rev().find(of_reply) {
            synthesis.is_heard(chunk, last_interruption);
        }
    }

    /// What was heard of the bot, reply by reply.
    pub(crate) fn spoken(&self) -> impl Iterator<Item = &StreamedText> {
        self.spoken.iter().map(|spoken| &spoken.text)
    }

    /// Whether a language model, a tool or a synthesis is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.calls.iter().any(Call::is_under_way)
            || self.tools.iter().any(Tool::is_under_way)
            || self.syntheses.iter().any(Synthesis::is_under_way)
            || self.has_own_operation()
    }

    /// When the last of its language models, tools and syntheses ended.
    pub(crate) fn services_end(&self) -> Option<Time> {
        let calls = self.calls.iter().filter_map(Call::ended);
        let tools = self.tools.iter().filter_map(Tool::ended);
        let syntheses = self.syntheses.iter().filter_map(Synthesis::ended);
        calls.chain(tools).chain(syntheses).chain(self.own_operations_end()).max()
    }

    /// When the bot was done: it has spoken, is silent, and nothing is under way.
    pub(crate) fn bot_done_at(&self) -> Option<Time> {
        let silent = self.floor.silent_since()?;
        (!self.is_busy()).then(|| self.services_end().map_or(silent, |services| services.max(silent)))
    }

    /// The user spoke, or a cancel came: what is under way was cut.
    pub(crate) fn cut(&mut self, now: Time) {
        for call in &mut self.calls {
            call.cut(now);
        }
        let was_speaking = self.floor == Floor::Speaking;
        let last = self.syntheses.len().saturating_sub(1);
        for (index, synthesis) in self.syntheses.iter_mut().enumerate() {
            let being_spoken = was_speaking && (index == last || !synthesis.is_spoken_out());
            if synthesis.is_under_way() || synthesis.is_announced_only() || being_spoken {
                synthesis.cut(now);
            }
        }
        self.cut_operations(now);
    }

    /// Whether its span has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.export != Export::NotYet
    }

    /// Something worth telling happens: the turn's span begins, if it has not yet.
    pub(crate) fn begin(&mut self, spans: &mut dyn SpanSink) {
        if self.export == Export::NotYet {
            self.export = Export::StartedOperation(spans.start(SpanStart {
                key: self.key,
                kind: SpanKind::Turn,
                parent: None,
                at: self.start,
                name: String::new(),
                turn: self.number,
            }));
        }
    }

    /// A span begins within it.
    pub(crate) fn begin_child(&mut self, child: &Child<'_>, spans: &mut dyn SpanSink) {
        self.begin(spans);
        let at = child.at.max(self.start);
        self.newest_start = self.newest_start.max(at);
        if self.is_recorded() {
            spans.start(SpanStart {
                key: child.key,
                kind: child.kind,
                parent: Some(child.parent.unwrap_or(self.key)),
                at,
                name: child.name.to_owned(),
                turn: self.number,
            });
        }
    }

    /// The span of an utterance begins, once its service is known.
    pub(crate) fn begin_utterance(&mut self, utterance: &mut Utterance, spans: &mut dyn SpanSink) {
        if utterance.begun || !utterance.is_speech() {
            return;
        }
        if let Some((_, processor)) = &utterance.service {
            utterance.begun = true;
            let taken = self.take_operation(ServiceKind::Stt, processor, utterance.key, Which::Any);
            if let Some(Taken { key, at }) = taken {
                (utterance.key, utterance.start) = (key, at);
                return;
            }
            let child = Child {
                key: utterance.key,
                kind: SpanKind::Stt,
                parent: None,
                at: utterance.start,
                name: &processor.class,
            };
            self.begin_child(&child, spans);
        }
    }

    /// An utterance turns out to be of this turn.
    pub(crate) fn takes_in(&mut self, utterance: &mut Utterance) {
        utterance.turn = Some(self.number);
        utterance.start = utterance.start.max(self.start);
        self.heard.push(utterance.words(), Spacing::Between);
        if let Some(stop) = utterance.voice_stop {
            self.voice_end = Some(stop.voice_end);
        }
    }

    /// When it ended; not before it began, nor before anything in it did: what a service began between the user's voice
    /// and the frame that announces it is still of this turn.
    pub(crate) fn end(&self) -> Time {
        self.ended.map_or(self.start, |ended| ended.at).max(self.newest_start)
    }

    /// The span of an invocation begins, whatever its service turns out to be: something belongs under it.
    pub(crate) fn begin_awaiting_call(&mut self, index: usize, spans: &mut dyn SpanSink) {
        if std::mem::take(&mut self.calls[index].awaits_kind) {
            let call = self.calls.remove(index);
            self.begin_call(&call, spans);
            self.calls.insert(index, call);
        }
    }

    /// The span of an invocation begins.
    pub(crate) fn begin_call(&mut self, call: &Call, spans: &mut dyn SpanSink) {
        let child = Child {
            key: call.key,
            kind: SpanKind::Llm,
            parent: None,
            at: call.start,
            name: &call.processor.class,
        };
        self.begin_child(&child, spans);
    }
}
