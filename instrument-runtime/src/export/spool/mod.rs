//! The spool: a bounded directory of requests that were not sent, for a later attempt of this process or another.
//!
//! ```text
//!  DIR/                                               at most `max_bytes`, whatever the number of processes
//!  └── http%3A%2F%2Flocalhost%3A6006%2Fv1%2Ftraces/   mode 0700: the requests for this address, and for no other
//!      ├── 01764315841000000000-3f2a9c1b-512.request  mode 0600: one request with 512 spans
//!      └── 01764315842000000000-3f2a9c1b-40.request
//! ```
//!
//! Each request is a file of its own. Whoever writes, sends or evicts it holds its lock, which the operating system
//! releases when the process dies, however it dies. So any number of processes share a directory, each request is sent
//! by one process at a time, and other processes send those of a dead one.
//!
//! ```text
//!                   unlock                   lock
//!  written, locked ────────▶ waiting ◀─────────────────▶ in delivery ───▶ removed: delivered, refused, or damaged
//!                               │     unlock: not sent,
//!                               │     or the process died
//!                               └──lock──▶ removed: evicted, as the oldest of a full directory
//! ```
//!
//! Before a file is removed, it is marked as done, so that a process that has already opened it does not send it again.
//!
//! Files are not synchronized to the disk: they survive the process, not always a loss of power. A checksum recognizes
//! a damaged file. Only protobuf is written, never an address's query, a header or a key.

mod file_name;
mod listing;
mod locked_file;
mod record;
mod request;

use std::collections::VecDeque;
use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use self::file_name::{FileName, SpoolId};
use self::listing::{SpoolFile, list_folder, list_spool};
use self::locked_file::LockedFile;
pub(super) use self::request::SpooledRequest;
use self::request::{Opened, open};
use super::clock;

/// Maximum number of requests in a directory, so that listing it stays fast. The oldest are evicted beyond it.
const MAX_REQUESTS: usize = 16_384;

/// Maximum length of a folder's name, which all common file systems allow.
const MAX_FOLDER_NAME_BYTES: usize = 255;

/// The requests for one address in a spool directory. Creating it does not touch the disk.
#[derive(Debug)]
pub(super) struct Spool {
    directory: PathBuf,
    folder: PathBuf,
    max_bytes: u64,
    /// Marks the files that were written through this value.
    id: SpoolId,
    /// The requests found by the last listing, oldest first.
    found: VecDeque<SpoolFile>,
    last_unix_nanos: u64,
}

/// The process that spooled a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpooledBy {
    /// This one, through the same [`Spool`].
    This,
    /// An earlier one, or one that shares the directory.
    Other,
}

/// Numbers of spans, by the process that spooled them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SpanCounts {
    this: u64,
    other: u64,
}

/// The next request to send, and the spans of the damaged files that were removed before it was found.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) request: Option<SpooledRequest>,
    pub(super) damaged: SpanCounts,
}

/// An error of writing a request into the spool.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpoolError {
    /// The request alone exceeds the directory's limit.
    #[error("a request of {bytes} bytes exceeds the limit of {max_bytes} bytes: raise the limit")]
    TooLarge { bytes: u64, max_bytes: u64 },
    /// Every other request is being sent by some process.
    #[error("the directory has {max_bytes} bytes, all of them in use: raise the limit")]
    InUse { max_bytes: u64 },
    /// The disk is full, the directory is not writable, or the file system fails otherwise.
    #[error("{path}: {source}: free space, or make the directory writable", path = path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl SpanCounts {
    pub(super) fn get(self, by: SpooledBy) -> u64 {
        match by {
            SpooledBy::This => self.this,
            SpooledBy::Other => self.other,
        }
    }

    fn add(&mut self, by: SpooledBy, spans: u64) {
        let count = match by {
            SpooledBy::This => &mut self.this,
            SpooledBy::Other => &mut self.other,
        };
        *count = count.saturating_add(spans);
    }
}

impl Spool {
    /// Creates a spool for the requests to `url`, which has no query, in `directory`.
    ///
    /// Returns `None` if the URL is too long for the name of a folder.
    pub(super) fn new(directory: PathBuf, max_bytes: u64, url: &str) -> Option<Self> {
        let folder = directory.join(folder_name(url)?);
        let id = SpoolId::random();
        Some(Self { directory, folder, max_bytes, id, found: VecDeque::new(), last_unix_nanos: 0 })
    }

    /// Returns the directory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Creates the directory, and checks that files can be written there.
    pub(super) fn prepare(&mut self) -> Result<(), SpoolError> {
        self.create_folder()?;
        let (file, path) = self.create_file(0, self.id)?;
        file.remove().map_err(|source| SpoolError::Io { path, source })
    }

    /// Writes a request, the protobuf of an `ExportTraceServiceRequest` with so many spans. Evicts the oldest requests
    /// if it does not fit, and adds their spans to `evicted`.
    pub(super) fn append(
        &mut self,
        request: &[u8],
        spans: u64,
        evicted: &mut SpanCounts,
    ) -> Result<(), SpoolError> {
        let bytes = record::file_bytes(request);
        if bytes > self.max_bytes {
            return Err(SpoolError::TooLarge { bytes, max_bytes: self.max_bytes });
        }
        self.create_folder()?;
        self.evict(bytes, evicted)?;
        self.write(request, spans, self.id).map(drop)
    }

