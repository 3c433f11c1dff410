//! Writes the frame logs of a process.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::conversation_log::ConversationLog;
use super::error::FrameLogWriteError;
use super::file_writer::{FILE_SYSTEM, FileSequence, FileSystem};
use super::header::HeaderInfo;
use super::line_buffer::{LogLimits, QueueBudget};
use super::log_path::{PartSize, PathTemplate};
use super::writer_thread::WriterHandle;
use crate::process::PerProcess;

/// Writes the frame logs of a process: one file per conversation, one thread for all.
///
/// At most 256 files are open at once. An event is in its file after 20 ms, or after a second if the file is compressed
/// or has to be opened again.
///
/// Clones are cheap and share the thread. It starts with the first conversation, and ends when all clones and
/// conversations are gone. A child of `fork` has a thread of its own, and writes files of its own: what is queued at the
/// fork is written by the parent.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::engine::frame::{Direction, Frame, FramePushed, ProcessorRef};
/// use pipecat_instrument_runtime::engine::time::Time;
/// use pipecat_instrument_runtime::frame_log::{FrameLogWriter, FrameLogReader, HeaderInfo};
///
/// let directory = std::env::temp_dir().join(format!("frame-log-doc-{}", std::process::id()));
/// let logs = FrameLogWriter::new(directory.join("frames-{conversation_id}.jsonl"))?;
///
/// let log = logs.conversation(&HeaderInfo::new("call-42", Time::default()));
/// log.record(Time::from_unix_nanos(5), &FramePushed {
///     source: ProcessorRef::named("Mic"),
///     destination: ProcessorRef::named("Stt"),
///     direction: Direction::Downstream,
///     id: None,
///     sibling: None,
///     frame: &Frame::Start,
/// });
/// log.finish();
/// logs.flush(Duration::from_secs(10))?;
///
/// let mut reader = FrameLogReader::open(directory.join("frames-call-42.jsonl"))?;
/// assert_eq!(reader.by_ref().filter_map(Result::ok).count(), 1);
/// # std::fs::remove_dir_all(directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FrameLogWriter {
    template: Arc<PathTemplate>,
    shared: Arc<SharedWriter>,
}

/// State that the clones of a writer and the logs of its conversations share.
pub(super) struct SharedWriter {
    part_size: Option<PartSize>,
    file_system: FileSystem,
    limits: LogLimits,
    thread: PerProcess<WriterOfProcess>,
    next_number: AtomicU64,
}

/// The writer thread of one process, and the space in its queue.
pub(super) struct WriterOfProcess {
    /// `None` if the thread could not be started.
    pub(super) handle: Option<WriterHandle>,
    pub(super) budget: Arc<QueueBudget>,
}

impl FrameLogWriter {
    /// Writes logs to `path`, with the conversation's id in place of `{conversation_id}`; without that, the id is put
    /// before the extension. A path that ends in `.gz` is compressed. Existing files are left alone: the new file gets
    /// a number.
    ///
    /// Creates the directory, and checks that files can be written there.
    pub fn new(path: impl AsRef<Path>) -> Result<Self, FrameLogWriteError> {
        Self::probed(path.as_ref(), None)
    }

    /// Like [`new`](Self::new), but splits each log into parts: `frames-call-42.part-0001.jsonl` and so on. A log
    /// continues in the next part when it has reached `size`. Reading the first part reads them all. Each part can also
    /// be read by itself, but lacks the messages of a request that was under way when it began.
    ///
    /// ```
    /// use pipecat_instrument_runtime::frame_log::{FrameLogWriter, PartSize};
    ///
    /// # let directory = std::env::temp_dir().join(format!("frame-log-parts-doc-{}", std::process::id()));
    /// let logs = FrameLogWriter::in_parts(directory.join("frames.jsonl.gz"), PartSize::bytes(50 << 20))?;
    /// # drop(logs);
    /// # std::fs::remove_dir_all(directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_parts(path: impl AsRef<Path>, size: PartSize) -> Result<Self, FrameLogWriteError> {
        Self::probed(path.as_ref(), Some(size))
    }

    fn probed(path: &Path, part_size: Option<PartSize>) -> Result<Self, FrameLogWriteError> {
        let template = PathTemplate::parse(path)?;
        template.probe()?;
        Ok(Self::with(template, part_size, LogLimits::default(), FILE_SYSTEM))
    }

    pub(super) fn with(
        template: PathTemplate,
        part_size: Option<PartSize>,
        limits: LogLimits,
        file_system: FileSystem,
    ) -> Self {
        Self {
            template: Arc::new(template),
            shared: Arc::new(SharedWriter {
                part_size,
                file_system,
                limits,
                thread: PerProcess::new(),
                next_number: AtomicU64::new(0),
            }),
        }
    }

    /// Creates a writer without a path, for conversations that set theirs with [`at_path`](Self::at_path).
    pub(crate) fn without_path() -> Self {
        Self::with(PathTemplate::default(), None, LogLimits::default(), FILE_SYSTEM)
    }

    /// Returns a writer for another path that shares this one's thread. It does not check that files can be written
    /// there, as constructors call it, which must not wait for a disk.
    pub(crate) fn at_path(&self, path: &Path) -> Result<Self, FrameLogWriteError> {
        let template = Arc::new(PathTemplate::parse(path)?);
        Ok(Self { template, shared: Arc::clone(&self.shared) })
    }

    /// Creates the log of a conversation. Its file is created at the first event.
    pub fn conversation(&self, header: &HeaderInfo<'_>) -> ConversationLog {
        let shared = &self.shared;
        let path = self.template.for_conversation(header.conversation_id);
        let files = FileSequence::new(path, shared.part_size, shared.file_system);
        ConversationLog::new(Arc::clone(shared), header.conversation_id.to_owned(), header.to_line(), files)
    }

    /// Waits until all events recorded so far are in their files.
    ///
    /// # Errors
    ///
    /// Returns [`FrameLogWriteError::FlushTimeout`] after `timeout`.
    pub fn flush(&self, timeout: Duration) -> Result<(), FrameLogWriteError> {
        let Some(handle) = self.shared.thread.get().and_then(|thread| thread.handle.as_ref()) else {
            return Ok(());
        };
        let (done, is_done) = channel();
        let is_requested = handle.flush(done).is_ok();
        if is_requested && is_done.recv_timeout(timeout).is_ok() {
            Ok(())
        } else {
            Err(FrameLogWriteError::FlushTimeout { waited: timeout })
        }
    }
}

impl SharedWriter {
    /// Returns the writer thread of this process, which the first call starts.
    pub(super) fn thread(&self) -> &WriterOfProcess {
        self.thread.get_or_init(|| {
            let budget = Arc::new(QueueBudget::new(self.limits.queued_bytes));
            let handle = WriterHandle::start(Arc::clone(&budget), self.limits)
                .inspect_err(|error| {
                    tracing::warn!(
                        %error,
                        "no frame logs are written: their thread cannot be started; allow this process more threads"
                    );
                })
                .ok();
            WriterOfProcess { handle, budget }
        })
    }

    /// Returns a number for a new log.
    pub(super) fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for FrameLogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameLogWriter").field("template", &self.template).finish_non_exhaustive()
    }
}
