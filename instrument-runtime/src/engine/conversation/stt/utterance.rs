//! One utterance of the user: one speech-to-text span.
//!
//! ```text
//!   voice starts          words come               words come
//!  ─────────────▶ Voice ─────────────▶ Words ──┐  (the same utterance)
//!                   │                   ▲  └───┘
//!                   │ a new voice       │
//!                   ▼ and no words      └─ without voice activity: user started, or first transcript
//!                 nothing: a blip
//! ```
//!
//! An utterance belongs to a turn once that is certain: when the user is announced, or when the utterance turns out to
//! have started no turn (a back-channel).
//!
//! See [STT](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#stt).

use std::sync::Arc;

use crate::engine::conversation::operations::Claimable;
use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::conversation::span::{SpanBase, SpanError};
use crate::engine::conversation::turn_scope::TurnScope;
use crate::engine::conversation::turns::{ChildSpan, Milestone, Turn, VoiceStop};
use crate::engine::frame::{Measurement, Metric, Processor, Spacing, Transcript};
use crate::engine::measurements::{MeasuredTimes, Measurements};
use crate::engine::operation::ServiceKind;
use crate::engine::record::{SpanDetails, SpanKey, SpanKind, SpanRecord, SttRecord, TurnNumber, Visibility};
use crate::engine::text::JoinedText;
use crate::engine::time::Time;

/// One utterance of the user.
#[derive(Debug)]
pub(crate) struct Utterance {
    span: SpanBase,
    /// The turn in which it was spoken.
    spoken_in: Option<TurnNumber>,
    /// The turn that it belongs to, once that is certain.
    turn: Option<TurnNumber>,
    has_span: bool,
    service: Option<(ProcessorIndex, Arc<Processor>)>,
    voice_stop: Option<VoiceStop>,
    user_started: bool,
    user_stopped: Option<Time>,
    /// Whether a transcript arrived, final or interim.
    has_words: bool,
    finals: JoinedText,
    last_final: Option<Time>,
    language: Option<String>,
    measurements: Measurements,
    /// Measurements since the last final transcript. They count once another final transcript arrives.
    tentative: Measurements,
}

impl Utterance {
    pub(super) fn new(key: SpanKey, start: Time, spoken_in: Option<TurnNumber>) -> Self {
        Self {
            span: SpanBase::new(key, start),
            spoken_in,
            turn: None,
            has_span: false,
            service: None,
            voice_stop: None,
            user_started: false,
            user_stopped: None,
            has_words: false,
            finals: JoinedText::default(),
            last_final: None,
            language: None,
            measurements: Measurements::default(),
            tentative: Measurements::default(),
        }
    }

    pub(super) fn key(&self) -> SpanKey {
        self.span.key()
    }

    pub(super) fn start(&self) -> Time {
        self.span.start()
    }

    /// Whether it has a span: the user was announced, words arrived, or transcribing it failed.
    pub(super) fn is_speech(&self) -> bool {
        self.user_started || self.has_words || self.has_failed()
    }

    /// Whether its service has failed.
    fn has_failed(&self) -> bool {
        self.span.last_error_at().is_some()
    }

    pub(super) fn has_words(&self) -> bool {
        self.has_words
    }

    pub(super) fn has_final(&self) -> bool {
        self.last_final.is_some()
    }

    pub(super) fn has_span(&self) -> bool {
        self.has_span
    }

    /// Whether voice activity that starts now continues it after a pause: it has neither a final transcript nor an
    /// error yet, and the user has not been announced as stopped.
    pub(super) fn is_continued_by_voice(&self) -> bool {
        self.is_speech() && !self.has_final() && !self.has_failed() && self.user_stopped.is_none()
    }

    /// Returns the turn that it certainly belongs to.
    pub(super) fn turn(&self) -> Option<TurnNumber> {
        self.turn
    }

    /// Returns the turn in which it was spoken.
    pub(super) fn spoken_in(&self) -> Option<TurnNumber> {
        self.spoken_in
    }

    /// Returns the turn that it belongs to, else the one in which it was spoken.
    pub(super) fn likely_turn(&self) -> Option<TurnNumber> {
        self.turn.or(self.spoken_in)
    }

    /// Whether its voice has ended.
    pub(super) fn voice_has_stopped(&self) -> bool {
        self.voice_stop.is_some()
    }

    /// Whether a time to first byte that is reported now may belong to this utterance: the service can have answered
    /// it.
    pub(super) fn may_be_answered(&self) -> bool {
        self.has_words || self.voice_has_stopped() || self.user_stopped.is_some()
    }

    pub(super) fn service(&self) -> Option<&(ProcessorIndex, Arc<Processor>)> {
        self.service.as_ref()
    }

