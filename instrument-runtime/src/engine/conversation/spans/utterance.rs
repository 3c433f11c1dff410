//! What the user says: one utterance is one span of speech-to-text.
//!
//! ```text
//!   voice starts          words come               words come
//!  ─────────────▶ Voice ─────────────▶ Heard ──┐  (the same utterance)
//!                   │                   ▲  └───┘
//!                   │ a new voice       │
//!                   ▼ and no words      └─ without voice activity: user started, or first transcript
//!                 nothing: a blip
//! ```
//!
//! An utterance belongs to a turn once that is certain: with the user's start, or when it turns out to have started
//! none (a back-channel).

use std::sync::Arc;

use super::release::Times;
use crate::engine::frame::{Metric, Processor, Transcript};
use crate::engine::metrics::{MeasuredTimes, Measurements};
use crate::engine::record::{SpanDetails, SpanKey, SpanRecord, SttRecord, TurnNumber, Visibility};
use crate::engine::text::JoinedText;
use crate::engine::time::Time;

use super::fault::Faults;
use crate::engine::conversation::services::ServiceIndex;

/// One utterance of the user.
#[derive(Debug)]
pub(crate) struct Utterance {
    pub(crate) start: Time,
    /// The turn in which it was spoken.
    pub(crate) spoken_in: Option<TurnNumber>,
    /// The turn that it belongs to, once that is certain.
    pub(crate) turn: Option<TurnNumber>,
    pub(crate) key: SpanKey,
    /// Its span has begun.
    pub(crate) begun: bool,
    pub(crate) service: Option<(ServiceIndex, Arc<Processor>)>,
    /// When the voice fell silent, and for how long it had been then.
    pub(crate) voice_stop: Option<VoiceStop>,
    pub(crate) user_started: bool,
    pub(crate) user_stopped: Option<Time>,
    pub(crate) faults: Faults,
    /// A transcript of it, final or interim, has come.
    words_came: bool,
    finals: JoinedText,
    last_final: Option<Time>,
    language: Option<String>,
    measured: Measurements,
    /// What was measured since the last final transcript: it counts if another one comes.
    tentative: Measurements,
}

/// The end of a voice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct VoiceStop {
    /// When it was found.
    pub(crate) at: Time,
    /// When the voice had really ended.
    pub(crate) voice_end: Time,
}

impl Utterance {
    pub(crate) fn new(key: SpanKey, start: Time, spoken_in: Option<TurnNumber>) -> Self {
        Self {
            key,
            begun: false,
            start,
            spoken_in,
            turn: None,
            service: None,
            voice_stop: None,
            user_started: false,
            user_stopped: None,
            faults: Faults::default(),
            words_came: false,
            finals: JoinedText::default(),
            last_final: None,
            language: None,
            measured: Measurements::default(),
            tentative: Measurements::default(),
        }
    }

    /// Whether it is worth a span: the user was found to speak, or words came.
    pub(crate) fn is_speech(&self) -> bool {
        self.user_started || self.words_came
    }

    pub(crate) fn has_words(&self) -> bool {
        self.words_came
    }

    pub(crate) fn has_final(&self) -> bool {
        self.last_final.is_some()
    }

    pub(crate) fn words(&self) -> &str {
        self.finals.as_str()
    }

    pub(crate) fn add_interim(&mut self) {
        self.words_came = true;
    }

    pub(crate) fn add_final(&mut self, now: Time, transcript: &Transcript<'_>) {
        self.words_came = true;
        self.finals.push(transcript.text, crate::engine::frame::Spacing::Between);
        self.last_final = Some(now);
        if let Some(language) = transcript.language {
            self.language = Some(language.to_owned());
        }
        self.measured.merge(std::mem::take(&mut self.tentative));
    }

    pub(crate) fn add_metric(&mut self, metric: &Metric<'_>) {
        self.tentative.add(metric);
    }

    /// A measurement that comes while a cancel is on its way, for an utterance whose words never came.
    pub(crate) fn add_last_metric(&mut self, metric: &Metric<'_>) {
        self.measured.add(metric);
    }

    /// When its last final transcript came, if one has.
    pub(crate) fn ended(&self) -> Option<Time> {
        self.last_final
    }

    pub(crate) fn into_record(self, processor: Arc<Processor>, turn_end: Time, times: Times) -> SpanRecord {
        let silent = self.user_stopped.or(self.voice_stop.map(|stop| stop.at));
        let end = self.last_final.or(silent).unwrap_or(turn_end).min(turn_end).max(self.start);
        let from_voice_end = self
            .last_final
            .zip(self.voice_stop)
            .map(|(last, stop)| last.seconds_since(stop.voice_end))
            .filter(|seconds| *seconds >= 0.0);
        let from_frames =
            MeasuredTimes { ttfb: from_voice_end.filter(|_| times == Times::FromFrames), processing: None };
        SpanRecord {
            key: self.key,
            start: self.start,
            end,
            status: self.faults.status(),
            events: self.faults.into_events(),
            user_id: None,
            details: SpanDetails::Stt(SttRecord {
                service: processor,
                reported_model: self.measured.model.clone(),
                times: self.measured.times(&from_frames),
                transcript: self.finals.to_text(),
                output_visibility: Visibility::Full,
                is_final: self.last_final.is_some(),
                language: self.language,
                audio_seconds: self.measured.audio_seconds,
                time_to_last_transcription: self
                    .last_final
                    .zip(self.voice_stop)
                    .map(|(last, stop)| last.seconds_since(stop.at))
                    .filter(|seconds| *seconds >= 0.0),
            }),
        }
    }
}
