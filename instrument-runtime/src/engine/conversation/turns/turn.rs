//! One turn, from its start until its record is written.
//!
//! ```text
//!                 something happens in it            end                  limit reached, or
//!                 (its span starts)                                       late events had their time
//!   Silent ─────────────────────────▶ Started ─────────────▶ ended ───────────────────────────▶ into_record
//!     │                                 └─ children start, unless the sampler dropped the turn
//!     └──────────────────────────────────────────────────────▶ ended ─────▶ nothing is exported
//! ```
//!
//! See [Turns](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#turns).

use crate::engine::frame::{Spacing, TextChunk};
use crate::engine::record::{
    EndReason, Initiator, Recording, SpanDetails, SpanEventKind, SpanKey, SpanKind, SpanRecord, SpanSink,
    SpanStart, TurnNumber, TurnRecord, UserToBotLatency,
};
use crate::engine::text::{JoinedText, StreamedText};
use crate::engine::time::Time;

use super::Activity;
use super::floor::{Floor, TurnChange};
use super::wait::{Milestone, VoiceStop, Wait, Waiting};
use crate::engine::conversation::llm::NewMessage;
use crate::engine::conversation::span::{SpanError, SpanErrors};

/// One exchange between user and bot.
#[derive(Debug)]
pub(crate) struct Turn {
    number: TurnNumber,
    key: SpanKey,
    start: Time,
    floor: Floor,
    export: Export,
    /// The user's final transcripts.
    transcript: JoinedText,
    /// The new user message of the first LLM context. It is the input if there is no transcript.
    typed: Option<String>,
    had_context: bool,
    spoken: Vec<SpokenReply>,
    waiting: Waiting,
    /// Whether the user has spoken or typed before the bot made a sound.
    user_began: bool,
    bot_started: Option<Time>,
    wait: Option<Wait>,
    /// Errors that do not belong to any span below the turn.
    errors: SpanErrors,
    /// Errors after which the pipeline could not continue.
    fatal_errors: SpanErrors,
    ended: Option<TurnEnd>,
    /// The start of its latest child span.
    last_child_start: Time,
}

/// Whether the span of a turn has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Export {
    /// Nothing worth exporting has happened yet.
    Silent,
    Started(Recording),
}

/// The spoken text of one reply.
#[derive(Debug)]
struct SpokenReply {
    context_id: Option<String>,
    text: StreamedText,
}

/// The end of a turn.
#[derive(Debug, Clone, Copy)]
struct TurnEnd {
    at: Time,
    reason: EndReason,
    /// The latest time at which its spans are written.
    release_at: Time,
}

/// A span that starts within a turn.
#[derive(Debug)]
pub(crate) struct ChildSpan<'a> {
    pub(crate) key: SpanKey,
    pub(crate) kind: SpanKind,
    /// The parent within the same turn; `None` for the turn itself.
    pub(crate) parent: Option<SpanKey>,
    pub(crate) at: Time,
    /// The class of the service, or the name of the tool.
    pub(crate) name: &'a str,
}

impl Turn {
    pub(super) fn new(number: TurnNumber, key: SpanKey, start: Time, floor: Floor) -> Self {
        Self {
            number,
            key,
            start,
            floor,
            export: Export::Silent,
            transcript: JoinedText::default(),
            typed: None,
            had_context: false,
            spoken: Vec::new(),
            waiting: Waiting::default(),
            user_began: false,
            bot_started: None,
            wait: None,
            errors: SpanErrors::default(),
            fatal_errors: SpanErrors::default(),
            ended: None,
            last_child_start: start,
        }
    }

    pub(crate) fn number(&self) -> TurnNumber {
        self.number
    }

    pub(crate) fn key(&self) -> SpanKey {
        self.key
    }

    pub(crate) fn start(&self) -> Time {
        self.start
    }

    pub(crate) fn floor(&self) -> Floor {
        self.floor
    }

    /// Returns the user's transcripts so far.
    pub(crate) fn transcript(&self) -> &str {
        self.transcript.as_str()
    }

    /// Whether its span has started.
    pub(crate) fn has_started(&self) -> bool {
        self.export != Export::Silent
    }

    /// Returns how the sink records it; `No` while its span has not started.
    pub(crate) fn recording(&self) -> Recording {
        match self.export {
            Export::Silent => Recording::No,
            Export::Started(recording) => recording,
        }
    }

