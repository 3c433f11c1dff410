//! User speech: forms utterances from voice activity, announcements and transcripts.
//!
//! ```text
//!   voice starts ──▶ current utterance ──▶ user starts: it begins a turn, or continues one ──▶ ended, in its turn
//!                        │
//!                        └─ a new voice, or the bot stops: it began no turn ──▶ ended, in the turn it was spoken in
//! ```
//!
//! If the framework does not announce user speech, voice activity starts it, and without voice activity the first
//! transcript since the bot spoke.
//!
//! See [STT](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#stt).

mod transcripts;
mod utterance;
mod voice;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::frame::{Measurement, Metric, Processor, Role, Transcript};
use crate::engine::record::{SpanKey, TurnNumber};
use crate::engine::speech::{Speaker, Speech, SpeechChange};
use crate::engine::time::Time;

use super::config::Support;
use super::effect::{Effect, Moment};
use super::operations::TracedOperation;
use super::processors::{ProcessorIndex, Processors};
use super::span::{SpanError, SpanKeys, is_open_or_just_closed, take_matching};
use super::turn_scope::TurnScope;
use super::turns::{MAX_SPANS_PER_TURN, Milestone, VoiceStop};

use transcripts::TranscriptHistory;
pub(super) use utterance::Utterance;
use voice::Voice;

/// Upper bound on utterances that wait for a turn.
const MAX_WAITING: usize = 8;

/// The user's voice, the current utterance, and the ended utterances of open turns.
#[derive(Debug)]
pub(crate) struct UserSpeech {
    support: Support,
    voice: Voice,
    current: Option<Box<Utterance>>,
    /// The utterance that has just been announced, until it is assigned to a turn.
    announced: Option<Box<Utterance>>,
    /// Utterances that have just ended, until they are [settled](Self::settle).
    ended: VecDeque<Box<Utterance>>,
    /// Ended utterances of open turns. Those without a turn wait for the next one.
    settled: Vec<Utterance>,
    transcripts: TranscriptHistory,
    user_id: Option<Arc<str>>,
}

/// The words of a transcript, by whether they may still change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Words<'a> {
    Interim,
    Final(&'a Transcript<'a>),
}

impl UserSpeech {
    pub(super) fn new(support: Support) -> Self {
        Self {
            support,
            voice: Voice::default(),
            current: None,
            announced: None,
            ended: VecDeque::new(),
            settled: Vec::new(),
            transcripts: TranscriptHistory::default(),
            user_id: None,
        }
    }

    pub(super) fn user_id(&self) -> Option<&Arc<str>> {
        self.user_id.as_ref()
    }

    /// Whether the current utterance has words.
    pub(super) fn has_words(&self) -> bool {
        self.current.as_ref().is_some_and(|utterance| utterance.has_words())
    }

    /// Returns the number of final transcripts so far.
    pub(super) fn transcript_count(&self) -> u64 {
        self.transcripts.count()
    }

    /// Whether a transcript after the first `count` ones is part of `message`.
    pub(super) fn has_said(&self, message: &str, count: u64) -> bool {
        self.transcripts.has_said(message, count)
    }

    /// Handles the start of voice activity. `turn` is the current turn.
    pub(super) fn on_voice_start(
        &mut self,
        turn: Option<TurnNumber>,
        keys: &mut SpanKeys,
        moment: &mut Moment<'_>,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.voice.on_start(moment.now);
        on_user_audible(SpeechChange::Starts, moment.now, moment);
        if let Some(utterance) = self.current.as_mut().filter(|of| of.is_continued_by_voice()) {
            utterance.on_voice_resume();
        } else {
            effects.extend(self.end_current());
            self.begin_utterance(moment.now, turn, keys);
        }
        if self.infers_user() {
            self.start_user(moment.now, &mut effects);
        }
        effects
    }

    /// Handles the end of voice activity. The voice itself ended `stop_secs` earlier.
    pub(super) fn on_voice_stop(
        &mut self,
        stop_secs: Option<f64>,
        moment: &mut Moment<'_>,
    ) -> Option<Effect> {
        let silence =
            stop_secs.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or_default();
        let stop = VoiceStop { at: moment.now, voice_end: moment.now - silence };
        on_user_audible(SpeechChange::Stops, stop.voice_end, moment);
        self.voice.on_stop(stop);
        let utterance = self.current.as_mut()?;
        utterance.on_voice_stop(stop);
        Some(Effect::VoiceEnded { turn: utterance.turn()?, stop })
    }

