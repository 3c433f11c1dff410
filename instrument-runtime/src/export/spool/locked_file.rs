//! A file that no other process reads, sends or removes while it is locked.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::record::{self, Contents};

/// A request's file, locked until it is dropped.
#[derive(Debug)]
pub(super) struct LockedFile {
    file: File,
    path: PathBuf,
}

impl LockedFile {
    /// Creates a file for the current user alone, as spans contain speech.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        // Others do not lock a file that is new and empty, so this does not wait.
        file.lock()?;
        Ok(Self { file, path })
    }

    /// Opens a file. Returns `None` if another process has locked it, or it cannot be opened.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        file.try_lock().ok()?;
        Some(Self { file, path: path.to_owned() })
    }

    /// Writes a request to the new file.
    pub(super) fn write(&self, request: &[u8]) -> io::Result<()> {
        record::write(&self.file, request)?;
        // Fails if another process has removed this file as a damaged one, before it was locked.
        fs::metadata(&self.path).map(drop)
    }

    /// Reads the file.
    pub(super) fn read(&self) -> io::Result<Contents> {
        record::read(&self.file)
    }

    /// Removes the file. Processes that have it open already find a mark that it is done.
    pub(super) fn remove(self) -> io::Result<()> {
        let marked = record::mark_done(&self.file);
        fs::remove_file(&self.path).or(marked)
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // A child that was forked meanwhile holds the file open, which would keep it locked.
        let _ = self.file.unlock();
    }
}
