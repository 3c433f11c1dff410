//! The frame log of one conversation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::file_writer::FileSequence;
use super::format::HeaderLine;
use super::frame_log_writer::{SharedWriter, WriterOfProcess};
use super::line_buffer::QueueBudget;
use super::recorded_log::{Recorded, RecordedLog};
use super::writer_thread::WriterHandle;
use crate::engine::frame::FramePushed;
use crate::engine::time::Time;
use crate::privacy::Privacy;
use crate::process::PerProcess;

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
///
/// In a child of `fork`, the first hop begins another file, with the hops from then on.
pub struct ConversationLog {
    shared: Arc<SharedWriter>,
    conversation_id: String,
    header: HeaderLine<'static>,
    files: FileSequence,
    recording: PerProcess<Recording>,
    privacy: Privacy,
}

/// The log of one process.
struct Recording {
    log: Arc<RecordedLog>,
    /// `None` if the writer thread could not be started.
    writer: Option<WriterHandle>,
    budget: Arc<QueueBudget>,
}

impl ConversationLog {
    pub(super) fn new(
        shared: Arc<SharedWriter>,
        conversation_id: String,
        header: HeaderLine<'static>,
        files: FileSequence,
    ) -> Self {
        let (recording, privacy) = (PerProcess::new(), Privacy::default());
        let log = Self { shared, conversation_id, header, files, recording, privacy };
        log.recording.get_or_init(|| log.begin(log.header.wall));
        log
    }

    /// Begins the log of this process, at `wall`.
    fn begin(&self, wall: u64) -> Recording {
        let WriterOfProcess { handle, budget } = self.shared.thread();
        let header = HeaderLine { wall, ..self.header.clone() };
        let (number, id) = (self.shared.next_number(), self.conversation_id.clone());
        Recording {
            log: Arc::new(RecordedLog::new(number, id, header, self.files.clone())),
            writer: handle.clone(),
            budget: Arc::clone(budget),
        }
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
        let recording = self.recording.get_or_init(|| self.begin(wall.as_unix_nanos()));
        let Some(writer) = &recording.writer else { return };
        let announce = || writer.announce(Arc::clone(&recording.log));
        match recording.log.record(wall, hop, &self.privacy, &recording.budget, announce) {
            Recorded::Yes | Recorded::Closed => {}
            Recorded::Lost => self.on_lost_event(&recording.budget),
        }
    }

    /// Ends the log. The writer thread writes the rest and closes the file; later hops are not recorded.
    pub fn finish(&self) {
        self.finish_with(None);
    }

    /// Ends the log of a conversation that the process ended at `at`, at its shutdown, as [`finish`](Self::finish) does. A
    /// replay then ends the conversation in the same way, instead of cancelling it.
    pub fn finish_at_shutdown(&self, at: Time) {
        self.finish_with(Some(at));
    }

    fn finish_with(&self, shutdown_at: Option<Time>) {
        if let Some(Recording { log, writer: Some(writer), .. }) = self.recording.get() {
            log.finish(shutdown_at, || writer.announce(Arc::clone(log)));
        }
    }

    fn on_lost_event(&self, budget: &QueueBudget) {
        LOST_EVENTS.fetch_add(1, Ordering::Relaxed);
        if let Some(lost) = budget.count_lost_event() {
            tracing::warn!(
                conversation_id = self.conversation_id,
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