    /// Handles a frame that announces the start of user speech.
    pub(super) fn on_user_start(&mut self, moment: &mut Moment<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !self.voice.is_detected() {
            on_user_audible(SpeechChange::Starts, moment.now, moment);
        }
        let was_inferred = self.infers_user() && self.voice.has_announced_user();
        self.voice.on_announced_start();
        if !was_inferred {
            self.start_user(moment.now, &mut effects);
        }
        effects
    }

    /// Handles a frame that announces the end of user speech.
    pub(super) fn on_user_stop(&mut self, moment: &mut Moment<'_>) {
        if !self.voice.is_detected() {
            on_user_audible(SpeechChange::Stops, moment.now, moment);
        }
        self.voice.on_announced_stop();
        if let Some(utterance) = &mut self.current {
            utterance.on_user_stop(moment.now);
        }
    }

    /// Remembers the user id of a transcript.
    pub(super) fn on_user_id(&mut self, transcript: &Transcript<'_>) {
        if let Some(user) = transcript.user_id.filter(|user| !user.is_empty())
            && self.user_id.as_deref() != Some(user)
        {
            self.user_id = Some(user.into());
        }
    }

    /// Remembers a final transcript of an STT service or a speech-to-speech model.
    pub(super) fn on_final_text(&mut self, text: &str) {
        self.transcripts.on_final(text);
    }

    /// Prepares for a transcript, which [`on_words`](Self::on_words) then adds. Without voice activity or an
    /// announcement before it, it begins an utterance.
    pub(super) fn before_words(
        &mut self,
        turn: Option<TurnNumber>,
        keys: &mut SpanKeys,
        now: Time,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.current.is_none() {
            self.begin_utterance(now, turn, keys);
            if self.voice.is_detected() {
                // A new voice would have begun a new utterance: these are late words of the current turn.
                effects.push(Effect::UtteranceJoined);
            } else if self.infers_user() {
                self.start_user(now, &mut effects);
            }
        }
        effects
    }

    /// Adds a transcript to the current utterance. `scope` is the current turn.
    pub(super) fn on_words(
        &mut self,
        words: Words<'_>,
        service: (ProcessorIndex, Arc<Processor>),
        now: Time,
        scope: Option<&mut TurnScope<'_>>,
    ) {
        let Some(utterance) = &mut self.current else { return };
        let transcript = Milestone { at: now, by: Some(service.0) };
        utterance.on_service(Some(service));
        match words {
            Words::Interim => utterance.on_interim(),
            Words::Final(transcript) => utterance.on_final(now, transcript),
        }
        if let Some(scope) = scope.filter(|scope| utterance.turn() == Some(scope.number())) {
            utterance.begin_span(scope);
            if let Words::Final(words) = words {
                scope.turn().on_transcript(words.text, transcript);
            }
        }
    }

    /// Assigns the user start at `at` to `turn`, which follows `previous`. The announced utterance continues in `turn`,
    /// or has ended with `previous`.
    pub(super) fn on_turn_taken(
        &mut self,
        at: Time,
        previous: Option<TurnNumber>,
        turn: Option<TurnNumber>,
        keys: &mut SpanKeys,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        match self.announced.take() {
            Some(utterance)
                if utterance.turn().is_none() || (turn == previous && utterance.turn() == turn) =>
            {
                self.current = Some(utterance);
            }
            Some(of_previous_turn) => effects.extend(self.end(of_previous_turn)),
            None => {}
        }
        if self.current.is_none() {
            self.begin_utterance(at, turn, keys);
        }
        if let Some(utterance) = &mut self.current {
            utterance.on_user_start();
        }
        effects.push(Effect::UtteranceJoined);
        effects
    }

    /// Assigns the current utterance to the current turn.
    pub(super) fn on_joined(&mut self, scope: &mut TurnScope<'_>, processors: &Processors) {
        let Some(utterance) = &mut self.current else { return };
        utterance.join(scope.turn());
        if utterance.service().is_none() {
            utterance.on_service(processors.only(Role::Stt));
        }
        utterance.begin_span(scope);
    }

    /// Handles the start of bot speech. Without voice activity, later words belong to a new utterance.
    pub(super) fn on_bot_start(&mut self) -> Option<Effect> {
        self.voice.on_bot_start();
        let is_over = !self.voice.is_detected() && self.current.as_ref().is_some_and(|of| of.has_final());
        if is_over { self.end_current() } else { None }
    }

