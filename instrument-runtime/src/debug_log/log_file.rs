//! The file of one conversation, or the files, if it is cut into parts: where they are, opened by the writer thread.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::file_name::FilePath;
use super::format::HeaderLine;
use super::part::{PartSize, path_of_part};

/// How many files of the same name are left alone before it is given up to find a free one.
const MOST_ATTEMPTS: u32 = 10_000;

/// Opens a new file. Another one than [`create_new`] is for tests of disks that fail.
pub(super) type OpenFile = fn(&Path) -> io::Result<Box<dyn Write + Send>>;

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
    pub(super) open: OpenFile,
    stopped: AtomicBool,
}

/// A file that was made just now.
pub(super) struct NewFile {
    pub(super) file: Box<dyn Write + Send>,
    /// Which of the conversation's names was free.
    pub(super) attempt: u32,
    /// The number in its name, if it is a part.
    pub(super) number: u32,
}

impl LogFile {
    pub(super) fn new(
        number: u64,
        conversation_id: String,
        path: FilePath,
        part_size: Option<PartSize>,
        header: HeaderLine<'static>,
        open: OpenFile,
    ) -> Self {
        Self { number, conversation_id, path, part_size, header, open, stopped: AtomicBool::new(false) }
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
                file = %self.path_of(1, 1).display(),
                %error,
                "the frame log of a conversation stops here, its tracing goes on; \
                 free the disk or choose another path for debug_log"
            );
        }
    }

    /// Makes the first file, under a name that is free.
    pub(super) fn create_first(&self) -> io::Result<NewFile> {
        let free = (1..=MOST_ATTEMPTS).find_map(|attempt| self.try_to_create(attempt, 1).transpose());
        free.unwrap_or_else(|| Err(too_many()))
    }

    /// Makes the file of the part after `number`. What is already there under its name is left alone, and the number
    /// skipped.
    pub(super) fn create_next(&self, attempt: u32, number: u32) -> io::Result<NewFile> {
        let numbers = number.saturating_add(1)..=number.saturating_add(MOST_ATTEMPTS);
        let free = numbers.into_iter().find_map(|number| self.try_to_create(attempt, number).transpose());
        free.unwrap_or_else(|| Err(too_many()))
    }

    /// Makes a file, unless there is one.
    fn try_to_create(&self, attempt: u32, number: u32) -> io::Result<Option<NewFile>> {
        match (self.open)(&self.path_of(attempt, number)) {
            Ok(file) => Ok(Some(NewFile { file, attempt, number })),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path_of(&self, attempt: u32, number: u32) -> PathBuf {
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

/// Opens a file that is not there yet, and the directories above it.
pub(super) fn create_new(path: &Path) -> io::Result<Box<dyn Write + Send>> {
    let open = || OpenOptions::new().write(true).create_new(true).open(path);
    let file: io::Result<File> = match open() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            open()
        }
        opened => opened,
    };
    Ok(Box::new(file?))
}
