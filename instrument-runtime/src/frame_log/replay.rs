//! Replays a conversation from its log.

use std::time::Duration;

use super::error::LogLineError;
use super::reader::{FrameLogReader, LoggedEvent};
use crate::engine::conversation::{CloseReason, Conversation, ConversationConfig};
use crate::engine::record::SpanSink;
use crate::engine::time::Time;

/// The result of a replay, and the condition of its log.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ReplayReport {
    /// Events that were replayed.
    pub events: u64,
    /// The time of the first event; `None` in a log without events.
    pub first_event: Option<Time>,
    /// The time of the last event.
    pub last_event: Option<Time>,
    /// Events missing from the log, because its writer could not keep up.
    pub dropped: u64,
    /// The lines that were skipped.
    pub bad_lines: Vec<LogLineError>,
    /// Whether the log has no footer: its process died, or a part of it is missing.
    pub broken_off: bool,
    /// The number of the part that the log begins with, of a log that has parts.
    pub first_part: Option<u32>,
    /// The number of the part that should follow and has not been found.
    pub missing_part: Option<u32>,
}

impl ReplayReport {
    /// Returns a sentence for each problem of the log except the bad lines.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
    /// use pipecat_instrument_runtime::engine::record::SpanBuffer;
    /// use pipecat_instrument_runtime::frame_log::{FrameLogReader, replay};
    ///
    /// let log = "{\"frame_log\":1,\"writer\":\"me\",\"wall\":0}\n{\"end\":true,\"events\":0,\"dropped\":3}\n";
    /// let mut reader = FrameLogReader::new(log.as_bytes())?;
    /// let report = replay(&mut reader, ConversationConfig::default(), &mut SpanBuffer::default());
    /// assert_eq!(report.problems(), ["lacks 3 events that its writer had to drop"]);
    /// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
    /// ```
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(part) = self.first_part.filter(|part| *part > 1) {
            problems.push(format!("begins with part {part}: name the first part to read all of it"));
        }
        if self.dropped > 0 {
            problems.push(format!("lacks {} events that its writer had to drop", self.dropped));
        }
        match self.missing_part {
            Some(part) => problems.push(format!("continues in part {part}, which is missing")),
            None if self.broken_off => {
                let problem = "breaks off without a footer: its process died, or is still writing it";
                problems.push(problem.to_owned());
            }
            None => {}
        }
        problems
    }
}

/// Replays the conversation that `reader` reads. Uses the times of the log as its clock, and does not wait.
///
/// ```
/// use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
/// use pipecat_instrument_runtime::engine::record::SpanBuffer;
/// use pipecat_instrument_runtime::frame_log::{FrameLogReader, replay};
///
/// let log = "{\"frame_log\":1,\"writer\":\"me\",\"wall\":0}\noops\n{\"end\":true,\"events\":0,\"dropped\":3}\n";
/// let mut reader = FrameLogReader::new(log.as_bytes())?;
/// let config = reader.header().config(ConversationConfig::default());
/// let mut spans = SpanBuffer::default();
/// let report = replay(&mut reader, config, &mut spans);
/// assert_eq!((report.dropped, report.bad_lines.len(), report.broken_off), (3, 1, false));
/// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
/// ```
pub fn replay(
    reader: &mut FrameLogReader<'_>,
    config: ConversationConfig,
    spans: &mut dyn SpanSink,
) -> ReplayReport {
    let mut replay = Replay::new(config);
    let mut bad_lines = Vec::new();
    for item in reader.by_ref() {
        match item {
            Ok(event) => replay.handle_event(&event, spans),
            Err(bad) => bad_lines.push(bad),
        }
    }
    ReplayReport { bad_lines, ..replay.finish(reader, spans) }
}

/// Replays a conversation event by event, such as one whose log is still being written. [`replay`] replays a complete
/// log.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
/// use pipecat_instrument_runtime::engine::record::SpanBuffer;
/// use pipecat_instrument_runtime::frame_log::{FrameLogReader, Replay};
///
/// let log = r#"{"frame_log":1,"writer":"me","wall":0}
/// {"n":0,"wall":5,"dir":"up","src":"Out","dst":"Tts","frame":"BotStartedSpeakingFrame","id":1,"payload":{}}
/// {"n":1,"wall":9,"dir":"up","src":"Out","dst":"Tts","frame":"BotStoppedSpeakingFrame","id":2,"payload":{}}
/// "#;
/// let mut reader = FrameLogReader::new(log.as_bytes())?;
/// let (mut replay, mut spans) = (Replay::new(ConversationConfig::default()), SpanBuffer::default());
/// for event in reader.by_ref().flatten() {
///     replay.handle_event(&event, &mut spans);
/// }
/// assert!(spans.ended.is_empty());
/// replay.handle_silence(Duration::from_secs(10), &mut spans);
/// assert_eq!(spans.ended.len(), 1, "the turn has timed out");
/// assert_eq!(replay.finish(&reader, &mut spans).events, 2);
/// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
/// ```
pub struct Replay {
    conversation: Conversation,
    now: Time,
    first_event: Option<Time>,
    last_event: Option<Time>,
    events: u64,
}

impl Replay {
    /// Creates a replay of a conversation that has not begun.
    pub fn new(config: ConversationConfig) -> Self {
        Self {
            conversation: Conversation::new(config),
            now: Time::default(),
            first_event: None,
            last_event: None,
            events: 0,
        }
    }

    /// Handles the next event.
    pub fn handle_event(&mut self, event: &LoggedEvent, spans: &mut dyn SpanSink) {
        // The times of a log may step back, but the clock of a conversation must not.
        self.now = self.now.max(event.at());
        self.first_event.get_or_insert(event.at());
        self.last_event = Some(self.now);
        let frame = event.frame();
        self.conversation.handle_input(self.now, &event.hop(&frame), spans);
        self.events += 1;
    }

    /// Handles the deadlines up to `silence` after the last event.
    pub fn handle_silence(&mut self, silence: Duration, spans: &mut dyn SpanSink) {
        self.now = self.now.max(self.last_event.unwrap_or_default() + silence);
        self.conversation.handle_timeout(self.now, spans);
    }

    /// Ends the conversation at the end of its log, and reports on `reader`. The report has no bad lines: the caller,
    /// which reads the log, collects them.
    pub fn finish(self, reader: &FrameLogReader<'_>, spans: &mut dyn SpanSink) -> ReplayReport {
        let (events, first_event, last_event) = (self.events, self.first_event, self.last_event);
        match reader.footer().and_then(|footer| footer.shutdown_at) {
            Some(at) => self.end(at, CloseReason::Shutdown, spans),
            // The log does not say that the conversation ended, so its task was dropped.
            None => self.close(spans),
        }
        ReplayReport {
            events,
            first_event,
            last_event,
            dropped: reader.footer().map_or(0, |footer| footer.dropped),
            bad_lines: Vec::new(),
            broken_off: reader.footer().is_none(),
            first_part: reader.header().part,
            missing_part: reader.awaited_part(),
        }
    }

    /// Ends the conversation before the end of its log.
    pub fn close(self, spans: &mut dyn SpanSink) {
        self.end(Time::default(), CloseReason::Dropped, spans);
    }

    /// Ends the conversation, unless a frame has ended it, at `at` or at the last event.
    fn end(mut self, at: Time, reason: CloseReason, spans: &mut dyn SpanSink) {
        self.now = self.now.max(at);
        self.conversation.handle_timeout(self.now, spans);
        if !self.conversation.is_closed() {
            self.conversation.close(self.now, reason, spans);
        }
    }
}
