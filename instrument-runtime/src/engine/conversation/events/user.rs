//! What the user does: voice, turns of speech, words.

use std::collections::VecDeque;

use super::super::spans::{Utterance, VoiceStop};
use super::super::{Conversation, Moment, Support};
use crate::engine::frame::{FrameKind, ProcessorRef, Role, Spacing, Transcript};
use crate::engine::speech::{Speaker, Speech, SpeechChange};
use crate::engine::time::Time;
use std::time::Duration;

/// How many final transcripts are remembered, to tell what was typed from what was said.
const REMEMBERED: usize = 32;

/// No more utterances than this wait for a turn to belong to.
const MOST_CARRIED: usize = 8;

/// What is known of the user's voice.
#[derive(Debug, Default)]
pub(in super::super) struct Voice {
    newest: Option<Activity>,
    /// There is voice activity detection.
    is_detected: bool,
    /// The framework has announced the user at least once.
    is_announced: bool,
    last_bot_stop: Option<Time>,
}

/// One voice activity.
#[derive(Debug, Clone, Copy)]
struct Activity {
    start: Time,
    stop: Option<Time>,
    /// It has begun a user's turn of speech: that happens once.
    used: bool,
}

impl Voice {
    /// When the voice began that the user is now found to speak with. A voice that had ended before the bot last
    /// stopped was a muted user's.
    fn of_this_start(&self) -> Option<Time> {
        let newest = self.newest.filter(|activity| !activity.used)?;
        let ended_before_bot = newest.stop.zip(self.last_bot_stop).is_some_and(|(stop, bot)| stop < bot);
        (!ended_before_bot).then_some(newest.start)
    }

    pub(in super::super) fn is_detected(&self) -> bool {
        self.is_detected
    }

    pub(in super::super) fn bot_stopped(&mut self, now: Time) {
        self.last_bot_stop = Some(now);
    }
}

/// The final transcripts of late, and how many there have been.
#[derive(Debug, Default)]
pub(in super::super) struct Heard {
    count: u64,
    newest: VecDeque<String>,
}

impl Heard {
    pub(in super::super) fn count(&self) -> u64 {
        self.count
    }

    fn push(&mut self, text: &str) {
        self.count += 1;
        if self.newest.len() == REMEMBERED {
            self.newest.pop_front();
        }
        self.newest.push_back(text.trim().to_owned());
    }

    /// Whether a transcript that came after the first `count` ones is part of `message`.
    pub(in super::super) fn has_brought(&self, message: &str, count: u64) -> bool {
        let new = usize::try_from(self.count - count).unwrap_or(usize::MAX);
        self.newest.iter().rev().take(new).any(|text| message.contains(text.as_str()))
    }
}

impl Moment<'_> {
    /// The user's voice: as it was detected, where it is; else as it was announced.
    fn user(&mut self, change: SpeechChange, at: Time) {
        self.spans.speech(Speech { who: Speaker::User, at, change });
    }
}

impl Conversation {
    pub(in super::super) fn voice_starts(&mut self, moment: &mut Moment<'_>) {
        self.voice.is_detected = true;
        moment.user(SpeechChange::Starts, moment.now);
        self.voice.newest = Some(Activity { start: moment.now, stop: None, used: false });
        let goes_on = self.utterance.as_ref().is_some_and(|utterance| {
            utterance.is_speech() && !utterance.has_final() && utterance.user_stopped.is_none()
        });
        if goes_on {
            // The user paused: the words are still to come.
            self.utterance.iter_mut().for_each(|utterance| utterance.voice_stop = None);
        } else {
            self.settle_current(moment);
            self.new_utterance(moment.now);
        }
        if self.infers_user() {
            self.user_starts(moment);
        }
    }

