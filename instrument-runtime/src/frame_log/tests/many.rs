//! More logs than files that may be open at once.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use flate2::bufread::GzDecoder;

use super::{Directory, LONG, flush, hop};
use crate::engine::frame::{Frame, FrameId, FramePushed, Processor, Role, TextChunk};
use crate::engine::time::Time;
use crate::frame_log::file_writer::{FILE_SYSTEM, FileSystem, OpenFile};
use crate::frame_log::line_buffer::LogLimits;
use crate::frame_log::log_path::PathTemplate;
use crate::frame_log::{ConversationLog, FrameLogReader, FrameLogWriter, HeaderInfo, PartSize};

const CALLS: usize = 9;
const ROUNDS: u64 = 6;

/// Creates a writer that opens at most three logs at once, at most two of them compressed.
fn three_at_once(path: &Path, part_size: Option<PartSize>, file_system: FileSystem) -> FrameLogWriter {
    let limits = LogLimits { open_files: 3, compressors: 2, ..LogLimits::default() };
    FrameLogWriter::with(PathTemplate::parse(path).unwrap(), part_size, limits, file_system)
}

fn conversations(logs: &FrameLogWriter) -> Vec<ConversationLog> {
    let begun = Time::from_unix_nanos(1);
    (0..CALLS).map(|call| logs.conversation(&HeaderInfo::new(&call.to_string(), begun))).collect()
}

