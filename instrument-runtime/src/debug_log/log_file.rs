//! The file of one conversation, opened by the writer thread.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::file_name::FilePath;

/// How many files of the same id are left alone before it is given up to find a free name.
const MOST_ATTEMPTS: u32 = 10_000;

/// Opens a new file. Another one than [`create_new`] is for tests of disks that fail.
pub(super) type OpenFile = fn(&Path) -> io::Result<Box<dyn Write + Send>>;

/// What the writer thread needs to know of a conversation, and the conversation of its file.
pub(super) struct LogFile {
    /// What tells it from the file of every other conversation.
    pub(super) number: u64,
    pub(super) conversation_id: String,
    pub(super) path: FilePath,
    /// The first line.
    pub(super) header: Vec<u8>,
    pub(super) open: OpenFile,
    stopped: AtomicBool,
}

impl LogFile {
    pub(super) fn new(
        number: u64,
        conversation_id: String,
        path: FilePath,
        header: Vec<u8>,
        open: OpenFile,
    ) -> Self {
        Self { number, conversation_id, path, header, open, stopped: AtomicBool::new(false) }
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
                file = %self.path.attempt(1).display(),
                %error,
                "the frame log of a conversation stops here, its tracing goes on; \
                 free the disk or choose another path for debug_log"
            );
        }
    }

    /// Opens the file under a name that is free, with the header in it.
    pub(super) fn open(&self) -> io::Result<OpenLog> {
        for attempt in 1..=MOST_ATTEMPTS {
            match (self.open)(&self.path.attempt(attempt)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    let mut log = OpenLog::new(file, self.path.is_gzip());
                    log.write(&self.header)?;
                    return Ok(log);
                }
            }
        }
        Err(io::Error::new(ErrorKind::AlreadyExists, "too many logs of this id: move the old ones away"))
    }
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

/// An open file, compressed or not.
pub(super) enum OpenLog {
    Plain(BufWriter<Box<dyn Write + Send>>),
    Gzip(Box<GzEncoder<BufWriter<Box<dyn Write + Send>>>>),
}

impl OpenLog {
    fn new(file: Box<dyn Write + Send>, gzip: bool) -> Self {
        let file = BufWriter::new(file);
        if gzip {
            Self::Gzip(Box::new(GzEncoder::new(file, Compression::default())))
        } else {
            Self::Plain(file)
        }
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(lines),
            Self::Gzip(file) => file.write_all(lines),
        }
    }

    /// Makes what was written readable for others.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(file) => file.flush(),
        }
    }

    /// Writes the last line, and closes the file.
    pub(super) fn finish(mut self, footer: &[u8]) -> io::Result<()> {
        self.write(footer)?;
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Gzip(file) => file.finish()?.flush(),
        }
    }
}
