//! The user's wait for the bot in one turn: its start, and what was heard and asked meanwhile.
//!
//! ```text
//!   voice ends ──▶ VAD stop ──▶ final transcript ──▶ a model is asked ──▶ … ──▶ the bot starts
//!        ▲                                                  │
//!        └───────── the user speaks again (a repeat) ◀──────┘
//! ```
//!
//! See [Latency](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#latency).

use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::record::{LatencySource, UserRepeats};
use crate::engine::time::Time;

/// The end of voice activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VoiceStop {
    /// When the end was detected.
    pub(crate) at: Time,
    /// When the voice ended, which is before the detection.
    pub(crate) voice_end: Time,
}

/// A moment that a processor caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Milestone {
    pub(crate) at: Time,
    /// The processor; `None` if it is unknown.
    pub(crate) by: Option<ProcessorIndex>,
}

/// The events of the user's wait so far, until the bot starts.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    voice_stop: Option<VoiceStop>,
    /// The announcement that the user has stopped, unless the user has spoken again.
    user_stopped: Option<Milestone>,
    /// When the framework took the user as done: the announcement, else a request to a model.
    user_done: Option<Time>,
    /// The latest final transcript since the user last spoke again.
    transcript: Option<Milestone>,
    request: Option<Request>,
    since_request: SinceRequest,
    /// The first audio of the latest response of a speech-to-speech model.
    live_audio: Option<Milestone>,
    /// The end of the voice that was followed by the first repeat.
    first_voice_end: Option<Time>,
    repeats: u32,
}

/// The first request to a model on the user's latest words.
#[derive(Debug, Clone, Copy)]
struct Request {
    asked: Time,
    /// The last final transcript before it; else the first one after it, which it anticipated.
    transcript: Option<Milestone>,
}

/// The events since a model was last asked.
#[derive(Debug, Clone, Copy, Default)]
struct SinceRequest {
    user_started: bool,
    words_came: bool,
    tool_returned: bool,
}

impl SinceRequest {
    /// Whether a model that is asked now is asked about the same words: again, or with the result of a tool.
    fn continues_request(self) -> bool {
        !self.user_started && (!self.words_came || self.tool_returned)
    }
}

/// The time that the user waited for the bot, with its moments up to the request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wait {
    pub(super) since: Time,
    pub(super) until: Time,
    pub(super) source: LatencySource,
    /// When the end of the voice was detected.
    pub(super) voice_stopped: Time,
    pub(super) transcript: Option<Milestone>,
    pub(super) user_stopped: Option<Milestone>,
    /// When a model was asked.
    pub(super) asked: Option<Time>,
    pub(super) live_audio: Option<Milestone>,
    pub(super) bot_started: Milestone,
}

impl Waiting {
    /// Handles an utterance that began at `start`, with the transcript and the end of its voice if they have come. The
    /// user speaks again if it began after the framework took the user as done.
    pub(super) fn on_utterance(
        &mut self,
        start: Time,
        transcript: Option<Milestone>,
        voice_stop: Option<VoiceStop>,
    ) {
        if let Some(done) = self.user_done.take_if(|done| *done <= start) {
            let voice_end = self.voice_stop.map_or(done, |stop| stop.voice_end);
            self.first_voice_end.get_or_insert(voice_end);
            self.repeats = self.repeats.saturating_add(1);
            self.user_stopped = None;
            self.transcript = None;
        }
        self.since_request.user_started = true;
        self.transcript = transcript.or(self.transcript);
        self.voice_stop = voice_stop.or(self.voice_stop);
    }

    pub(super) fn on_voice_stop(&mut self, stop: VoiceStop) {
        self.voice_stop = Some(stop);
    }

    pub(super) fn on_user_stopped(&mut self, stopped: Milestone) {
        self.user_stopped = Some(stopped);
        self.user_done.get_or_insert(stopped.at);
    }

    pub(super) fn on_transcript(&mut self, transcript: Milestone) {
        self.transcript = Some(transcript);
        self.since_request.words_came = true;
        if let Some(request) = &mut self.request
            && !self.since_request.user_started
        {
            request.transcript.get_or_insert(transcript);
        }
    }

    pub(super) fn on_tool_result(&mut self) {
        self.since_request.tool_returned = true;
    }

    /// Handles a request to a language model. If the framework does not announce the user, the request shows that it
    /// takes the user as done.
    pub(super) fn on_request(&mut self, now: Time, announces_user: bool) {
        if !announces_user {
            self.user_done.get_or_insert(now);
        }
        let since = std::mem::take(&mut self.since_request);
        if self.request.is_none() || !since.continues_request() {
            self.request = Some(Request { asked: now, transcript: self.transcript });
        }
    }

    /// Handles the start of an LLM call. Audio before it is of an earlier response, which may have been interrupted.
    pub(super) fn on_llm_call(&mut self) {
        self.live_audio = None;
    }

    /// Handles audio of a speech-to-speech model.
    pub(super) fn on_live_audio(&mut self, audio: Milestone) {
        self.live_audio.get_or_insert(audio);
    }

    /// Returns the wait that ends with the bot's first sound; `None` if the user has not been heard.
    pub(super) fn until(&self, bot_started: Milestone) -> Option<Wait> {
        let (since, voice_stopped, source) = match (self.voice_stop, self.user_stopped) {
            (Some(stop), _) => (stop.voice_end, stop.at, LatencySource::Vad),
            (None, Some(stopped)) => (stopped.at, stopped.at, LatencySource::UserStopped),
            (None, None) => return None,
        };
        Some(Wait {
            since,
            until: bot_started.at,
            source,
            voice_stopped,
            transcript: self.request.map_or(self.transcript, |request| request.transcript),
            user_stopped: self.user_stopped,
            asked: self.request.map(|request| request.asked),
            live_audio: self.live_audio,
            bot_started,
        })
    }

    /// Returns how often the user spoke again, and the wait until `bot_started`; `None` if the user did not.
    pub(super) fn repeats(&self, bot_started: Option<Time>) -> Option<UserRepeats> {
        let first = self.first_voice_end?;
        let wait_seconds = bot_started.map(|until| until.seconds_since(first));
        Some(UserRepeats { count: self.repeats, wait_seconds })
    }
}
