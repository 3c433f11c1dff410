//! Replies turned into audio: consecutive synthesis for one reply is one span.
//!
//! ```text
//!   text or start of the service     stop of the service, or
//!   (or audio, where it marks        its last audio
//!   nothing)
//!  ───────────────────────────▶ open ───────────────────▶ closed ──▶ its turn's spans are let go
//!                                │ ▲  more for the same reply  │
//!                                │ └────────────────────────────┘
//!                                └──▶ cut: the user spoke, or a cancel came
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::engine::frame::{Measurement, Metric, Processor, TextChunk};
use crate::engine::metrics::{MeasuredTimes, Measurements};
use crate::engine::record::{SpanDetails, SpanEventKind, SpanKey, SpanRecord, TtsRecord};
use crate::engine::text::{JoinedText, StreamedText};
use crate::engine::time::Time;

use super::fault::Faults;
use super::release::Times;
use crate::engine::conversation::services::ServiceIndex;

/// One reply, turned into audio.
#[derive(Debug)]
pub(crate) struct Synthesis {
    pub(crate) key: SpanKey,
    pub(crate) start: Time,
    pub(crate) service: ServiceIndex,
    pub(crate) processor: Arc<Processor>,
    pub(crate) context_id: Option<String>,
    /// The service was given its text when so many replies had been asked for.
    pub(crate) reply: u64,
    pub(crate) faults: Faults,
    /// What it was given, by a speak frame or by a language model.
    pub(crate) given: JoinedText,
    /// The invocation whose answer it says, where that is all it was given.
    pub(crate) says_answer_of: Option<SpanKey>,
    spoken: StreamedText,
    pub(crate) characters: Option<u64>,
    /// Characters that it was asked to say.
    announced: u64,
    aggregated: StreamedText,
    synthesized: StreamedText,
    measurements: Measurements,
    /// It began for a reply that had been cut before.
    dead: bool,
    marks: Marks,
    first_audio: Option<Time>,
    last_audio: Option<Time>,
    audio: Duration,
    cut_at: Option<Time>,
    /// When the first of its audio reached the user's ear, had all before it been played.
    heard_from: Option<Time>,
}

/// What a service says of where its synthesis starts and stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// Nothing: audio alone tells.
    None,
    /// It has started.
    Started,
    /// It has stopped.
    Stopped(Time),
    /// It had stopped, and has started again, for the same reply as far as is known.
    StartedAgain {
        /// When it had stopped.
        stopped: Time,
        /// When it started again.
        at: Time,
    },
}

/// Whether a reply that is being synthesized is still wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// It is.
    Yes,
    /// The user had cut it before its synthesis began.
    No,
}

impl Synthesis {
    pub(crate) fn new(
        key: SpanKey,
        start: Time,
        service: ServiceIndex,
        processor: Arc<Processor>,
        reply: u64,
        wanted: Wanted,
    ) -> Self {
        Self {
            key,
            start,
            service,
            processor,
            context_id: None,
            reply,
            faults: Faults::default(),
            given: JoinedText::default(),
            says_answer_of: None,
            spoken: StreamedText::default(),
            characters: None,
            announced: 0,
            aggregated: StreamedText::default(),
            synthesized: StreamedText::default(),
            measurements: Measurements::default(),
            dead: wanted == Wanted::No,
            marks: Marks::None,
            first_audio: None,
            last_audio: None,
            audio: Duration::ZERO,
            cut_at: None,
            heard_from: None,
        }
    }

    /// Whether it is of a service and, if one is named, for a reply.
    pub(crate) fn is_of(&self, service: ServiceIndex, context_id: Option<&str>) -> bool {
        self.service == service && (context_id.is_none() || self.context_id.as_deref() == context_id)
    }

    /// The service says that it starts.
    pub(crate) fn starts(&mut self, now: Time) {
        self.marks = match self.marks {
            Marks::Stopped(stopped) => Marks::StartedAgain { stopped, at: now },
            Marks::None | Marks::Started | Marks::StartedAgain { .. } => Marks::Started,
        };
    }

    /// The new start was another reply's: takes it back, and says when it was.
    pub(crate) fn takes_back_new_start(&mut self) -> Option<Time> {
        let Marks::StartedAgain { stopped, at } = self.marks else { return None };
        self.marks = Marks::Stopped(stopped);
        Some(at)
    }

    pub(crate) fn stops(&mut self, now: Time) {
        self.marks = Marks::Stopped(now);
    }

    pub(crate) fn has_stopped(&self) -> bool {
        matches!(self.marks, Marks::Stopped(_))
    }