    fn write(&mut self, request: &[u8], spans: u64, spool_id: SpoolId) -> Result<LockedFile, SpoolError> {
        let (file, path) = self.create_file(spans, spool_id)?;
        match file.write(request) {
            Ok(()) => Ok(file),
            Err(source) => {
                let _ = file.remove();
                Err(SpoolError::Io { path, source })
            }
        }
    }

    /// Locks and reads the oldest request that no other process holds. Removes damaged files.
    ///
    /// The directory is listed again only after all requests that the last listing found were taken.
    pub(super) fn take(&mut self) -> Taken {
        let mut taken = Taken::default();
        self.take_found(&mut taken);
        if taken.request.is_none() {
            self.found = list_folder(&self.folder).into();
            self.take_found(&mut taken);
        }
        taken
    }

    fn take_found(&mut self, taken: &mut Taken) {
        while let Some(file) = self.found.pop_front() {
            let by = self.spooled_by(&file);
            match open(&file, by) {
                Opened::Request(request) => {
                    taken.request = Some(request);
                    return;
                }
                Opened::Damaged => taken.damaged.add(by, file.name.spans),
                Opened::NotAvailable => {}
            }
        }
    }

    fn spooled_by(&self, file: &SpoolFile) -> SpooledBy {
        if file.name.spool_id == self.id { SpooledBy::This } else { SpooledBy::Other }
    }

    /// Writes two requests that contain the spans of `request`, which the caller then removes. Leaves neither of them on
    /// an error.
    ///
    /// If the process dies meanwhile, some spans are in the spool twice. The limit is not checked, as little is added.
    pub(super) fn append_halves(
        &mut self,
        request: &SpooledRequest,
        [first, second]: &[(Vec<u8>, u64); 2],
    ) -> Result<(), SpoolError> {
        let spool_id = request.spool_id();
        let written = self.write(&first.0, first.1, spool_id)?;
        self.write(&second.0, second.1, spool_id).map(drop).inspect_err(|_| {
            let _ = written.remove();
        })
    }

    /// Returns the number of spans that wait for this address, by the names of the files.
    #[cfg(test)]
    fn waiting(&self) -> SpanCounts {
        let mut waiting = SpanCounts::default();
        for file in list_folder(&self.folder) {
            waiting.add(self.spooled_by(&file), file.name.spans);
        }
        waiting
    }

    /// Removes the oldest requests of the directory, for any address, until one of `bytes` bytes fits.
    ///
    /// Processes that evict at the same moment do not see each other's next file, so that each may exceed the limit by
    /// one request.
    fn evict(&self, bytes: u64, evicted: &mut SpanCounts) -> Result<(), SpoolError> {
        let files = list_spool(&self.directory);
        let mut total: u64 = files.iter().map(|file| file.bytes).sum();
        let mut count = files.len();
        for file in &files {
            if total.saturating_add(bytes) <= self.max_bytes && count < MAX_REQUESTS {
                return Ok(());
            }
            if let Some(spans) = request::evict(file) {
                total -= file.bytes;
                count -= 1;
                evicted.add(self.spooled_by(file), spans);
            }
        }
        let fits = total.saturating_add(bytes) <= self.max_bytes;
        if fits { Ok(()) } else { Err(SpoolError::InUse { max_bytes: self.max_bytes }) }
    }

    /// Creates the folder for the current user alone. Spans contain speech.
    fn create_folder(&self) -> Result<(), SpoolError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let created = builder.create(&self.folder);
        created.map_err(|source| SpoolError::Io { path: self.folder.clone(), source })
    }

    /// Creates an empty file with a name that no other file has.
    fn create_file(&mut self, spans: u64, spool_id: SpoolId) -> Result<(LockedFile, PathBuf), SpoolError> {
        loop {
            let now = clock::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
            // A clock that steps back must not put a request before older ones.
            let unix_nanos =
                u64::try_from(now).unwrap_or(u64::MAX).max(self.last_unix_nanos.saturating_add(1));
            self.last_unix_nanos = unix_nanos;
            let path = self.folder.join(FileName { unix_nanos, spool_id, spans }.to_string());
            match LockedFile::create(path.clone()) {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && unix_nanos < u64::MAX => {}
                Err(source) => return Err(SpoolError::Io { path, source }),
            }
        }
    }
}

/// Returns a name that differs for different URLs, also on file systems that ignore case. It stays readable.
fn folder_name(url: &str) -> Option<String> {
    const ESCAPED: percent_encoding::AsciiSet = escaped_characters();
    let name = percent_encoding::utf8_percent_encode(url, &ESCAPED).to_string();
    (name.len() <= MAX_FOLDER_NAME_BYTES).then_some(name)
}

/// Returns everything but lowercase letters, digits and `.-_`.
const fn escaped_characters() -> percent_encoding::AsciiSet {
    let mut set = percent_encoding::NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');
    let mut letter = b'A';
    while letter <= b'Z' {
        set = set.add(letter);
        letter += 1;
    }
    set
}

#[cfg(test)]
mod tests;