fn record(log: &ConversationLog, id: u64) {
    let llm = Processor::new("Llm#0", "Llm", Role::Llm);
    let text = format!("{:016x}", (id + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let frame = Frame::LlmText(TextChunk::new(&text));
    log.record(Time::from_unix_nanos(id), &FramePushed { source: (&llm).into(), ..hop(&frame, id) });
}

/// Records one event in each log.
fn record_each(calls: &[ConversationLog], id: u64) {
    for log in calls {
        record(log, id);
    }
}

/// Records one event in each log and flushes, several times.
fn record_in_rounds(logs: &FrameLogWriter) {
    let calls = conversations(logs);
    for round in 0..ROUNDS {
        record_each(&calls, round);
        flush(logs);
    }
    drop(calls);
    flush(logs);
}

/// Asserts that each log has every event with its described processor, and a footer.
fn assert_complete(directory: &Directory, first_file: impl Fn(usize) -> String) {
    for call in 0..CALLS {
        let mut reader = FrameLogReader::open(directory.path(&first_file(call))).unwrap();
        let ids: Vec<_> = reader
            .by_ref()
            .map(|event| {
                let event = event.unwrap();
                let frame = event.frame();
                let hop = event.hop(&frame);
                assert_eq!(hop.source.role(), Role::Llm);
                hop.id.unwrap()
            })
            .collect();
        assert_eq!(ids, (0..ROUNDS).map(FrameId).collect::<Vec<_>>(), "call {call}");
        assert_eq!(reader.footer().map(|footer| (footer.events, footer.dropped)), Some((ROUNDS, 0)));
    }
}

/// A file that is counted while it is open.
struct CountedFile {
    file: OpenFile,
    open: &'static AtomicI32,
}

impl io::Write for CountedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for CountedFile {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn open_files_are_limited_and_every_log_is_complete() {
    static OPEN: AtomicI32 = AtomicI32::new(0);
    static MAX_OPEN: AtomicI32 = AtomicI32::new(0);

    fn counted(opened: io::Result<OpenFile>) -> io::Result<OpenFile> {
        let file = opened?;
        MAX_OPEN.fetch_max(OPEN.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Ok(Box::new(CountedFile { file, open: &OPEN }))
    }

    let file_system = FileSystem {
        create: |path| counted((FILE_SYSTEM.create)(path)),
        reopen: |path, size| counted((FILE_SYSTEM.reopen)(path, size)),
    };
    for (name, max_open) in [("frames.jsonl", 3), ("frames.jsonl.gz", 2)] {
        let directory = Directory::new();
        record_in_rounds(&three_at_once(&directory.path(name), None, file_system));
        assert_eq!(directory.names().len(), CALLS);
        assert_complete(&directory, |call| name.replace("frames", &format!("frames-{call}")));
        assert_eq!(MAX_OPEN.swap(0, Ordering::SeqCst), max_open, "{name}");
        assert_eq!(OPEN.load(Ordering::SeqCst), 0, "{name}");
    }
}

#[test]
fn a_reopened_gzip_file_gets_another_member() {
    let directory = Directory::new();
    record_in_rounds(&three_at_once(&directory.path("frames.jsonl.gz"), None, FILE_SYSTEM));
    let bytes = fs::read(directory.path("frames-0.jsonl.gz")).unwrap();
    let (mut rest, mut members) = (&*bytes, 0);
    while !rest.is_empty() {
        let mut member = GzDecoder::new(rest);
        member.read_to_end(&mut Vec::new()).unwrap();
        rest = member.into_inner();
        members += 1;
    }
    assert!(members > 1, "it was closed in between");
}

#[test]
fn parts_continue_after_their_file_was_closed() {
    for name in ["frames.jsonl", "frames.jsonl.gz"] {
        let directory = Directory::new();
        record_in_rounds(&three_at_once(&directory.path(name), Some(PartSize::bytes(700)), FILE_SYSTEM));
        assert!(directory.names().len() > CALLS, "{:?}", directory.names());
        assert_complete(&directory, |call| name.replace("frames", &format!("frames-{call}.part-0001")));
        for name in directory.names() {
            let size = fs::metadata(directory.path(&name)).unwrap().len();
            assert!(size < 1_200, "{name} is {size} bytes");
        }
    }
}

#[test]
fn a_deleted_or_changed_file_stops_its_log() {
    let directory = Directory::new();
    let logs = three_at_once(&directory.path("frames.jsonl"), None, FILE_SYSTEM);
    let calls = conversations(&logs);
    record_each(&calls, 0);
    flush(&logs);
    let (deleted, changed) = (directory.path("frames-0.jsonl"), directory.path("frames-1.jsonl"));
    fs::remove_file(&deleted).unwrap();
    fs::write(&changed, "other content").unwrap();
    for round in 1..ROUNDS {
        record_each(&calls, round);
        flush(&logs);
    }
    drop(calls);
    flush(&logs);
    assert!(!deleted.exists());
    assert_eq!(fs::read_to_string(&changed).unwrap(), "other content");
    for call in 2..CALLS {
        let mut reader = FrameLogReader::open(directory.path(&format!("frames-{call}.jsonl"))).unwrap();
        assert_eq!(reader.by_ref().filter_map(Result::ok).count() as u64, ROUNDS);
        assert!(reader.footer().is_some());
    }
}

/// The error of the operating system.
fn too_many_open_files() -> io::Error {
    io::Error::from_raw_os_error(if cfg!(windows) { 4 } else { 24 })
}

#[test]
fn without_free_file_handles_some_files_are_closed() {
    static LEFT: AtomicI32 = AtomicI32::new(2);

    fn counted(open: impl FnOnce() -> io::Result<OpenFile>) -> io::Result<OpenFile> {
        if LEFT.fetch_sub(1, Ordering::SeqCst) <= 0 {
            LEFT.fetch_add(1, Ordering::SeqCst);
            return Err(too_many_open_files());
        }
        Ok(Box::new(ReturningFile(open()?)))
    }

    /// A file that returns its handle when it is closed.
    struct ReturningFile(OpenFile);

    impl io::Write for ReturningFile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    impl Drop for ReturningFile {
        fn drop(&mut self) {
            LEFT.fetch_add(1, Ordering::SeqCst);
        }
    }

    let file_system = FileSystem {
        create: |path| counted(|| (FILE_SYSTEM.create)(path)),
        reopen: |path, size| counted(|| (FILE_SYSTEM.reopen)(path, size)),
    };
    let directory = Directory::new();
    record_in_rounds(&three_at_once(&directory.path("frames.jsonl"), None, file_system));
    assert_complete(&directory, |call| format!("frames-{call}.jsonl"));
}

#[test]
fn without_any_file_handle_logs_wait_but_recording_does_not() {
    static ALLOWED: AtomicBool = AtomicBool::new(false);
    static TRIED: AtomicU32 = AtomicU32::new(0);

    let file_system = FileSystem {
        create: |path| {
            TRIED.fetch_add(1, Ordering::SeqCst);
            if ALLOWED.load(Ordering::SeqCst) {
                (FILE_SYSTEM.create)(path)
            } else {
                Err(too_many_open_files())
            }
        },
        ..FILE_SYSTEM
    };
    let directory = Directory::new();
    let logs = three_at_once(&directory.path("frames.jsonl"), None, file_system);
    let calls = conversations(&logs);
    for round in 0..ROUNDS {
        record_each(&calls, round);
    }
    while TRIED.load(Ordering::SeqCst) < 3 {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(logs.flush(Duration::from_millis(5)).is_err(), "nothing is written");
    drop(calls);
    ALLOWED.store(true, Ordering::SeqCst);
    logs.flush(LONG).unwrap();
    assert_complete(&directory, |call| format!("frames-{call}.jsonl"));
}

#[test]
fn a_failed_log_releases_its_budget() {
    struct Broken;

    impl io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lucky_or_broken(path: &Path) -> io::Result<OpenFile> {
        if path.ends_with("frames-lucky.jsonl") { (FILE_SYSTEM.create)(path) } else { Ok(Box::new(Broken)) }
    }

    let directory = Directory::new();
    let template = PathTemplate::parse(&directory.path("frames.jsonl")).unwrap();
    let limits = LogLimits { queued_bytes: 4_000, ..LogLimits::default() };
    let logs =
        FrameLogWriter::with(template, None, limits, FileSystem { create: lucky_or_broken, ..FILE_SYSTEM });
    for round in 0..100 {
        let unlucky = logs.conversation(&HeaderInfo::new("unlucky", Time::from_unix_nanos(round)));
        (0..5).for_each(|id| record(&unlucky, id));
        drop(unlucky);
        flush(&logs);
    }
    let lucky = logs.conversation(&HeaderInfo::new("lucky", Time::from_unix_nanos(1)));
    (0..5).for_each(|id| record(&lucky, id));
    drop(lucky);
    flush(&logs);
    let mut reader = FrameLogReader::open(directory.path("frames-lucky.jsonl")).unwrap();
    assert_eq!(reader.by_ref().count(), 5);
    assert_eq!(reader.footer().map(|footer| footer.dropped), Some(0));
}
