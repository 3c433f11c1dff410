//! How files are made, and found again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// A file that is written to.
pub(super) type OpenFile = Box<dyn Write + Send>;

/// How files are made, and found again. Another than [`DISK`] is for tests of disks that fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disk {
    /// Makes a file that is not there yet.
    pub(super) create: fn(&Path) -> io::Result<OpenFile>,
    /// Opens a file to write on where it ends, if it is as long as it was left.
    pub(super) reopen: fn(&Path, u64) -> io::Result<OpenFile>,
}

/// The disk.
pub(super) const DISK: Disk = Disk { create, reopen };

/// Makes a file, and the directories above it.
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

/// Nothing is appended to what somebody else has put there, or has cut.
fn reopen(path: &Path, size: u64) -> io::Result<OpenFile> {
    let file = OpenOptions::new().append(true).open(path)?;
    if file.metadata()?.len() == size {
        Ok(Box::new(file))
    } else {
        Err(io::Error::other("somebody else has changed it while it was written"))
    }
}

/// Whether a file could not be opened because too many are, in this process or in the whole system.
pub(super) fn is_lack_of_files(error: &io::Error) -> bool {
    // The numbers of EMFILE and ENFILE, which are the same on every Unix, and Windows' own.
    let too_many: &[i32] = if cfg!(windows) { &[4] } else { &[24, 23] };
    error.raw_os_error().is_some_and(|number| too_many.contains(&number))
}
