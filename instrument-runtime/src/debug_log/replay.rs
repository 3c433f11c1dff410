//! A conversation once more, from its log.

use std::io::BufRead;

use super::reader::{BadLine, FrameLogReader};
use crate::core::conversation::{CloseReason, Conversation, ConversationConfig};
use crate::core::record::Spans;
use crate::core::time::Time;

/// What came of a replay.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ReplayReport {
    /// How many events were replayed.
    pub events: u64,
    /// How many events the log lacks, because its writer could not keep up.
    pub dropped: u64,
    /// The lines that were skipped.
    pub bad_lines: Vec<BadLine>,
    /// Whether the log breaks off: its process died.
    pub broken_off: bool,
}

/// Replays the conversation of `reader`, with the log's times as the clock and without waiting.
///
/// ```
/// use pipecat_instrument_runtime::core::conversation::ConversationConfig;
/// use pipecat_instrument_runtime::core::record::GatheredSpans;
/// use pipecat_instrument_runtime::debug_log::{FrameLogReader, replay};
///
/// let log = "{\"frame_log\":1,\"writer\":\"me\",\"wall\":0}\noops\n{\"end\":true,\"events\":0,\"dropped\":3}\n";
/// let mut reader = FrameLogReader::new(log.as_bytes())?;
/// let config = reader.header().config(ConversationConfig::default());
/// let mut spans = GatheredSpans::default();
/// let report = replay(&mut reader, config, &mut spans);
/// assert_eq!((report.dropped, report.bad_lines.len(), report.broken_off), (3, 1, false));
/// # Ok::<(), pipecat_instrument_runtime::debug_log::FrameLogError>(())
/// ```
pub fn replay<R: BufRead>(
    reader: &mut FrameLogReader<R>,
    config: ConversationConfig,
    spans: &mut dyn Spans,
) -> ReplayReport {
    let mut report = ReplayReport::default();
    let mut conversation = Conversation::new(config);
    let mut now = Time::default();
    for event in reader.by_ref() {
        match event {
            Ok(event) => {
                // The times of a log may step back, a conversation's clock may not.
                now = now.max(event.at());
                expire_due(&mut conversation, now, spans);
                let frame = event.frame();
                conversation.handle(now, &event.hop(&frame), spans);
                report.events += 1;
            }
            Err(bad) => report.bad_lines.push(bad),
        }
    }
    expire_due(&mut conversation, now, spans);
    if !conversation.is_closed() {
        // Whatever was still open when the log ended was never ended: the task went away.
        conversation.close(now, CloseReason::Dropped, spans);
    }
    report.dropped = reader.footer().map_or(0, |footer| footer.dropped);
    report.broken_off = reader.footer().is_none();
    report
}

/// Does what was due until `now`, each at its own time.
fn expire_due(conversation: &mut Conversation, now: Time, spans: &mut dyn Spans) {
    let mut last = None;
    while let Some(due) = conversation.deadline() {
        // A deadline that stays where it is would be due for ever.
        if due > now || last.is_some_and(|last| due <= last) {
            return;
        }
        conversation.expire(due, spans);
        last = Some(due);
    }
}