    /// Sets how the sink records it, once its span has started.
    pub(super) fn set_recording(&mut self, recording: Recording) {
        if let Export::Started(started) = &mut self.export {
            *started = recording;
        }
    }

    /// Whether the sampler dropped the turn: its children then have no spans.
    pub(crate) fn is_dropped(&self) -> bool {
        self.export == Export::Started(Recording::No)
    }

    /// Whether texts are recorded, and not only numbers.
    pub(crate) fn records_content(&self) -> bool {
        matches!(self.export, Export::Silent | Export::Started(Recording::Yes))
    }

    /// Returns when the bot was done: it has spoken, is silent, and no service is under way. The timeout counts from
    /// that time.
    pub(crate) fn done_at(&self, activity: impl FnOnce() -> Activity) -> Option<Time> {
        let silent = self.floor.silent_since()?;
        let activity = activity();
        (!activity.is_busy()).then(|| activity.last_end().map_or(silent, |end| end.max(silent)))
    }

    /// Returns when and why the turn ends if the user starts at `start`; `None` if the user continues it.
    pub(crate) fn end_at_user_start(&self, start: Time, activity: Activity) -> Option<(Time, EndReason)> {
        match self.floor.change_at_user_start() {
            TurnChange::Continues => None,
            TurnChange::Interrupted => Some((start, EndReason::Interrupted)),
            TurnChange::Completed { bot_stopped } => {
                // A time that was not observed is as late as it can be.
                let done = bot_stopped
                    .filter(|_| !activity.is_busy())
                    .map_or(start, |stopped| activity.last_end().map_or(stopped, |end| end.max(stopped)));
                Some((done.min(start), EndReason::Completed))
            }
        }
    }

    /// Handles an utterance that is assigned to this turn, with its words and the end of its voice so far.
    pub(crate) fn on_utterance(
        &mut self,
        words: &str,
        start: Time,
        transcript: Option<Milestone>,
        voice_stop: Option<VoiceStop>,
    ) {
        self.transcript.push(words, Spacing::Between);
        self.on_user();
        // Words of the user while the bot speaks (a back-channel) wait for nothing.
        if self.bot_started.is_none_or(|bot| start < bot) {
            self.waiting.on_utterance(start, transcript, voice_stop);
        }
    }

    /// Handles the end of the user's voice in this turn.
    pub(crate) fn on_voice_stop(&mut self, stop: VoiceStop) {
        self.waiting.on_voice_stop(stop);
    }

    /// Handles the announcement that the user has stopped.
    pub(crate) fn on_user_stopped(&mut self, stopped: Milestone) {
        self.waiting.on_user_stopped(stopped);
    }

    /// Adds a final transcript of this turn.
    pub(crate) fn on_transcript(&mut self, text: &str, transcript: Milestone) {
        self.transcript.push(text, Spacing::Between);
        self.on_user();
        self.waiting.on_transcript(transcript);
    }

    /// Handles a context that reaches a language model. The user message in the first one may have been typed.
    pub(crate) fn on_context(&mut self, new_message: Option<NewMessage>) {
        self.floor.on_context();
        if new_message.as_ref().is_some_and(NewMessage::is_typed) {
            self.on_user();
        }
        if !self.had_context {
            self.typed = new_message.map(NewMessage::into_text);
        }
        self.had_context = true;
    }

    /// Handles a request to a language model. `announces_user` states whether the framework announces the user's
    /// speech.
    pub(crate) fn on_request(&mut self, now: Time, announces_user: bool) {
        self.waiting.on_request(now, announces_user);
    }

    /// Handles the result of a tool call.
    pub(crate) fn on_tool_result(&mut self) {
        self.waiting.on_tool_result();
    }

    /// Handles the start of an LLM call.
    pub(crate) fn on_llm_call(&mut self) {
        self.waiting.on_llm_call();
    }

    /// Handles audio of a speech-to-speech model.
    pub(crate) fn on_live_audio(&mut self, audio: Milestone) {
        self.waiting.on_live_audio(audio);
    }

    fn on_user(&mut self) {
        self.user_began |= !self.floor.bot_has_spoken();
    }

    /// Handles the start of bot speech.
    pub(crate) fn on_bot_start(&mut self, started: Milestone) {
        self.floor.on_bot_start();
        if self.bot_started.is_none() {
            self.bot_started = Some(started.at);
            self.wait = self.waiting.until(started);
        }
    }

