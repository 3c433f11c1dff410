//! The frame log of one conversation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::line_buffer::QueueBudget;
use super::recorded_log::{Recorded, RecordedLog};
use super::writer_thread::WriterHandle;
use crate::engine::frame::FramePushed;
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// Lost events of all logs of the process.
static LOST_EVENTS: AtomicU64 = AtomicU64::new(0);

/// Returns the number of events missing from the frame logs of this process, because their writer could not keep up.
///
/// ```
/// assert_eq!(pipecat_instrument_runtime::frame_log::lost_events(), 0);
/// ```
pub fn lost_events() -> u64 {
    LOST_EVENTS.load(Ordering::Relaxed)
}

/// The frame log of one conversation. [`finish`](Self::finish) or dropping it completes the log.
///
/// No method waits: if the queue has no space for an event, the event is lost and counted.
pub struct ConversationLog {
    log: Arc<RecordedLog>,
    /// `None` if the writer thread could not be started.
    writer: Option<WriterHandle>,
    budget: Arc<QueueBudget>,
    privacy: Privacy,
}

impl ConversationLog {
    pub(super) fn new(log: RecordedLog, writer: Option<WriterHandle>, budget: Arc<QueueBudget>) -> Self {
        Self { log: Arc::new(log), writer, budget, privacy: Privacy::default() }
    }

    /// Sets the privacy settings, which redact content before it is written. Call it before the first hop.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::time::Time;
    /// use pipecat_instrument_runtime::frame_log::{FrameLogWriter, HeaderInfo};
    /// use pipecat_instrument_runtime::privacy::Privacy;
    ///
    /// # let directory = std::env::temp_dir().join(format!("frame-log-privacy-{}", std::process::id()));
    /// let logs = FrameLogWriter::new(directory.join("frames.jsonl"))?;
    /// let log = logs.conversation(&HeaderInfo::new("call-42", Time::default())).privacy(Privacy::from_env());
    /// # drop(log);
    /// # std::fs::remove_dir_all(directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    /// Records one hop, which happened at `wall`.
    pub fn record(&self, wall: Time, hop: &FramePushed<'_>) {
        let Some(writer) = &self.writer else { return };
        let announce = || writer.announce(Arc::clone(&self.log));
        match self.log.record(wall, hop, &self.privacy, &self.budget, announce) {
            Recorded::Yes | Recorded::Closed => {}
            Recorded::Lost => self.on_lost_event(),
        }
    }

    /// Ends the log. The writer thread writes the rest and closes the file; later hops are not recorded.
    pub fn finish(&self) {
        if let Some(writer) = &self.writer {
            self.log.finish(|| writer.announce(Arc::clone(&self.log)));
        }
    }

    fn on_lost_event(&self) {
        LOST_EVENTS.fetch_add(1, Ordering::Relaxed);
        if let Some(lost) = self.budget.count_lost_event() {
            tracing::warn!(
                conversation_id = self.log.conversation_id,
                lost,
                "frame logs are losing events, audio first; traces are not affected: the disk or the writer thread \
                 cannot keep up; log fewer conversations, write to a faster disk, or without .gz"
            );
        }
    }
}

impl Drop for ConversationLog {
    fn drop(&mut self) {
        self.finish();
    }
}
