//! The file of one conversation, or the files, if it is cut into parts: where they are, opened by the writer thread.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::file_name::FilePath;
use super::format::HeaderLine;
use super::fs::{Disk, OpenFile};
use super::rotation::{PartSize, path_of_part};

/// How many files of the same name are left alone before it is given up to find a free one.
const MOST_ATTEMPTS: u32 = 10_000;

/// What the writer thread needs to know of a conversation, and the conversation of its file.
pub(super) struct LogFile {
    /// What tells it from the file of every other conversation.
    pub(super) number: u64,
    pub(super) conversation_id: String,
    pub(super) path: FilePath,
    /// When it is cut into parts, if ever.
    pub(super) part_size: Option<PartSize>,
    /// The first line.
    pub(super) header: HeaderLine<'static>,
    pub(super) disk: Disk,
    stopped: AtomicBool,
}

/// Which file of its conversation it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct MadeFile {
    /// Which of the conversation's names was free.
    attempt: u32,
    /// The number in its name, if it is a part.
    number: u32,
}

impl LogFile {
    pub(super) fn new(
        number: u64,
        conversation_id: String,
        path: FilePath,
        part_size: Option<PartSize>,
        header: HeaderLine<'static>,
        disk: Disk,
    ) -> Self {
        Self { number, conversation_id, path, part_size, header, disk, stopped: AtomicBool::new(false) }
    }

    /// Whether it failed: nothing more is written to it.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Gives the file up, and nothing else.
    pub(super) fn stop(&self, error: &io::Error) {
        if !self.stopped.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                conversation_id = self.conversation_id,
                file = %self.path_of(MadeFile { attempt: 1, number: 1 }).display(),
                %error,
                "the frame log of a conversation stops here, its tracing goes on; \
                 free the disk or choose another path for debug_log"
            );
        }
    }

    /// Makes the first file, under a name that is free, or the one of the part after `made`. What is already there under
    /// its name is left alone, and the name skipped.
    pub(super) fn create_after(&self, made: Option<MadeFile>) -> io::Result<(MadeFile, OpenFile)> {
        let next = |skipped| match made {
            None => MadeFile { attempt: 1 + skipped, number: 1 },
            Some(MadeFile { attempt, number }) => {
                MadeFile { attempt, number: number.saturating_add(1 + skipped) }
            }
        };
        let free = (0..MOST_ATTEMPTS).find_map(|skipped| self.try_to_create(next(skipped)).transpose());
        free.unwrap_or_else(|| Err(too_many()))
    }

    /// Makes a file, unless there is one.
    fn try_to_create(&self, made: MadeFile) -> io::Result<Option<(MadeFile, OpenFile)>> {
        match (self.disk.create)(&self.path_of(made)) {
            Ok(file) => Ok(Some((made, file))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a file once more, which was left when it was so large.
    pub(super) fn reopen(&self, made: MadeFile, size: u64) -> io::Result<OpenFile> {
        (self.disk.reopen)(&self.path_of(made), size)
    }

    fn path_of(&self, MadeFile { attempt, number }: MadeFile) -> PathBuf {
        let whole = self.path.attempt(attempt);
        match self.part_size {
            Some(_) => path_of_part(&whole, number),
            None => whole,
        }
    }
}

fn too_many() -> io::Error {
    io::Error::new(ErrorKind::AlreadyExists, "too many logs of this id: move the old ones away")
}
