//! The files of one log: created under free names, opened again, compressed or not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::log_path::{LogPath, PartSize, path_of_part};

/// Upper bound on the names that are tried for a new file.
const MAX_NAME_ATTEMPTS: u32 = 10_000;

/// An open file.
pub(super) type OpenFile = Box<dyn Write + Send>;

/// Creates and reopens files. Tests replace [`FILE_SYSTEM`] to simulate failing disks.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileSystem {
    /// Creates a file that does not exist yet.
    pub(super) create: fn(&Path) -> io::Result<OpenFile>,
    /// Opens a file for appending, if it still has the given size.
    pub(super) reopen: fn(&Path, u64) -> io::Result<OpenFile>,
}

/// The real file system.
pub(super) const FILE_SYSTEM: FileSystem = FileSystem { create, reopen };

/// Creates a file, and the directories above it.
fn create(path: &Path) -> io::Result<OpenFile> {
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

/// Refuses a file that another program has replaced or truncated.
fn reopen(path: &Path, size: u64) -> io::Result<OpenFile> {
    let file = OpenOptions::new().append(true).open(path)?;
    if file.metadata()?.len() == size {
        Ok(Box::new(file))
    } else {
        Err(io::Error::other("another program has changed the file while it was being written"))
    }
}

/// Returns whether a file could not be opened because the process or the system has too many open.
pub(super) fn is_too_many_open_files(error: &io::Error) -> bool {
    // EMFILE and ENFILE have these numbers on every Unix; Windows has one of its own.
    let too_many: &[i32] = if cfg!(windows) { &[4] } else { &[24, 23] };
    error.raw_os_error().is_some_and(|number| too_many.contains(&number))
}

/// The files of one conversation: one, or several parts.
#[derive(Debug, Clone)]
pub(super) struct FileSequence {
    path: LogPath,
    /// The size at which a part ends; `None` for a log of one file.
    pub(super) part_size: Option<PartSize>,
    file_system: FileSystem,
}

/// The numbers in the name of one file of a [`FileSequence`].
#[derive(Debug, Clone, Copy)]
pub(super) struct FileNumber {
    /// The number of the conversation's name that was free, from 1.
    attempt: u32,
    /// The number of the part, from 1.
    part: u32,
}

impl FileSequence {
    pub(super) const fn new(path: LogPath, part_size: Option<PartSize>, file_system: FileSystem) -> Self {
        Self { path, part_size, file_system }
    }

    pub(super) fn is_gzip(&self) -> bool {
        self.path.is_gzip()
    }

    /// Creates the first file under a free name, or the part after `previous`. Existing files are left alone and their
    /// names skipped.
    pub(super) fn create_after(&self, previous: Option<FileNumber>) -> io::Result<(FileNumber, FileWriter)> {
        let next = |skipped| match previous {
            None => FileNumber { attempt: 1 + skipped, part: 1 },
            Some(FileNumber { attempt, part }) => {
                FileNumber { attempt, part: part.saturating_add(1 + skipped) }
            }
        };
        let free = (0..MAX_NAME_ATTEMPTS).find_map(|skipped| self.try_create(next(skipped)).transpose());
        free.unwrap_or_else(|| {
            let message = "too many logs of this id: move the old ones to another directory";
            Err(io::Error::new(ErrorKind::AlreadyExists, message))
        })
    }

    /// Creates a file; `None` if it exists.
    fn try_create(&self, number: FileNumber) -> io::Result<Option<(FileNumber, FileWriter)>> {
        match (self.file_system.create)(&self.path_of(number)) {
            Ok(file) => Ok(Some((number, FileWriter::new(file, 0, self.is_gzip())))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a file again, which had `size` bytes when it was closed.
    pub(super) fn reopen(&self, number: FileNumber, size: u64) -> io::Result<FileWriter> {
        let file = (self.file_system.reopen)(&self.path_of(number), size)?;
        Ok(FileWriter::new(file, size, self.is_gzip()))
    }

    /// Returns the preferred path of the first file, for messages.
    pub(super) fn first_path(&self) -> PathBuf {
        self.path_of(FileNumber { attempt: 1, part: 1 })
    }

    fn path_of(&self, FileNumber { attempt, part }: FileNumber) -> PathBuf {
        let path = self.path.attempt(attempt);
        match self.part_size {
            Some(_) => path_of_part(&path, part),
            None => path,
        }
    }
}

/// An open log file. A compressed file that is opened again continues as another member of the gzip file.
pub(super) enum FileWriter {
    Plain(CountingFile),
    Gzip(Box<GzEncoder<CountingFile>>),
}

impl FileWriter {
    /// Writes to `file`, which has `size` bytes already.
    fn new(file: OpenFile, size: u64, is_gzip: bool) -> Self {
        let file = CountingFile { file, size };
        if is_gzip {
            Self::Gzip(Box::new(GzEncoder::new(file, Compression::default())))
        } else {
            Self::Plain(file)
        }
    }

    /// Returns the size on disk, without the data that the compressor still buffers.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Plain(file) => file.size,
            Self::Gzip(file) => file.get_ref().size,
        }
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(lines),
            Self::Gzip(file) => file.write_all(lines),
        }
    }

    /// Makes the written data readable for other programs.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(file) => file.flush(),
        }
    }

    /// Closes the file and returns its size.
    pub(super) fn close(mut self) -> io::Result<u64> {
        if let Self::Gzip(file) = &mut self {
            file.try_finish()?;
        }
        Ok(self.size())
    }
}

/// A file that counts the bytes written to it.
pub(super) struct CountingFile {
    file: OpenFile,
    size: u64,
}

impl Write for CountingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
