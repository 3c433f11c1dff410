//! One request of the spool, locked as long as it is in delivery.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::SpooledBy;
use super::file_name::{FileName, SpoolId};
use super::listing::SpoolFile;
use super::locked_file::LockedFile;
use super::record::Contents;
use crate::export::clock;

/// More than the time between the creation of a file and its lock. An empty file that is older is damaged.
const LOCK_TIME: Duration = Duration::from_secs(60);

/// A request that waits for its delivery, locked against other processes. Dropping it leaves it in the spool.
#[derive(Debug)]
pub(in crate::export) struct SpooledRequest {
    file: LockedFile,
    bytes: Vec<u8>,
    name: FileName,
    spooled_by: SpooledBy,
}

/// The result of opening a file.
#[derive(Debug)]
pub(super) enum Opened {
    Request(SpooledRequest),
    /// The file was damaged and is removed.
    Damaged,
    /// Another process sends or has removed it, or it cannot be read.
    NotAvailable,
}

impl SpooledRequest {
    /// Returns the protobuf of an `ExportTraceServiceRequest`.
    pub(in crate::export) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the number of its spans.
    pub(in crate::export) fn spans(&self) -> u64 {
        self.name.spans
    }

    pub(super) fn spool_id(&self) -> SpoolId {
        self.name.spool_id
    }

    /// Returns the process that spooled it.
    pub(in crate::export) fn spooled_by(&self) -> SpooledBy {
        self.spooled_by
    }

    /// Removes it from the spool, once it is delivered or refused.
    ///
    /// # Errors
    ///
    /// Returns an error if it stays in the spool, from where it may be sent again.
    pub(in crate::export) fn remove(self) -> io::Result<()> {
        self.file.remove()
    }
}

/// Locks and reads a listed request.
pub(super) fn open(listed: &SpoolFile, spooled_by: SpooledBy) -> Opened {
    if listed.bytes == 0 && !is_older_than(&listed.path, LOCK_TIME) {
        return Opened::NotAvailable;
    }
    let Some(file) = LockedFile::open(&listed.path) else { return Opened::NotAvailable };
    match file.read() {
        Ok(Contents::Request(bytes)) => {
            Opened::Request(SpooledRequest { file, bytes, name: listed.name, spooled_by })
        }
        // A file that stays there is not counted, as it would be counted again.
        Ok(Contents::Damaged) => file.remove().map_or(Opened::NotAvailable, |()| Opened::Damaged),
        Ok(Contents::Done) => {
            let _ = file.remove();
            Opened::NotAvailable
        }
        Err(_) => Opened::NotAvailable,
    }
}

/// Removes a listed request to free its space. Returns the number of spans that are lost with it, or `None` if it stays,
/// as another process holds it.
pub(super) fn evict(listed: &SpoolFile) -> Option<u64> {
    if listed.bytes == 0 {
        return None;
    }
    let file = LockedFile::open(&listed.path)?;
    let is_done = matches!(file.read(), Ok(Contents::Done));
    file.remove().ok()?;
    Some(if is_done { 0 } else { listed.name.spans })
}

fn is_older_than(path: &Path, time: Duration) -> bool {
    let age = |modified| clock::now().duration_since(modified).map_err(io::Error::other);
    fs::metadata(path).and_then(|metadata| metadata.modified()).and_then(age).is_ok_and(|age| age > time)
}