    pub(in super::super) fn voice_stops(&mut self, stop_secs: Option<f64>, moment: &mut Moment<'_>) {
        let silence =
            stop_secs.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or_default();
        let stop = VoiceStop { at: moment.now, voice_end: moment.now - silence };
        moment.user(SpeechChange::Stops, stop.voice_end);
        if let Some(newest) = &mut self.voice.newest {
            newest.stop = Some(moment.now);
        }
        let Some(utterance) = &mut self.utterance else { return };
        utterance.voice_stop = Some(stop);
        if let Some(turn) = self.turn.as_mut().filter(|turn| utterance.turn == Some(turn.number)) {
            turn.voice_end = Some(stop.voice_end);
        }
    }

    /// A frame says that the user has begun to speak.
    pub(in super::super) fn user_is_announced(&mut self, moment: &mut Moment<'_>) {
        if !self.voice.is_detected {
            moment.user(SpeechChange::Starts, moment.now);
        }
        let was_inferred = self.infers_user() && self.voice.newest.is_some_and(|newest| newest.used);
        self.voice.is_announced = true;
        if !was_inferred {
            self.user_starts(moment);
        }
    }

    pub(in super::super) fn user_stops(&mut self, moment: &mut Moment<'_>) {
        if !self.voice.is_detected {
            moment.user(SpeechChange::Stops, moment.now);
        }
        if let Some(utterance) = &mut self.utterance {
            utterance.user_stopped = Some(moment.now);
        }
        if let Some(turn) = &mut self.turn {
            turn.user_stopped = Some(moment.now);
        }
    }

    pub(in super::super) fn words_are_interim(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        moment: &mut Moment<'_>,
    ) {
        if self.services.role_of_pusher(source, FrameKind::InterimTranscription) != Role::Llm {
            self.words_come(source, transcript, moment, Utterance::add_interim);
        }
    }

    pub(in super::super) fn words_are_final(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        moment: &mut Moment<'_>,
    ) {
        self.heard.push(transcript.text);
        if self.services.role_of_pusher(source, FrameKind::Transcription) == Role::Llm {
            self.model_hears(source, transcript, moment);
            return;
        }
        let now = moment.now;
        self.words_come(source, transcript, moment, |utterance| utterance.add_final(now, transcript));
        let Some(utterance) = &self.utterance else { return };
        if let Some(turn) = self.turn.as_mut().filter(|turn| utterance.turn == Some(turn.number)) {
            turn.heard.push(transcript.text, Spacing::Between);
        }
    }

    fn words_come(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        moment: &mut Moment<'_>,
        add: impl FnOnce(&mut Utterance),
    ) {
        self.learn_user(transcript);
        if self.utterance.is_none() {
            self.words_come_unannounced(moment);
        }
        let stt = self.services.described(source);
        let processor = self.services[stt].processor.clone();
        let Some(utterance) = &mut self.utterance else { return };
        utterance.service.get_or_insert((stt, processor));
        add(utterance);
        if let Some(turn) = self.turn.as_mut().filter(|turn| utterance.turn == Some(turn.number)) {
            turn.begin_utterance(utterance, moment.spans);
        }
    }

    /// Words come with no voice and no user's start before them.
    fn words_come_unannounced(&mut self, moment: &mut Moment<'_>) {
        self.new_utterance(moment.now);
        if self.infers_user() && !self.voice.is_detected {
            self.user_starts(moment);
        } else if self.voice.is_detected {
            // A new voice would have begun a new utterance: these are late words, of the turn under way.
            self.take_utterance_into_turn(moment);
        }
    }

    pub(in super::super) fn learn_user(&mut self, transcript: &Transcript<'_>) {
        if let Some(user) = transcript.user_id.filter(|user| !user.is_empty())
            && self.user_id.as_deref() != Some(user)
        {
            self.user_id = Some(user.into());
        }
    }