    /// Handles the end of bot speech. An ended utterance that started no turn belongs to the turn in which it was
    /// spoken.
    pub(super) fn on_bot_stop(&mut self, now: Time) -> Option<Effect> {
        self.voice.on_bot_stop(now);
        let is_back_channel = self.current.as_ref().is_some_and(|utterance| {
            utterance.turn().is_none() && utterance.voice_has_stopped() && utterance.is_speech()
        });
        if is_back_channel { self.end_current() } else { None }
    }

    /// Handles the end of the current turn, which ends its utterance. Voice activity without words that can no longer
    /// start a turn is discarded.
    pub(super) fn on_turn_end(&mut self, turn: TurnNumber) -> Option<Effect> {
        let may_start_turn = self.voice.start_of_user().is_some();
        let utterance = self.current.as_ref()?;
        let is_of_turn =
            utterance.turn() == Some(turn) || (utterance.spoken_in() == Some(turn) && utterance.is_speech());
        if is_of_turn {
            return self.end_current();
        }
        self.current
            .take_if(|utterance| utterance.turn().is_none() && !utterance.is_speech() && !may_start_turn);
        None
    }

    /// Returns the turn that the oldest ended utterance belongs to, or was spoken in.
    pub(super) fn ended_in(&self) -> Option<TurnNumber> {
        self.ended.front().and_then(|utterance| utterance.likely_turn())
    }

    /// Settles the oldest ended utterance in its turn. Without one, it waits for the next turn.
    pub(super) fn settle(&mut self, scope: Option<&mut TurnScope<'_>>) {
        let Some(mut utterance) = self.ended.pop_front() else { return };
        self.ended.shrink_to_fit();
        match scope {
            Some(scope) => {
                utterance.join(scope.turn());
                utterance.begin_span(scope);
                self.settled.push(*utterance);
            }
            None if self.settled.iter().filter(|waiting| waiting.turn().is_none()).count() < MAX_WAITING => {
                utterance.on_turn_lost();
                self.settled.push(*utterance);
            }
            None => {}
        }
    }

    /// Assigns the utterances that waited for a turn to the one that starts.
    pub(super) fn on_turn_start(&mut self, scope: &mut TurnScope<'_>) {
        for waiting in self.settled.iter_mut().filter(|utterance| utterance.turn().is_none()) {
            waiting.join(scope.turn());
            waiting.begin_span(scope);
        }
    }

    /// Handles a measurement. A time to first byte belongs to the last utterance whose voice has ended: services that
    /// cannot know which transcript is the last report it seconds later, or when the next voice starts.
    pub(super) fn on_metric(&mut self, metric: &Metric<'_>) {
        let is_ttfb = matches!(metric.value, Measurement::TimeToFirstByte(_));
        match &mut self.current {
            Some(utterance) if !is_ttfb || utterance.may_be_answered() => {
                utterance.on_metric(metric);
            }
            _ if is_ttfb => {
                if let Some(previous) = self.settled.last_mut().filter(|previous| previous.has_final()) {
                    previous.on_metric(metric);
                }
            }
            _ => {}
        }
    }

    /// Handles a measurement after a Cancel. It belongs to the last utterance of the cancelled turn, if that was open.
    pub(super) fn on_metric_after_cancel(&mut self, cancelled: TurnNumber, metric: &Metric<'_>) {
        let last = self.settled.iter_mut().rfind(|utterance| utterance.turn() == Some(cancelled));
        if let Some(utterance) = last.filter(|utterance| !utterance.has_final()) {
            utterance.on_metric_after_cancel(metric);
        }
    }

    /// Handles an error of the STT service. Returns the error if no utterance is open or has just closed. A voice
    /// within announced speech is an utterance, even if the service fails before its first word.
    pub(super) fn on_error(&mut self, error: SpanError, now: Time) -> Option<SpanError> {
        let is_user_speaking = self.voice.is_user_speaking();
        let is_open = |utterance: &&mut Box<Utterance>| {
            (utterance.is_speech() || is_user_speaking) && is_open_or_just_closed(utterance.last_final(), now)
        };
        match self.current.as_mut().filter(is_open) {
            Some(utterance) => {
                utterance.on_error(error);
                None
            }
            None => Some(error),
        }
    }

