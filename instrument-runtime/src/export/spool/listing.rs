//! Listings of a spool directory. What cannot be read is left out: it cannot be sent or evicted either.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use super::file_name::FileName;

/// A request's file, as listed. It may be gone by now.
#[derive(Debug, Clone)]
pub(super) struct SpoolFile {
    pub(super) path: PathBuf,
    pub(super) name: FileName,
    pub(super) bytes: u64,
}

/// Lists the requests for all addresses, oldest first.
pub(super) fn list_spool(directory: &Path) -> Vec<SpoolFile> {
    let folders = entries(directory).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut files: Vec<SpoolFile> = folders.flat_map(|folder| files(&folder.path())).collect();
    files.sort_unstable_by_key(|file| file.name);
    files
}

/// Lists the requests for one address, oldest first.
pub(super) fn list_folder(folder: &Path) -> Vec<SpoolFile> {
    let mut files = files(folder);
    files.sort_unstable_by_key(|file| file.name);
    files
}

fn files(folder: &Path) -> Vec<SpoolFile> {
    let file = |entry: DirEntry| {
        let name = entry.file_name().to_str()?.parse().ok()?;
        // Does not follow a link, so that nothing outside of the folder is sent or removed.
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(SpoolFile { path: entry.path(), name, bytes: metadata.len() })
    };
    entries(folder).filter_map(file).collect()
}

fn entries(directory: &Path) -> impl Iterator<Item = DirEntry> {
    fs::read_dir(directory).into_iter().flatten().flatten()
}