    /// The user begins to speak.
    fn user_starts(&mut self, moment: &mut Moment<'_>) {
        let voice = self.voice.of_this_start();
        let current = self.utterance.take();
        let (ours, other) = match current {
            Some(utterance) if self.is_of_this_start(&utterance, voice) => (Some(utterance), None),
            other => (None, other),
        };
        if let Some(other) = other {
            self.settle(other, moment);
        }
        let start = voice.unwrap_or(moment.now);
        let turn_before = self.turn.as_ref().map(|turn| turn.number);
        self.user_takes_turn(start, moment);
        let turn = self.turn.as_ref().map(|turn| turn.number);
        match ours {
            Some(utterance)
                if utterance.turn.is_none() || (turn == turn_before && utterance.turn == turn) =>
            {
                self.utterance = Some(utterance);
            }
            Some(of_the_turn_before) => self.settle(of_the_turn_before, moment),
            None => {}
        }
        if self.utterance.is_none() {
            self.new_utterance(start);
        }
        if let Some(newest) = &mut self.voice.newest
            && voice.is_some()
        {
            newest.used = true;
        }
        if let Some(utterance) = &mut self.utterance {
            utterance.user_started = true;
            utterance.user_stopped = None;
        }
        self.take_utterance_into_turn(moment);
    }

    /// Whether the utterance under way is what the user is now found to say.
    fn is_of_this_start(&self, utterance: &Utterance, voice: Option<Time>) -> bool {
        match (utterance.turn, voice) {
            // It has not been told yet to which turn it belongs.
            (None, Some(_)) => true,
            (None, None) => !self.voice.is_detected || utterance.spoken_in.is_none(),
            // A second start without a new voice is of the same utterance, where there is voice detection.
            (Some(_), None) => self.voice.is_detected,
            (Some(_), Some(_)) => false,
        }
    }

    fn infers_user(&self) -> bool {
        self.config.signals.user_speech == Support::Inferred && !self.voice.is_announced
    }

    fn new_utterance(&mut self, start: Time) {
        let spoken_in = self.turn.as_ref().map(|turn| turn.number);
        self.utterance = Some(Utterance::new(self.new_key(), start, spoken_in));
    }

    /// The utterance under way belongs to the turn under way.
    pub(in super::super) fn take_utterance_into_turn(&mut self, moment: &mut Moment<'_>) {
        let (Some(utterance), Some(turn)) = (&mut self.utterance, &mut self.turn) else { return };
        if utterance.turn.is_none() {
            turn.takes_in(utterance);
        }
        if utterance.service.is_none() {
            utterance.service = self.services.only_described(Role::Stt);
        }
        turn.begin_utterance(utterance, moment.spans);
    }

    /// The bot stops: an utterance that was over by then, and started no turn, belongs where it was spoken.
    pub(in super::super) fn settle_back_channel(&mut self, moment: &mut Moment<'_>) {
        if self.utterance.as_ref().is_some_and(|utterance| {
            utterance.turn.is_none() && utterance.voice_stop.is_some() && utterance.has_words()
        }) {
            self.settle_current(moment);
        }
    }

    /// A turn ends: a voice of which no words have come, and which cannot begin a turn any more, was nothing.
    pub(in super::super) fn forget_blip(&mut self) {
        let may_begin_turn = self.voice.of_this_start().is_some();
        self.utterance
            .take_if(|utterance| utterance.turn.is_none() && !utterance.has_words() && !may_begin_turn);
    }

    pub(in super::super) fn settle_current(&mut self, moment: &mut Moment<'_>) {
        if let Some(utterance) = self.utterance.take() {
            self.settle(utterance, moment);
        }
    }

    /// An utterance is over: puts it into its turn, or into the one in which it was spoken.
    pub(in super::super) fn settle(&mut self, mut utterance: Utterance, moment: &mut Moment<'_>) {
        if !utterance.is_speech() {
            return;
        }
        let may_be_carried = self.carried.len() < MOST_CARRIED;
        let home = utterance.turn.or(utterance.spoken_in).and_then(|number| self.turn_of(number));
        match home {
            Some(turn) => {
                if utterance.turn.is_none() {
                    turn.takes_in(&mut utterance);
                }
                turn.begin_utterance(&mut utterance, moment.spans);
                turn.utterances.push(utterance);
            }
            None if may_be_carried => self.carried.push(utterance),
            None => {}
        }
        self.make_room(moment);
    }
}
