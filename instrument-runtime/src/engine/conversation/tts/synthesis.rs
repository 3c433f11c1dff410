//! One synthesis: the text of one reply turned into audio.
//!
//! ```text
//!   text or start of the service     stop of the service, or
//!   (or its audio, if it marks       its last audio
//!   nothing)
//!  ───────────────────────────▶ open ───────────────────▶ ended ──▶ its turn's spans are written
//!                                │ ▲  more for the same reply  │
//!                                │ └───────────────────────────┘
//!                                ├──▶ interrupted: the user speaks, or a Cancel comes
//!                                └──▶ broken off: its service failed, or the bot fell silent without a stop mark
//! ```
//!
//! A synthesis that was broken off continues if more of it comes.
//!
//! # Interruption
//!
//! This module alone sets `tts.interrupted`:
//!
//! ```text
//!                                     user speaks, Cancel: while it is under way, announced, or
//!   started for a live reply          not spoken to its end by a speaking bot
//!  ──────────────────────────▶ None ◀──────────────────────────────▶ At(time)
//!                                     it is spoken to its end after all, with no InterruptionFrame since
//!
//!   started for a dead reply                        next reply
//!  ──────────────────────────▶ Unwanted{ended: no} ────────────▶ Unwanted{ended: then}
//! ```
//!
//! A [reply](Reply) is dead from its interruption, if the bot was not done with it, until the request for the next
//! reply.
//!
//! See [TTS](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tts).

use std::sync::Arc;
use std::time::Duration;

use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::conversation::span::{SpanBase, SpanError};
use crate::engine::conversation::turns::ChildSpan;
use crate::engine::frame::{Measurement, Metric, Processor, Spacing, TextChunk};
use crate::engine::measurements::{MeasuredTimes, Measurements};
use crate::engine::record::{
    SpanDetails, SpanEventKind, SpanKey, SpanKind, SpanRecord, TtsRecord, TurnNumber,
};
use crate::engine::text::{JoinedText, StreamedText};
use crate::engine::time::Time;

/// The newest reply: its number, counted by requests, and whether it is dead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reply {
    number: u64,
    is_dead: bool,
}

/// The text of one reply turned into audio.
#[derive(Debug)]
pub(crate) struct Synthesis {
    span: SpanBase,
    turn: TurnNumber,
    service: ProcessorIndex,
    processor: Arc<Processor>,
    context_id: Option<String>,
    /// The number of the newest reply when it started.
    reply: u64,
    input: Input,
    /// Text that was spoken, as the output transport reports it.
    spoken: StreamedText,
    /// The number of characters of input that the service announced.
    announced_characters: u64,
    measurements: Measurements,
    interruption: Interruption,
    marks: Marks,
    audio: SentAudio,
    /// Set while no more is expected, although its service sent no stop mark.
    broken_off: Option<BreakOff>,
}

/// The input text of a synthesis by source, best first.
#[derive(Debug, Default)]
struct Input {
    /// `AggregatedTextFrame`s of the service.
    aggregated: StreamedText,
    /// `TTSTextFrame`s of the service.
    synthesized: StreamedText,
    /// A speak frame, or LLM text.
    given: JoinedText,
    /// The LLM call whose response is the input, if no other source has text.
    response_of: Option<SpanKey>,
}

/// The audio of a synthesis.
#[derive(Debug, Default)]
struct SentAudio {
    first: Option<Time>,
    last: Option<Time>,
    duration: Duration,
    /// When its first audio became audible, after all earlier audio.
    audible_from: Option<Time>,
    /// Whether the bot has fallen silent after the last of it.
    is_heard: bool,
}

/// The reason why no more of a synthesis is expected, and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BreakOff {
    /// The service reported an error.
    Failed { end: Time },
    /// The bot fell silent: the connection to the service was lost.
    Lost { end: Time },
}

/// Whether a synthesis was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interruption {
    None,
    /// The user spoke, or a Cancel came.
    At(Time),
    /// It started for a dead reply, and ended with the request for the next reply or with an interruption.
    Unwanted {
        ended: Option<Time>,
    },
}

/// The start and stop marks of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// No marks: its audio shows start and end.
    None,
    Started,
    Stopped(Time),
    /// It started again after a stop, apparently for the same reply.
    Restarted {
        stopped: Time,
        at: Time,
    },
}

/// The text that was sent to a synthesis.
#[derive(Debug)]
pub(super) enum GivenText {
    /// The text of a speak frame; `None` if the frame has none.
    Speak(Option<String>),
    /// The response of an LLM call.
    Answer(SpanKey),
}

