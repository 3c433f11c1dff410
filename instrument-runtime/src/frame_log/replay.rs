//! A conversation once more, from its log.

use std::io::BufRead;
use std::time::Duration;

use super::reader::{FrameLogReader, LogLineError, LoggedEvent};
use crate::engine::conversation::{CloseReason, Conversation, ConversationConfig};
use crate::engine::record::SpanSink;
use crate::engine::time::Time;

/// What came of a replay.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ReplayReport {
    /// How many events were replayed.
    pub events: u64,
    /// How many events the log lacks, because its writer could not keep up.
    pub dropped: u64,
    /// The lines that were skipped.
    pub bad_lines: Vec<LogLineError>,
    /// Whether the log breaks off: its process died, or a part of it is missing.
    pub broken_off: bool,
    /// The part that ought to follow, and is not there.
    pub missing_part: Option<u32>,
}

/// Replays the conversation of `reader`, with the log's times as the clock and without waiting.
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
pub fn replay<R: BufRead>(
    reader: &mut FrameLogReader<R>,
    config: ConversationConfig,
    spans: &mut dyn SpanSink,
) -> ReplayReport {
    let mut replay = Replay::new(config);
    let mut bad_lines = Vec::new();
    for event in reader.by_ref() {
        match event {
            Ok(event) => replay.event(&event, spans),
            Err(bad) => bad_lines.push(bad),
        }
    }
    let events = replay.finish(spans);
    ReplayReport {
        events,
        dropped: reader.footer().map_or(0, |footer| footer.dropped),
        bad_lines,
        broken_off: reader.footer().is_none(),
        missing_part: reader.awaited_part(),
    }
}

/// A conversation that is replayed event by event: while its log is still being written, or to look at each.
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
/// let (mut replay, mut spans) = (Replay::new(ConversationConfig::default()), SpanBuffer::default());
/// for event in FrameLogReader::new(log.as_bytes())?.flatten() {
///     replay.event(&event, &mut spans);
/// }
/// assert!(spans.ended.is_empty());
/// replay.nothing_for(Duration::from_secs(10), &mut spans);
/// assert_eq!(spans.ended.len(), 1, "nobody spoke for a while: the turn is over");
/// assert_eq!(replay.finish(&mut spans), 2);
/// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
/// ```
pub struct Replay {
    conversation: Conversation,
    now: Time,
    last_event: Time,
    events: u64,
}

impl Replay {
    /// A conversation in which nothing has happened yet.
    pub fn new(config: ConversationConfig) -> Self {
        Self {
            conversation: Conversation::new(config),
            now: Time::default(),
            last_event: Time::default(),
            events: 0,
        }
    }

    /// The next event.
    pub fn event(&mut self, event: &LoggedEvent, spans: &mut dyn SpanSink) {
        // The times of a log may step back, a conversation's clock may not.
        self.now = self.now.max(event.at());
        self.last_event = self.now;
        expire_due(&mut self.conversation, self.now, spans);
        let frame = event.frame();
        self.conversation.handle_input(self.now, &event.hop(&frame), spans);
        self.events += 1;
    }

    /// Nothing has been written for so long, since the last event: what is due by then happens.
    pub fn nothing_for(&mut self, silence: Duration, spans: &mut dyn SpanSink) {
        self.now = self.now.max(self.last_event + silence);
        expire_due(&mut self.conversation, self.now, spans);
    }

    /// The log is at its end. Says how many events there were.
    pub fn finish(mut self, spans: &mut dyn SpanSink) -> u64 {
        expire_due(&mut self.conversation, self.now, spans);
        if !self.conversation.is_closed() {
            // Whatever was still open when the log ended was never ended: the task went away.
            self.conversation.close(self.now, CloseReason::Dropped, spans);
        }
        self.events
    }
}

/// Does what was due until `now`, each at its own time.
fn expire_due(conversation: &mut Conversation, now: Time, spans: &mut dyn SpanSink) {
    let mut last = None;
    while let Some(due) = conversation.poll_timeout() {
        // A deadline that stays where it is would be due for ever.
        if due > now || last.is_some_and(|last| due <= last) {
            return;
        }
        conversation.handle_timeout(due, spans);
        last = Some(due);
    }
}
