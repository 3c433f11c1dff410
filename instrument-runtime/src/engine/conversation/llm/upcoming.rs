//! The data of a model's next call before it starts: when it was asked for, what the user said, and measurements.
//!
//! ```text
//!   the user stops, a tool returns ──▶ requested ──┐
//!   transcripts, early measurements ───────────────┴──▶ the response starts, or fails ──▶ the call
//! ```
//!
//! See [Speech to speech](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#speech-to-speech).

use std::time::Duration;

use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::frame::{Metric, Spacing};
use crate::engine::measurements::Measurements;
use crate::engine::text::JoinedText;
use crate::engine::time::Time;

/// Maximum time between a measurement of a speech-to-speech model and the response that it precedes.
const MAX_EARLY: Duration = Duration::from_millis(10);

/// Maximum time between the service's own detection of speech and the announcement of the user's turn.
const MAX_DETECTION: Duration = Duration::from_millis(500);

/// The user's turns as announced, and as the model itself detects them.
#[derive(Debug, Default)]
pub(super) struct UserFloor {
    started: Option<Time>,
    stopped: Option<Time>,
    /// When the service detected speech that has not been announced yet.
    detected: Option<Time>,
}

impl UserFloor {
    pub(super) fn on_start(&mut self, now: Time) {
        self.started = Some(now);
    }

    pub(super) fn on_stop(&mut self, now: Time) {
        self.stopped = Some(now);
    }

    /// Handles the service's own detection of the start of speech.
    pub(super) fn on_detection(&mut self, now: Time) {
        self.detected = Some(now);
    }

    /// Returns when the service detected the speech that is announced now, and forgets it.
    pub(super) fn take_detection(&mut self, now: Time) -> Option<Time> {
        self.detected.take().filter(|at| now.since(*at) <= MAX_DETECTION)
    }

    /// Whether any speech has been announced.
    pub(super) fn is_announced(&self) -> bool {
        self.started.is_some()
    }

    pub(super) fn is_speaking(&self) -> bool {
        self.started.is_some() && self.started > self.stopped
    }

    /// Whether the user has started speaking after `moment`.
    pub(super) fn has_started_since(&self, moment: Time) -> bool {
        self.started.is_some_and(|started| started > moment)
    }

    /// Returns when the user stopped speaking, unless the user has started again.
    fn last_stop(&self) -> Option<Time> {
        self.stopped.filter(|_| !self.is_speaking())
    }
}

/// The next call of each model.
#[derive(Debug, Default)]
pub(super) struct UpcomingCalls(Vec<UpcomingCall>);

/// The next call of one model.
#[derive(Debug)]
pub(super) struct UpcomingCall {
    llm: ProcessorIndex,
    /// When the call before it was created.
    previous: Option<Time>,
    /// The user's words that no call has answered.
    transcript: JoinedText,
    measured: Option<Box<EarlyMeasurements>>,
    /// When the last tool that the model asked for returned.
    tool_returned: Option<Time>,
}

/// Measurements that came before the response that they belong to.
#[derive(Debug)]
struct EarlyMeasurements {
    measurements: Measurements,
    /// When the last of them came.
    at: Time,
}

impl EarlyMeasurements {
    /// Whether a response that starts now, or a measurement that comes now, may belong to the same call.
    fn is_recent(&self, now: Time) -> bool {
        now.since(self.at) <= MAX_EARLY
    }
}

/// The input that a model was asked to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// The user stopped speaking.
    Speech { at: Time },
    /// A tool returned its result.
    ToolResult { at: Time },
}

impl Request {
    pub(super) const fn at(self) -> Time {
        match self {
            Self::Speech { at } | Self::ToolResult { at } => at,
        }
    }
}

impl UpcomingCalls {
    /// Returns the next call of a model.
    pub(super) fn of(&mut self, llm: ProcessorIndex) -> &mut UpcomingCall {
        let index = self.0.iter().position(|call| call.llm == llm).unwrap_or_else(|| {
            self.0.push(UpcomingCall::new(llm));
            self.0.len() - 1
        });
        &mut self.0[index]
    }

    /// Returns what the next call of a model must answer: the last event that asks for one since the call before it.
    pub(super) fn request(&self, llm: ProcessorIndex, user: &UserFloor) -> Option<Request> {
        let known = self.0.iter().find(|call| call.llm == llm);
        let speech = user.last_stop().map(|at| Request::Speech { at });
        let result = known.and_then(|call| call.tool_returned).map(|at| Request::ToolResult { at });
        let asked_at = |request: &Request| request.at();
        let previous = known.and_then(|call| call.previous);
        let is_new = |request: &Request| previous.is_none_or(|previous| request.at() > previous);
        [speech, result].into_iter().flatten().filter(is_new).max_by_key(asked_at)
    }
}

impl UpcomingCall {
    fn new(llm: ProcessorIndex) -> Self {
        Self { llm, previous: None, transcript: JoinedText::default(), measured: None, tool_returned: None }
    }

    pub(super) fn on_transcript(&mut self, text: &str) {
        self.transcript.push(text, Spacing::Between);
    }

    /// Handles a measurement that precedes its response.
    pub(super) fn on_metric(&mut self, metric: &Metric<'_>, now: Time) {
        let recent = self.measured.take().filter(|early| early.is_recent(now));
        let mut early = recent.unwrap_or_else(|| {
            Box::new(EarlyMeasurements { measurements: Measurements::default(), at: now })
        });
        early.measurements.add(metric);
        early.at = now;
        self.measured = Some(early);
    }

    /// Forgets measurements, because they belong to an earlier call.
    pub(super) fn forget_measurements(&mut self) {
        self.measured = None;
    }

    pub(super) fn on_tool_result(&mut self, now: Time) {
        self.tool_returned = Some(now);
    }

    /// Handles the start of the call. Returns the user's words, and the measurements that came just before it.
    pub(super) fn start(&mut self, now: Time) -> (Option<String>, Measurements) {
        self.previous = Some(now);
        let recent = self.measured.take().filter(|early| early.is_recent(now));
        let measurements = recent.map(|early| early.measurements).unwrap_or_default();
        (std::mem::take(&mut self.transcript).to_text(), measurements)
    }

    /// Returns when the call before it was created.
    pub(super) fn previous(&self) -> Option<Time> {
        self.previous
    }
}