impl Reply {
    pub(super) fn is_dead(self) -> bool {
        self.is_dead
    }

    /// Handles the request for the next reply.
    pub(super) fn on_request(&mut self) {
        *self = Self { number: self.number + 1, is_dead: false };
    }

    /// Handles an interruption before the bot was done.
    pub(super) fn on_interrupt(&mut self) {
        self.is_dead = true;
    }
}

impl Synthesis {
    /// Creates a synthesis for `reply`.
    pub(super) fn new(
        span: SpanBase,
        turn: TurnNumber,
        service: ProcessorIndex,
        processor: Arc<Processor>,
        reply: Reply,
        given: Option<GivenText>,
    ) -> Self {
        let mut input = Input::default();
        match given {
            Some(GivenText::Speak(Some(text))) => input.given.push(&text, Spacing::Between),
            Some(GivenText::Answer(call)) => input.response_of = Some(call),
            Some(GivenText::Speak(None)) | None => {}
        }
        Self {
            span,
            turn,
            service,
            processor,
            context_id: None,
            reply: reply.number,
            input,
            spoken: StreamedText::default(),
            announced_characters: 0,
            measurements: Measurements::default(),
            interruption: if reply.is_dead {
                Interruption::Unwanted { ended: None }
            } else {
                Interruption::None
            },
            marks: Marks::None,
            audio: SentAudio::default(),
            broken_off: None,
        }
    }

    pub(crate) fn key(&self) -> SpanKey {
        self.span.key()
    }

    pub(super) fn start(&self) -> Time {
        self.span.start()
    }

    pub(super) fn turn(&self) -> TurnNumber {
        self.turn
    }

    pub(crate) fn service(&self) -> ProcessorIndex {
        self.service
    }

    pub(super) fn processor(&self) -> &Processor {
        &self.processor
    }

