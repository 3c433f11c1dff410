mod processes;
mod properties;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{MAX_FOLDER_NAME_BYTES, SpanCounts, Spool, SpoolError, SpooledBy, folder_name};

const URL: &str = "http://localhost:6006/v1/traces";
const MIB: u64 = 1 << 20;

/// A directory of its own, removed at the end.
struct TestDirectory(PathBuf);

impl TestDirectory {
    fn new() -> Self {
        let name = format!("pipecat-spool-{}", uuid::Uuid::new_v4());
        Self(std::env::temp_dir().join(name))
    }

    fn spool(&self) -> Spool {
        self.spool_for(URL, MIB)
    }

    fn spool_for(&self, url: &str, max_bytes: u64) -> Spool {
        Spool::new(self.0.clone(), max_bytes, url).unwrap()
    }

    /// Returns the files for [`URL`], oldest first.
    fn files(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.0.join(folder_name(URL).unwrap()));
        let mut files: Vec<PathBuf> =
            folder.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn bytes(&self) -> u64 {
        self.files().iter().map(|file| fs::metadata(file).unwrap().len()).sum()
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Spools a request and expects that nothing is evicted.
fn append(spool: &mut Spool, request: &[u8], spans: u64) {
    assert_eq!(append_evicting(spool, request, spans), SpanCounts::default());
}

fn append_evicting(spool: &mut Spool, request: &[u8], spans: u64) -> SpanCounts {
    let mut evicted = SpanCounts::default();
    spool.append(request, spans, &mut evicted).unwrap();
    evicted
}

/// Takes and removes everything that waits, as a backend that accepts all of it would. Returns also the damaged spans.
fn drain(spool: &mut Spool) -> (Vec<Vec<u8>>, SpanCounts) {
    let (mut requests, mut damaged) = (Vec::new(), SpanCounts::default());
    loop {
        let taken = spool.take();
        damaged.this += taken.damaged.this;
        damaged.other += taken.damaged.other;
        let Some(request) = taken.request else { return (requests, damaged) };
        requests.push(request.bytes().to_vec());
        request.remove().unwrap();
    }
}

const NONE: SpanCounts = SpanCounts { this: 0, other: 0 };

#[test]
fn the_next_process_takes_requests_in_order() {
    let directory = TestDirectory::new();
    let mut dead = directory.spool();
    for request in ["first", "second", "third"] {
        append(&mut dead, request.as_bytes(), 3);
    }
    assert_eq!(dead.waiting(), SpanCounts { this: 9, other: 0 });
    drop(dead);
    let mut next = directory.spool();
    assert_eq!(next.waiting(), SpanCounts { this: 0, other: 9 });
    let request = next.take().request.unwrap();
    assert_eq!(
        (request.bytes(), request.spans(), request.spooled_by()),
        (&b"first"[..], 3, SpooledBy::Other)
    );
    request.remove().unwrap();
    assert_eq!(drain(&mut next), (vec![b"second".to_vec(), b"third".to_vec()], NONE));
    assert_eq!(directory.files(), [""; 0].map(PathBuf::from));
}

#[test]
fn a_request_that_was_not_sent_is_taken_again() {
    let directory = TestDirectory::new();
    let mut spool = directory.spool();
    append(&mut spool, b"request", 1);
    drop(spool.take().request.unwrap());
    assert_eq!(drain(&mut spool), (vec![b"request".to_vec()], NONE));
}

#[test]
fn a_request_in_delivery_is_neither_taken_nor_evicted() {
    let directory = TestDirectory::new();
    let mut first = directory.spool_for(URL, 100);
    append(&mut first, &[1; 40], 1);
    let in_delivery = first.take().request.unwrap();
    let mut second = directory.spool_for(URL, 100);
    assert!(second.take().request.is_none());
    let result = second.append(&[2; 60], 1, &mut SpanCounts::default());
    assert!(matches!(result, Err(SpoolError::InUse { max_bytes: 100 })), "{result:?}");
    in_delivery.remove().unwrap();
    append(&mut second, &[2; 60], 1);
}

/// The second process has opened the file before the first removes it, and locks it after that.
#[test]
fn a_removed_request_is_not_taken_through_an_open_file() {
    let directory = TestDirectory::new();
    let mut spool = directory.spool();
    append(&mut spool, b"request", 1);
    let mut other = directory.spool();
    let second_name = directory.0.join("link");
    fs::hard_link(&directory.files()[0], &second_name).unwrap();
    let name = directory.files()[0].clone();
    spool.take().request.unwrap().remove().unwrap();
    fs::rename(second_name, &name).unwrap();
    let taken = other.take();
    assert!(taken.request.is_none() && taken.damaged == NONE, "{taken:?}");
    assert_eq!(directory.files(), [""; 0].map(PathBuf::from));
}

/// A process died after it had marked the file, and before it had removed it.
#[test]
fn a_file_that_is_done_is_not_counted_as_evicted() {
    let directory = TestDirectory::new();
    let mut spool = directory.spool_for(URL, 100);
    append(&mut spool, b"request", 9);
    let mut file = File::options().write(true).open(&directory.files()[0]).unwrap();
    file.write_all(b"pcs-done").unwrap();
    append(&mut spool, &[1; 80], 1);
    assert_eq!(directory.files().len(), 1);
}

#[test]
fn requests_for_another_address_are_not_taken() {
    let directory = TestDirectory::new();
    append(&mut directory.spool(), b"request", 1);
    for url in
        ["http://localhost:6006/V1/traces", "https://localhost:6006/v1/traces", "http://localhost:4318"]
    {
        let mut other = directory.spool_for(url, MIB);
        assert!(other.take().request.is_none(), "{url}");
        assert_eq!(other.waiting(), NONE, "{url}");
    }
}

#[test]
fn the_oldest_requests_are_evicted_for_any_address() {
    let directory = TestDirectory::new();
    let mut dead = directory.spool_for("http://old.example", 300);
    append(&mut dead, &[1; 80], 5);
    let mut spool = directory.spool_for(URL, 300);
    append(&mut spool, &[2; 80], 7);
    append(&mut spool, &[3; 80], 11);
    assert_eq!(append_evicting(&mut spool, &[4; 80], 13), SpanCounts { this: 0, other: 5 });
    assert_eq!(append_evicting(&mut spool, &[5; 180], 17), SpanCounts { this: 18, other: 0 });
    assert_eq!(drain(&mut spool).0, [vec![4; 80], vec![5; 180]]);
}

#[test]
fn a_request_larger_than_the_limit_evicts_nothing() {
    let directory = TestDirectory::new();
    let mut spool = directory.spool_for(URL, 100);
    append(&mut spool, b"request", 1);
    let mut evicted = SpanCounts::default();
    let error = spool.append(&[0; 81], 1, &mut evicted).unwrap_err();
    assert_eq!(error.to_string(), "a request of 101 bytes exceeds the limit of 100 bytes: raise the limit");
    assert_eq!((evicted, spool.waiting().this), (NONE, 1));
}

#[test]
fn other_files_are_left_alone() {
    let directory = TestDirectory::new();
    let mut spool = directory.spool_for(URL, 100);
    append(&mut spool, b"request", 1);
    let folder = directory.files()[0].parent().unwrap().to_owned();
    let note = folder.join("README");
    fs::write(&note, [0; 500]).unwrap();
    append(&mut spool, b"request", 1);
    assert_eq!(drain(&mut spool).0.len(), 2);
    assert_eq!(fs::metadata(note).unwrap().len(), 500);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let directory = TestDirectory::new();
    let mut spool = directory.spool();
    append(&mut spool, b"request", 1);
    let path = directory.files()[0].clone();
    let target = directory.0.join("target");
    fs::rename(&path, &target).unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert!(spool.take().request.is_none());
    assert!(target.exists());
}

#[cfg(unix)]
#[test]
fn only_the_current_user_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let directory = TestDirectory::new();
    append(&mut directory.spool(), b"request", 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = &directory.files()[0];
    assert_eq!([mode(&directory.0), mode(file.parent().unwrap()), mode(file)], [0o700, 0o700, 0o600]);
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let directory = TestDirectory::new();
    fs::write(&directory.0, "a file").unwrap();
    let mut spool = Spool::new(directory.0.join("spool"), MIB, URL).unwrap();
    assert!(matches!(spool.prepare(), Err(SpoolError::Io { .. })));
    let error = spool.append(b"request", 1, &mut SpanCounts::default()).unwrap_err();
    assert!(matches!(error, SpoolError::Io { .. }), "{error}");
    assert!(spool.take().request.is_none());
    fs::remove_file(&directory.0).unwrap();
    append(&mut spool, b"request", 1);
}

#[test]
fn preparing_a_spool_leaves_no_file() {
    let directory = TestDirectory::new();
    directory.spool().prepare().unwrap();
    assert!(directory.0.exists() && directory.files().is_empty());
}

#[test]
fn an_empty_file_is_damaged_only_after_a_minute() {
    let directory = TestDirectory::new();
    let mut spool = directory.spool();
    append(&mut spool, b"request", 3);
    let path = directory.files()[0].clone();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(0).unwrap();
    assert_eq!(
        (drain(&mut spool), path.exists()),
        ((vec![], NONE), true),
        "another process may be about to lock it"
    );
    file.set_modified(crate::export::clock::now() - std::time::Duration::from_secs(61)).unwrap();
    assert_eq!((drain(&mut spool), path.exists()), ((vec![], SpanCounts { this: 3, other: 0 }), false));
}

#[test]
fn a_url_too_long_for_a_folder_is_refused() {
    let directory = std::env::temp_dir();
    let url = |length| "a".repeat(length);
    assert!(Spool::new(directory.clone(), MIB, &url(MAX_FOLDER_NAME_BYTES)).is_some());
    assert!(Spool::new(directory, MIB, &url(MAX_FOLDER_NAME_BYTES + 1)).is_none());
}