    /// Returns when its last final transcript came.
    pub(super) fn last_final(&self) -> Option<Time> {
        self.last_final
    }

    pub(super) fn on_voice_resume(&mut self) {
        self.voice_stop = None;
    }

    pub(super) fn on_voice_stop(&mut self, stop: VoiceStop) {
        self.voice_stop = Some(stop);
    }

    pub(super) fn on_user_start(&mut self) {
        self.user_started = true;
        self.user_stopped = None;
    }

    pub(super) fn on_user_stop(&mut self, now: Time) {
        self.user_stopped = Some(now);
    }

    /// Sets the service that transcribes it, unless it is set already.
    pub(super) fn on_service(&mut self, service: Option<(ProcessorIndex, Arc<Processor>)>) {
        self.service = self.service.take().or(service);
    }

    pub(super) fn on_interim(&mut self) {
        self.has_words = true;
    }

    pub(super) fn on_final(&mut self, now: Time, transcript: &Transcript<'_>) {
        self.has_words = true;
        self.finals.push(transcript.text, Spacing::Between);
        self.last_final = Some(now);
        if let Some(language) = transcript.language {
            self.language = Some(language.to_owned());
        }
        self.measurements.merge(std::mem::take(&mut self.tentative));
    }

    pub(super) fn on_metric(&mut self, metric: &Metric<'_>) {
        match metric.value {
            Measurement::TimeToFirstByte(_) if self.has_final() => self.measurements.add(metric),
            _ => self.tentative.add(metric),
        }
    }

    /// Handles a measurement that comes after a Cancel, for an utterance without a final transcript.
    pub(super) fn on_metric_after_cancel(&mut self, metric: &Metric<'_>) {
        self.measurements.add(metric);
    }

    pub(super) fn on_error(&mut self, error: SpanError) {
        self.span.on_error(error);
    }

    /// Joins a turn, unless it belongs to one.
    pub(super) fn join(&mut self, turn: &mut Turn) {
        if self.turn.is_none() {
            let start = self.span.start();
            self.turn = Some(turn.number());
            self.span.start_at(start.max(turn.start()));
            let by = self.service.as_ref().map(|(stt, _)| *stt);
            let transcript = self.last_final.map(|at| Milestone { at, by });
            turn.on_utterance(self.finals.as_str(), start, transcript, self.voice_stop);
        }
    }

    /// Removes it from a turn that is no longer open. It then waits for the next turn.
    pub(super) fn on_turn_lost(&mut self) {
        self.turn = None;
    }

    /// Starts its span if its service is known. The span may continue that of a traced operation.
    pub(super) fn begin_span(&mut self, scope: &mut TurnScope<'_>) {
        if self.has_span || !self.is_speech() {
            return;
        }
        let Some((_, processor)) = &self.service else { return };
        self.has_span = true;
        let (key, at) = (self.span.key(), self.span.start());
        match scope.claim(ServiceKind::Stt, processor, key, Claimable::Any) {
            Some(claimed) => self.span.on_claim(claimed),
            None => {
                scope.start(&ChildSpan {
                    key,
                    kind: SpanKind::Stt,
                    parent: None,
                    at,
                    name: &processor.class,
                });
            }
        }
    }

    /// Converts into a record; `None` if its span has not started. Unreported times are measured from frames if
    /// `measures_times` returns `true` for the service.
    pub(crate) fn into_record(
        self,
        turn_end: Time,
        measures_times: impl FnOnce(ProcessorIndex) -> bool,
    ) -> Option<SpanRecord> {
        let (index, service) = self.service.filter(|_| self.has_span)?;
        let silent = self.user_stopped.or(self.voice_stop.map(|stop| stop.at));
        let since_voice = |from: fn(VoiceStop) -> Time| {
            let (last, stop) = self.last_final.zip(self.voice_stop)?;
            Some(last.seconds_since(from(stop))).filter(|seconds| *seconds >= 0.0)
        };
        let ttfb = since_voice(|stop| stop.voice_end).filter(|_| measures_times(index));
        let details = SpanDetails::Stt(SttRecord {
            service,
            times: self.measurements.times(&MeasuredTimes { ttfb, processing: None }),
            transcript: self.finals.to_text(),
            output_visibility: Visibility::Full,
            is_final: self.last_final.is_some(),
            language: self.language,
            audio_seconds: self.measurements.audio_seconds,
            time_to_last_transcription: since_voice(|stop| stop.at),
            reported_model: self.measurements.model,
        });
        // Without a final transcript, a failed utterance ends at its error.
        let end = self.span.end(self.last_final.or(self.span.last_error_at()).or(silent), turn_end);
        Some(self.span.into_record(end, [], details))
    }
}