    pub(super) fn child_span(&self) -> ChildSpan<'_> {
        ChildSpan {
            key: self.span.key(),
            kind: SpanKind::Tts,
            parent: None,
            at: self.span.start(),
            name: &self.processor.class,
        }
    }

    /// Whether it belongs to the reply with this context id; `true` if there is no id.
    pub(super) fn has_context(&self, context_id: Option<&str>) -> bool {
        context_id.is_none() || self.context_id.as_deref() == context_id
    }

    pub(super) fn is_unnamed(&self) -> bool {
        self.context_id.is_none()
    }

    /// Whether it started for the newest reply.
    pub(super) fn is_for(&self, reply: Reply) -> bool {
        self.reply == reply.number
    }

    pub(super) fn has_stopped(&self) -> bool {
        matches!(self.marks, Marks::Stopped(_))
    }

    /// Whether its turn must stay open for it: it has started, has neither stopped nor broken off, and its reply is not
    /// dead.
    pub(super) fn is_under_way(&self) -> bool {
        let is_marked = matches!(self.marks, Marks::Started | Marks::Restarted { .. });
        is_marked && self.broken_off.is_none() && !self.is_interrupted()
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interruption != Interruption::None
    }

    /// Whether it was interrupted and its service sent no stop mark. Further usage then belongs to it.
    pub(super) fn was_abandoned(&self) -> bool {
        self.is_interrupted() && !self.has_stopped()
    }

    /// Whether no more of it will come.
    pub(super) fn is_over(&self) -> bool {
        self.has_stopped() || self.is_interrupted() || self.broken_off.is_some()
    }

    pub(super) fn ended_at(&self) -> Option<Time> {
        let interrupted = self.interrupted_at();
        let before_interruption = |at: Time| interrupted.map_or(at, |interrupted| interrupted.min(at));
        match (self.broken_off, self.marks) {
            (Some(BreakOff::Failed { end } | BreakOff::Lost { end }), _) | (None, Marks::Stopped(end)) => {
                Some(before_interruption(end))
            }
            (None, Marks::Started | Marks::Restarted { .. }) => interrupted,
            (None, Marks::None) => self.audio.last.or(interrupted),
        }
    }

    pub(super) fn first_audio(&self) -> Option<Time> {
        self.audio.first
    }

    /// Whether any of its text was spoken.
    pub(super) fn is_spoken(&self) -> bool {
        self.spoken.to_text().is_some()
    }

    /// Whether usage for all announced characters has been reported.
    pub(super) fn is_fully_charged(&self) -> bool {
        self.announced_characters > 0
            && self.measurements.characters.unwrap_or(0) >= self.announced_characters
    }

    pub(crate) fn input(&self) -> Option<String> {
        let Input { aggregated, synthesized, given, .. } = &self.input;
        aggregated.to_text().or_else(|| synthesized.to_text()).or_else(|| given.to_text())
    }

    /// Returns the LLM call whose response is its input, if no other source has text.
    pub(crate) fn response_of(&self) -> Option<SpanKey> {
        self.input.response_of
    }

    /// Returns the text that was spoken: the reported text, else the input unless it was interrupted or failed.
    pub(crate) fn output(&self, spoken_text_is_reported: bool) -> Option<String> {
        if spoken_text_is_reported {
            self.spoken.to_text()
        } else if self.is_interrupted() || self.has_failed() {
            None
        } else {
            self.input()
        }
    }

    /// Sets its context id, unless it has one.
    pub(super) fn on_context_id(&mut self, context_id: Option<&str>) {
        self.context_id = context_id.map(str::to_owned);
    }

    /// Handles the start mark of the service.
    pub(super) fn on_start(&mut self, now: Time) {
        self.broken_off = None;
        self.marks = match self.marks {
            Marks::Stopped(stopped) => Marks::Restarted { stopped, at: now },
            Marks::None | Marks::Started | Marks::Restarted { .. } => Marks::Started,
        };
    }

    /// Removes the latest start, which belongs to another reply, and returns its time.
    pub(super) fn on_foreign_restart(&mut self) -> Option<Time> {
        let Marks::Restarted { stopped, at } = self.marks else { return None };
        self.marks = Marks::Stopped(stopped);
        Some(at)
    }

    /// Handles the stop mark of the service. The mark may follow an error, but it shows that no connection was lost.
    pub(super) fn on_stop(&mut self, now: Time) {
        self.broken_off = self.broken_off.filter(|reason| matches!(reason, BreakOff::Failed { .. }));
        self.marks = Marks::Stopped(now);
    }

    /// Handles text that the service reports as its input.
    pub(super) fn on_aggregated_text(&mut self, chunk: &TextChunk<'_>) {
        self.broken_off = None;
        self.announced_characters += chunk.text.chars().count() as u64;
        self.input.aggregated.push_delta(chunk);
    }

    /// Handles text that the service sends along with its audio.
    pub(super) fn on_synthesized_text(&mut self, chunk: &TextChunk<'_>) {
        self.input.synthesized.push_delta(chunk);
    }

    /// Adds input text from a source other than frames of the service.
    pub(crate) fn on_given_text(&mut self, text: &str) {
        self.input.given.push(text, Spacing::Between);
    }

    /// Handles audio that was sent from `first` to `last` and is audible from `audible_from` on.
    pub(super) fn on_audio(&mut self, first: Time, last: Time, duration: Duration, audible_from: Time) {
        self.audio.first.get_or_insert(first);
        self.audio.audible_from.get_or_insert(audible_from);
        self.audio.last = Some(last);
        self.audio.duration += duration;
        self.audio.is_heard = false;
        self.broken_off = None;
    }

    /// Handles the end of bot speech, in which audio that was sent until `heard_until` was audible. Without a stop mark
    /// of the service, the bot fell silent because no more audio came.
    pub(super) fn on_bot_stop(&mut self, heard_until: Time) {
        if self.audio.first.is_none_or(|first| first > heard_until) {
            return;
        }
        self.audio.is_heard = true;
        if self.is_under_way() {
            self.broken_off = self.audio.last.map(|end| BreakOff::Lost { end });
        }
    }

    /// Handles a measurement. A time to first byte or first audio after an interruption or a failure is ignored: it is
    /// that of a dead request.
    pub(super) fn on_metric(&mut self, metric: &Metric<'_>) {
        let is_first_time =
            matches!(metric.value, Measurement::TimeToFirstByte(_) | Measurement::TimeToFirstAudio(_));
        if !(is_first_time && (self.is_interrupted() || self.has_failed())) {
            self.measurements.add(metric);
        }
    }

    pub(super) fn on_characters(&mut self, characters: u64) {
        self.measurements.add_characters(characters);
    }

    /// Handles an error of the service. Audio that is still to be heard was sent in time.
    pub(super) fn on_error(&mut self, error: SpanError) {
        self.span.on_error(error);
        let unheard = self.audio.last.filter(|_| !self.audio.is_heard);
        if !self.has_stopped() {
            self.broken_off = unheard.or(self.span.last_error_at()).map(|end| BreakOff::Failed { end });
        }
    }

    /// Handles user speech or a Cancel. Either interrupts the synthesis while it is under way, only announced, or
    /// audible. It is audible if the bot is speaking, it has not failed before its first audio, and it is the newest
    /// synthesis or not fully spoken.
    pub(super) fn on_interrupt(&mut self, now: Time, bot_is_speaking: bool, is_newest: bool) {
        let may_be_audible = bot_is_speaking && !self.failed_silently();
        let is_audible = may_be_audible && (is_newest || !self.is_spoken_out());
        if self.is_under_way() || self.is_only_announced() || is_audible {
            self.interrupt(now);
        }
    }

    /// Handles the request for the next reply, which ends a synthesis for a dead reply.
    pub(super) fn on_next_reply(&mut self, now: Time) {
        if matches!(self.interruption, Interruption::Unwanted { .. }) {
            self.interrupt(now);
        }
    }

    /// Handles spoken text. If all of it is spoken after the user spoke, without an interruption frame in between, it
    /// was not interrupted: the pipeline does not allow interruptions there.
    pub(super) fn on_spoken_text(&mut self, chunk: &TextChunk<'_>, last_interruption: Option<Time>) {
        self.spoken.push_delta(chunk);
        let went_on = self.interrupted_at().is_some_and(|interrupted| {
            last_interruption.is_none_or(|interruption| interruption < interrupted)
        });
        if went_on && self.is_spoken_out() {
            self.interruption = match self.interruption {
                Interruption::None | Interruption::At(_) => Interruption::None,
                Interruption::Unwanted { .. } => Interruption::Unwanted { ended: None },
            };
        }
    }

    fn interrupt(&mut self, now: Time) {
        self.interruption = match self.interruption {
            Interruption::None => Interruption::At(now),
            Interruption::Unwanted { ended: None } => Interruption::Unwanted { ended: Some(now) },
            earlier => earlier,
        };
    }

    fn interrupted_at(&self) -> Option<Time> {
        match self.interruption {
            Interruption::None => None,
            Interruption::At(at) => Some(at),
            Interruption::Unwanted { ended } => ended,
        }
    }

    /// Whether only its text has been reported so far. A failed synthesis is over instead.
    fn is_only_announced(&self) -> bool {
        self.marks == Marks::None && self.audio.last.is_none() && self.broken_off.is_none()
    }

    /// Whether its service failed, and nothing more of it came.
    fn has_failed(&self) -> bool {
        matches!(self.broken_off, Some(BreakOff::Failed { .. }))
    }

    /// Whether it failed before its first audio.
    fn failed_silently(&self) -> bool {
        self.audio.first.is_none() && self.has_failed()
    }

    /// Whether all of its reported input has been spoken.
    fn is_spoken_out(&self) -> bool {
        let letters = |text: &str| text.chars().filter(|character| !character.is_whitespace()).count();
        self.input()
            .is_none_or(|input| letters(&self.spoken.to_text().unwrap_or_default()) >= letters(&input))
    }

    /// Returns how much of its audio was audible before the interruption.
    fn played(&self) -> Option<Duration> {
        let (interrupted, from) = self.interrupted_at().zip(self.audio.audible_from)?;
        Some(interrupted.since(from).min(self.audio.duration))
    }

    /// Converts into a record. Times that are not reported are measured from the frames if `measures_times`.
    pub(crate) fn into_record(
        mut self,
        turn_end: Time,
        measures_times: bool,
        spoken_text_is_reported: bool,
    ) -> SpanRecord {
        let end = self.span.end(self.ended_at(), turn_end);
        if self.failed_silently() {
            self.measurements.forget_first_times();
        }
        let is_unwanted = matches!(self.interruption, Interruption::Unwanted { .. });
        let since_start = |at: Option<Time>| {
            let at = at.filter(|_| measures_times && !is_unwanted)?;
            Some(at.seconds_since(self.span.start()))
        };
        let measured =
            MeasuredTimes { ttfb: since_start(self.audio.first), processing: since_start(self.audio.last) };
        let moments = [
            (self.audio.first, SpanEventKind::FirstAudio),
            (self.interrupted_at(), SpanEventKind::Interrupted),
        ];
        let details = SpanDetails::Tts(TtsRecord {
            times: self.measurements.times(&measured),
            input: self.input(),
            output: self.output(spoken_text_is_reported),
            characters: self.measurements.characters,
            ttfa: self.measurements.ttfa,
            audio_duration: (!self.audio.duration.is_zero()).then_some(self.audio.duration),
            played_duration: self.played().filter(|_| !spoken_text_is_reported),
            interrupted: self.is_interrupted(),
            reported_model: self.measurements.model,
            service: self.processor,
        });
        self.span.into_record(end, moments, details)
    }
}
