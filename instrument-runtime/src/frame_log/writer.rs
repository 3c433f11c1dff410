//! Frame logs of a whole process.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::FrameLogWriteError;
use super::conversation_log::ConversationLog;
use super::file_name::FileTemplate;
use super::fs::{DISK, Disk};
use super::header_info::HeaderInfo;
use super::log_path::LogFile;
use super::queue_budget::{Bounds, Room};
use super::rotation::PartSize;
use super::writer_thread::Writer;

/// Writes frame logs: one file a conversation, one thread for all of them, of which no more than 256 are open at once. What
/// was recorded is in its file 20 ms later; or a second, if it is compressed or was closed for another.
///
/// Cheap to clone. The thread starts with the first conversation, and ends when this and the last conversation are
/// gone.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::engine::frame::{Direction, Frame, FramePushed, ProcessorRef};
/// use pipecat_instrument_runtime::engine::time::Time;
/// use pipecat_instrument_runtime::frame_log::{FrameLogWriter, FrameLogReader, HeaderInfo};
///
/// let directory = std::env::temp_dir().join(format!("debug-log-doc-{}", std::process::id()));
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
    template: Arc<FileTemplate>,
    shared: Arc<Shared>,
}

struct Shared {
    part_size: Option<PartSize>,
    disk: Disk,
    room: Arc<Room>,
    bounds: Bounds,
    /// None inside if the thread cannot be started.
    writer: OnceLock<Option<Writer>>,
    next_number: AtomicU64,
}

impl FrameLogWriter {
    /// Logs go to `path`, where `{conversation_id}` stands for the conversation; without it, the id is put before the
    /// extension. A path that ends in `.gz` is compressed. A file that is already there is left alone, and the new one
    /// gets a number.
    ///
    /// Makes the directory, and finds out whether files can be written there.
    pub fn new(path: impl AsRef<Path>) -> Result<Self, FrameLogWriteError> {
        let template = FileTemplate::parse(path.as_ref())?;
        template.probe()?;
        Ok(Self::with(template, None, Bounds::default(), DISK))
    }

    /// The same, with each log cut into parts: `frames-call-42.part-0001.jsonl` and so on. A log goes on in the next
    /// part when it has reached `size`. Whoever reads the first part reads them all; each can be read by itself, too, but
    /// for the messages of a request that was under way when it began.
    ///
    /// ```
    /// use pipecat_instrument_runtime::frame_log::{FrameLogWriter, PartSize};
    ///
    /// # let directory = std::env::temp_dir().join(format!("debug-log-parts-doc-{}", std::process::id()));
    /// let logs = FrameLogWriter::in_parts(directory.join("frames.jsonl.gz"), PartSize::bytes(50 << 20))?;
    /// # drop(logs);
    /// # std::fs::remove_dir_all(directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_parts(path: impl AsRef<Path>, size: PartSize) -> Result<Self, FrameLogWriteError> {
        let template = FileTemplate::parse(path.as_ref())?;
        template.probe()?;
        Ok(Self::with(template, Some(size), Bounds::default(), DISK))
    }

    pub(super) fn with(
        template: FileTemplate,
        part_size: Option<PartSize>,
        bounds: Bounds,
        disk: Disk,
    ) -> Self {
        Self {
            template: Arc::new(template),
            shared: Arc::new(Shared {
                part_size,
                disk,
                room: Arc::new(Room::new(bounds.bytes)),
                bounds,
                writer: OnceLock::new(),
                next_number: AtomicU64::new(0),
            }),
        }
    }

    /// For conversations that say themselves where their logs go, with [`elsewhere`](Self::elsewhere).
    pub(crate) fn nowhere() -> Self {
        Self::with(FileTemplate::default(), None, Bounds::default(), DISK)
    }

    /// The same thread, for a conversation whose log goes to `path`. Nothing is written to find out whether it can be: a
    /// constructor is no place to wait for a disk.
    pub(crate) fn elsewhere(&self, path: &Path) -> Result<Self, FrameLogWriteError> {
        let template = Arc::new(FileTemplate::parse(path)?);
        Ok(Self { template, shared: Arc::clone(&self.shared) })
    }

    /// The log of a conversation that begins. Its file is made with its first event.
    pub fn conversation(&self, opening: &HeaderInfo<'_>) -> ConversationLog {
        let shared = &*self.shared;
        let file = LogFile::new(
            shared.next_number.fetch_add(1, Ordering::Relaxed),
            opening.conversation_id.to_owned(),
            self.template.for_conversation(opening.conversation_id),
            shared.part_size,
            opening.header(),
            shared.disk,
        );
        ConversationLog::new(file, shared.writer().cloned(), Arc::clone(&shared.room))
    }

    /// Waits until all that was recorded is in its file, but no longer than `timeout`.
    pub fn flush(&self, timeout: Duration) -> Result<(), FrameLogWriteError> {
        let Some(Some(writer)) = self.shared.writer.get() else {
            return Ok(());
        };
        let (done, is_done) = channel();
        let asked = writer.flush(done).is_ok();
        if asked && is_done.recv_timeout(timeout).is_ok() {
            Ok(())
        } else {
            Err(FrameLogWriteError::FlushTimeout { waited: timeout })
        }
    }
}

impl Shared {
    fn writer(&self) -> Option<&Writer> {
        self.writer
            .get_or_init(|| {
                Writer::start(Arc::clone(&self.room), self.bounds)
                    .inspect_err(|error| {
                        tracing::warn!(
                            %error,
                            "no frame logs are written: their thread cannot be started; allow this process more threads"
                        );
                    })
                    .ok()
            })
            .as_ref()
    }
}

impl std::fmt::Debug for FrameLogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameLogWriter").field("template", &self.template).finish_non_exhaustive()
    }
}