    /// Marked as started, not as stopped, and wanted: something that a turn waits for.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.marks, Marks::Started | Marks::StartedAgain { .. }) && !self.is_cut()
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.dead || self.cut_at.is_some()
    }

    /// Cut, and its service never said that it stopped: what it is still charged for is its own.
    pub(crate) fn was_left_open(&self) -> bool {
        self.is_cut() && !self.has_stopped()
    }

    pub(crate) fn ended(&self) -> Option<Time> {
        match self.marks {
            Marks::Stopped(at) => Some(self.cut_at.map_or(at, |cut| cut.min(at))),
            Marks::Started | Marks::StartedAgain { .. } => self.cut_at,
            Marks::None => self.last_audio.or(self.cut_at).max(self.faults.newest_at()),
        }
    }

    /// Text that it was asked to say.
    pub(crate) fn add_aggregated(&mut self, chunk: &TextChunk<'_>) {
        self.announced += chunk.text.chars().count() as u64;
        self.aggregated.push_delta(chunk);
    }

    /// Text that the service sends with its audio.
    pub(crate) fn add_synthesized(&mut self, chunk: &TextChunk<'_>) {
        self.synthesized.push_delta(chunk);
    }

    /// Audio that it sent, to be heard from `heard_from` on.
    pub(crate) fn add_audio(&mut self, first: Time, last: Time, duration: Duration, heard_from: Time) {
        self.first_audio.get_or_insert(first);
        self.heard_from.get_or_insert(heard_from);
        self.last_audio = Some(last);
        self.audio += duration;
    }

    /// When the first of its audio came.
    pub(crate) fn first_audio(&self) -> Option<Time> {
        self.first_audio
    }

    /// A measurement of its service. A time to a first thing that comes once the reply was cut is no such time.
    pub(crate) fn add_metric(&mut self, metric: &Metric<'_>) {
        match metric.value {
            Measurement::TimeToFirstByte(_) | Measurement::TimeToFirstAudio(_) if self.is_cut() => {}
            Measurement::TtsCharacters(more) => self.add_characters(more),
            _ => self.measurements.add(metric),
        }
    }

    /// Whether all that it was asked to say has been paid for, as far as is known.
    pub(crate) fn is_paid_for(&self) -> bool {
        self.announced > 0 && self.characters.unwrap_or(0) >= self.announced
    }

    pub(crate) fn add_characters(&mut self, more: u64) {
        self.characters = Some(self.characters.unwrap_or(0).saturating_add(more));
    }

    /// The user spoke, or a cancel came.
    pub(crate) fn cut(&mut self, now: Time) {
        self.cut_at.get_or_insert(now);
    }

    /// How much of its audio was heard by the moment it was cut.
    fn played(&self) -> Option<Duration> {
        let (cut, from) = self.cut_at.zip(self.heard_from)?;
        Some(cut.since(from).min(self.audio))
    }

    /// Something of it is heard. A reply that is heard to its end after the user spoke, with no interruption since, was not
    /// cut: interruptions are not allowed there.
    pub(crate) fn is_heard(&mut self, chunk: &TextChunk<'_>, last_interruption: Option<Time>) {
        self.spoken.push_delta(chunk);
        let went_on =
            self.cut_at.is_some_and(|cut| last_interruption.is_none_or(|interruption| interruption < cut));
        if went_on && self.is_spoken_out() {
            self.cut_at = None;
        }
    }

    /// Whether anything of it was heard.
    pub(crate) fn is_spoken(&self) -> bool {
        self.spoken.to_text().is_some()
    }

    /// Its text has been told, and nothing else yet. One that has failed is over.
    pub(crate) fn is_announced_only(&self) -> bool {
        self.marks == Marks::None && self.last_audio.is_none() && !self.failed_in_silence()
    }

    /// Nothing more is to come of it.
    pub(crate) fn is_over(&self) -> bool {
        self.has_stopped() || self.is_cut() || self.failed_in_silence()
    }

    /// It failed before it had made any audio.
    fn failed_in_silence(&self) -> bool {
        self.first_audio.is_none() && self.faults.newest_at().is_some()
    }

    /// A dead synthesis ends when its language model turns to something else.
    pub(crate) fn is_superseded(&mut self, now: Time) {
        if self.dead {
            self.cut(now);
        }
    }

    /// Whether all that it was asked to say has been heard, as far as anybody tells.
    pub(crate) fn is_spoken_out(&self) -> bool {
        match self.input() {
            Some(input) => {
                let letters =
                    |text: &str| text.chars().filter(|character| !character.is_whitespace()).count();
                letters(&self.spoken.to_text().unwrap_or_default()) >= letters(&input)
            }
            None => true,
        }
    }

    /// What it was asked to say: as the service says, else as it synthesized, else as it was given.
    pub(crate) fn input(&self) -> Option<String> {
        self.aggregated.to_text().or_else(|| self.synthesized.to_text()).or_else(|| self.given.to_text())
    }

    /// What was heard of it. Where nobody tells, that is all of it, unless it was cut or failed before anything was heard.
    pub(crate) fn output(&self, spoken_text_is_told: bool) -> Option<String> {
        if spoken_text_is_told {
            self.spoken.to_text()
        } else if self.is_cut() || self.failed_in_silence() {
            None
        } else {
            self.input()
        }
    }

    pub(crate) fn into_record(self, turn_end: Time, times: Times, spoken_text_is_told: bool) -> SpanRecord {
        let end = self.ended().unwrap_or(turn_end).min(turn_end).max(self.start);
        let from_frames = if times == Times::Reported || self.dead {
            MeasuredTimes::default()
        } else {
            MeasuredTimes {
                ttfb: self.first_audio.map(|at| at.seconds_since(self.start)),
                processing: self.last_audio.map(|at| at.seconds_since(self.start)),
            }
        };
        let cut = self.is_cut();
        let moments =
            [(self.first_audio, SpanEventKind::FirstAudio), (self.cut_at, SpanEventKind::Interrupted)];
        SpanRecord {
            key: self.key,
            start: self.start,
            end,
            status: self.faults.status(),
            user_id: None,
            details: SpanDetails::Tts(TtsRecord {
                times: self.measurements.times(&from_frames),
                input: self.input(),
                output: self.output(spoken_text_is_told),
                characters: self.characters,
                ttfa: self.measurements.ttfa,
                audio_duration: (!self.audio.is_zero()).then_some(self.audio),
                played_duration: self.played().filter(|_| !spoken_text_is_told),
                interrupted: cut,
                reported_model: self.measurements.model,
                service: self.processor,
            }),
            events: self.faults.into_events_with(moments),
        }
    }
}