    /// Handles the start of an STT operation. Returns the span of the current utterance, if the operation may have
    /// transcribed it.
    pub(super) fn on_operation_start(
        &mut self,
        operation: &TracedOperation,
        scope: &mut TurnScope<'_>,
        processors: &Processors,
    ) -> Option<SpanKey> {
        let utterance = self.current.as_mut()?;
        let service = utterance.service().cloned().or_else(|| processors.only(Role::Stt));
        let fits = service.as_ref().is_some_and(|(_, processor)| operation.may_be_of(processor));
        if utterance.likely_turn() != Some(scope.number()) || !utterance.is_speech() || !fits {
            return None;
        }
        utterance.on_service(service);
        utterance.begin_span(scope);
        Some(utterance.key())
    }

    /// Returns the start of the current utterance of this turn, if its span has not started. An STT operation then
    /// starts its span at that time.
    pub(super) fn unheard_since(&self, turn: TurnNumber) -> Option<Time> {
        self.current
            .as_ref()
            .filter(|utterance| utterance.likely_turn() == Some(turn) && !utterance.has_span())
            .map(|utterance| utterance.start())
    }

    /// Handles the failure of an operation that shares the span `key`. Returns the error if the current utterance has
    /// another span.
    pub(super) fn on_operation_error(&mut self, key: SpanKey, error: SpanError) -> Option<SpanError> {
        match self.current.as_mut().filter(|utterance| utterance.key() == key) {
            Some(utterance) => {
                utterance.on_error(error);
                None
            }
            None => Some(error),
        }
    }

    /// Whether a turn has reached the limit of spans of this kind.
    pub(super) fn is_full(&self, turn: TurnNumber) -> bool {
        self.settled.len() >= MAX_SPANS_PER_TURN
            && self.settled.iter().filter(|utterance| utterance.turn() == Some(turn)).count()
                >= MAX_SPANS_PER_TURN
    }

    /// Starts the spans of a turn whose service is still unknown. It is assumed to be the only STT service, if there is
    /// just one.
    pub(super) fn begin_spans(&mut self, scope: &mut TurnScope<'_>, processors: &Processors) {
        let number = scope.number();
        for utterance in self.settled.iter_mut().filter(|utterance| utterance.turn() == Some(number)) {
            if utterance.service().is_none() {
                utterance.on_service(processors.only(Role::Stt));
            }
            utterance.begin_span(scope);
        }
    }

    /// Removes the utterances of a turn.
    pub(super) fn take(&mut self, turn: TurnNumber) -> Vec<Utterance> {
        take_matching(&mut self.settled, |utterance| utterance.turn() == Some(turn))
    }

    /// Removes the oldest utterance of a turn.
    pub(super) fn take_oldest(&mut self, turn: TurnNumber) -> Option<Utterance> {
        let oldest = self.settled.iter().position(|utterance| utterance.turn() == Some(turn))?;
        Some(self.settled.remove(oldest))
    }

    /// Whether the user's speech is inferred. It is until the framework announces it for the first time.
    pub(super) fn infers_user(&self) -> bool {
        self.support == Support::Inferred && !self.voice.is_announced()
    }

    fn begin_utterance(&mut self, start: Time, turn: Option<TurnNumber>, keys: &mut SpanKeys) {
        let mut utterance = Utterance::new(keys.allocate(), start, turn);
        if let Some(stop) = self.voice.take_stop_without_start() {
            utterance.on_voice_stop(stop);
        }
        self.current = Some(Box::new(utterance));
    }

    /// Handles the start of user speech, announced or inferred.
    fn start_user(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let voice = self.voice.start_of_user();
        match self.current.take() {
            Some(utterance) if self.voice.belongs_to(&utterance, voice) => {
                self.announced = Some(utterance);
            }
            Some(other) => effects.extend(self.end(other)),
            None => {}
        }
        if voice.is_some() {
            self.voice.on_use();
        }
        effects.push(Effect::UserStarted { at: voice.unwrap_or(now) });
    }

    fn end_current(&mut self) -> Option<Effect> {
        let utterance = self.current.take()?;
        self.end(utterance)
    }

    fn end(&mut self, utterance: Box<Utterance>) -> Option<Effect> {
        if !utterance.is_speech() {
            return None;
        }
        self.ended.push_back(utterance);
        Some(Effect::UtteranceEnded)
    }
}

/// Reports a start or end of audible user speech to the sink: as detected by voice activity detection, else as
/// announced.
fn on_user_audible(change: SpeechChange, at: Time, moment: &mut Moment<'_>) {
    moment.sink.speech(Speech { who: Speaker::User, at, change });
}