    pub(crate) fn on_bot_stop(&mut self, now: Time) {
        self.floor.on_bot_stop(now);
    }

    /// Adds spoken text to its reply.
    pub(crate) fn on_spoken_text(&mut self, chunk: &TextChunk<'_>) {
        if self.spoken.last().is_none_or(|last| last.context_id.as_deref() != chunk.context_id) {
            let context_id = chunk.context_id.map(str::to_owned);
            self.spoken.push(SpokenReply { context_id, text: StreamedText::default() });
        }
        if let Some(reply) = self.spoken.last_mut() {
            reply.text.push_delta(chunk);
        }
    }

    /// Returns the spoken text of each reply.
    pub(crate) fn spoken(&self) -> impl Iterator<Item = Option<String>> {
        self.spoken.iter().map(|reply| reply.text.to_text())
    }

    /// Handles an error that does not belong to any span below the turn.
    pub(crate) fn on_error(&mut self, error: SpanError, sink: &mut dyn SpanSink) {
        self.begin(sink);
        self.errors.push(error);
    }

    /// Handles an error after which the pipeline cannot continue. It determines the turn's status.
    pub(crate) fn on_fatal_error(&mut self, error: SpanError) {
        self.fatal_errors.push(error);
    }

    /// Starts its span, unless it has started.
    pub(crate) fn begin(&mut self, sink: &mut dyn SpanSink) {
        if self.export == Export::Silent {
            self.export = Export::Started(sink.start(SpanStart {
                key: self.key,
                kind: SpanKind::Turn,
                parent: None,
                at: self.start,
                name: String::new(),
                turn: self.number,
            }));
        }
    }

    /// Starts a span within it.
    pub(crate) fn begin_child(&mut self, child: &ChildSpan<'_>, sink: &mut dyn SpanSink) {
        self.begin(sink);
        let at = child.at.max(self.start);
        self.last_child_start = self.last_child_start.max(at);
        if !self.is_dropped() {
            sink.start(SpanStart {
                key: child.key,
                kind: child.kind,
                parent: Some(child.parent.unwrap_or(self.key)),
                at,
                name: child.name.to_owned(),
                turn: self.number,
            });
        }
    }

    /// Ends the turn. Returns its end, which is not before its start.
    pub(super) fn on_end(&mut self, at: Time, reason: EndReason, release_at: Time) -> Time {
        let at = at.max(self.start);
        self.ended = Some(TurnEnd { at, reason, release_at });
        at
    }

    /// Moves the end to `start` of the next turn, if that is earlier: a start may be detected late.
    pub(super) fn on_next_turn(&mut self, start: Time) -> Option<Time> {
        let ended = self.ended.as_mut()?;
        ended.at = ended.at.min(start).max(self.start);
        Some(ended.at)
    }

    /// Returns the latest time at which its spans are written; `None` before its end.
    pub(super) fn release_at(&self) -> Option<Time> {
        self.ended.map(|ended| ended.release_at)
    }

    /// Returns its end: not before its start, nor before the start of its latest child. A service may have started
    /// between the user's voice and the frame that announces the user.
    pub(crate) fn end(&self) -> Time {
        self.ended.map_or(self.start, |ended| ended.at).max(self.last_child_start)
    }

    /// Returns the user's wait for the bot; `None` if the bot began the turn or was silent in it.
    pub(crate) fn wait(&self) -> Option<Wait> {
        self.wait
    }

    /// Converts into a record that ends at `end`.
    pub(crate) fn into_record(
        self,
        end: Time,
        output: Option<String>,
        latency: Option<UserToBotLatency>,
        start_missed: bool,
    ) -> SpanRecord {
        let reason = self.ended.map_or(EndReason::Cancelled, |ended| ended.reason);
        let interrupted_at = (reason == EndReason::Interrupted).then_some(end);
        SpanRecord {
            key: self.key,
            start: self.start,
            end,
            status: self.fatal_errors.status(),
            events: self.errors.into_events([(interrupted_at, SpanEventKind::Interrupted)]),
            user_id: None,
            details: SpanDetails::Turn(TurnRecord {
                number: self.number,
                input: self.transcript.to_text().or(self.typed),
                output,
                end_reason: reason,
                initiator: if self.user_began { Initiator::User } else { Initiator::Bot },
                latency,
                repeats: self.waiting.repeats(self.bot_started),
                start_missed,
            }),
        }
    }
}
