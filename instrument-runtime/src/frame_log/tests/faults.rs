//! Unusable paths, full queues, failing disks.

#![allow(clippy::disallowed_methods, reason = "a test asks a clock what its subject cannot")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::{Directory, LONG, flush, hop};
use crate::engine::frame::{Frame, FramePushed, Processor, Role};
use crate::engine::time::Time;
use crate::frame_log::file_writer::{FILE_SYSTEM, FileSystem, OpenFile};
use crate::frame_log::line_buffer::LogLimits;
use crate::frame_log::log_path::PathTemplate;
use crate::frame_log::{FrameLogReader, FrameLogWriteError, FrameLogWriter, HeaderInfo};

fn header(id: &str) -> HeaderInfo<'_> {
    HeaderInfo::new(id, Time::from_unix_nanos(1))
}

#[test]
fn an_unwritable_path_is_an_error_at_once() {
    let directory = Directory::new();
    fs::write(directory.path("file"), "").unwrap();
    let error = FrameLogWriter::new(directory.path("file/frames.jsonl")).err().unwrap();
    assert!(matches!(error, FrameLogWriteError::Unwritable { .. }), "{error}");
    assert!(error.to_string().contains("choose another path"), "{error}");
}

#[test]
fn probing_a_path_leaves_no_files() {
    let directory = Directory::new();
    FrameLogWriter::new(directory.path("new/frames.jsonl")).unwrap();
    assert_eq!(directory.names(), ["new"]);
    assert!(super::names_in(&directory.path("new")).is_empty());
}

#[test]
fn conversations_never_share_a_file() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("frames.jsonl")).unwrap();
    let ids = ["call", "call", "../call", "a/b", "a_b", "call-2"];
    let open: Vec<_> = ids
        .iter()
        .map(|id| {
            let log = logs.conversation(&header(id));
            log.record(Time::default(), &hop(&Frame::Start, 1));
            log
        })
        .collect();
    drop(open);
    flush(&logs);
    let names = directory.names();
    assert_eq!(names.len(), ids.len(), "{names:?}");
    for name in names {
        assert_eq!(FrameLogReader::open(directory.path(&name)).unwrap().count(), 1, "{name}");
    }
}

#[test]
fn existing_files_are_left_alone() {
    let directory = Directory::new();
    fs::write(directory.path("frames-call.jsonl"), "precious").unwrap();
    let logs = FrameLogWriter::new(directory.path("frames.jsonl")).unwrap();
    logs.conversation(&header("call")).finish();
    flush(&logs);
    assert_eq!(directory.names(), ["frames-call-2.jsonl", "frames-call.jsonl"]);
    assert_eq!(fs::read_to_string(directory.path("frames-call.jsonl")).unwrap(), "precious");
}

/// A file that blocks each write until the test releases it.
struct BlockedFile(File);

static RELEASED: AtomicBool = AtomicBool::new(false);

impl Write for BlockedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while !RELEASED.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Counts the warnings of one thread.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicU32>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_full_queue_loses_events_with_warnings_and_without_waiting() {
    let directory = Directory::new();
    let path = directory.path("frames.jsonl");
    let template = PathTemplate::parse(&path).unwrap();
    let limits = LogLimits { queued_bytes: 1_000, ..LogLimits::default() };
    let blocked = FileSystem { create: |path| Ok(Box::new(BlockedFile(File::create(path)?))), ..FILE_SYSTEM };
    let logs = FrameLogWriter::with(template, None, limits, blocked);
    let log = logs.conversation(&header("x"));

    let begun = Instant::now();
    let llm = Processor::new("Llm#0", "Llm", Role::Llm);
    let warnings = Warnings::default();
    let warned = tracing::subscriber::set_default(warnings.clone());
    for id in 0..1_000 {
        // The first event is accepted, so the line that describes the processor is, too.
        log.record(Time::default(), &FramePushed { source: (&llm).into(), ..hop(&Frame::Start, id) });
        if id == 0 {
            // Let the thread take the first event and block while writing it.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    log.finish();
    drop(warned);
    assert!(begun.elapsed() < Duration::from_secs(20), "recording waited");
    assert_eq!(warnings.0.load(Ordering::Relaxed), 3, "at the first, the tenth and the hundredth");
    assert!(matches!(logs.flush(Duration::from_millis(5)), Err(FrameLogWriteError::FlushTimeout { .. })));
    RELEASED.store(true, Ordering::SeqCst);
    flush(&logs);

    let mut reader = FrameLogReader::open(directory.path("frames-x.jsonl")).unwrap();
    let events: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    let footer = reader.footer().unwrap();
    assert_eq!(footer.events, events.len() as u64);
    assert_eq!(footer.events + footer.dropped, 1_000);
    assert!(footer.dropped >= 990, "{footer:?}");
    assert!(events.iter().all(|event| event.hop(&event.frame()).source.role() == Role::Llm));
}

#[cfg(target_os = "linux")]
fn full_disk(path: &Path) -> io::Result<OpenFile> {
    let path = if path.ends_with("frames-unlucky.jsonl") { Path::new("/dev/full") } else { path };
    Ok(Box::new(OpenOptions::new().create(true).append(true).open(path)?))
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_only_the_affected_log() {
    let directory = Directory::new();
    let template = PathTemplate::parse(&directory.path("frames.jsonl")).unwrap();
    let logs = FrameLogWriter::with(
        template,
        None,
        LogLimits::default(),
        FileSystem { create: full_disk, ..FILE_SYSTEM },
    );
    let (unlucky, lucky) = (logs.conversation(&header("unlucky")), logs.conversation(&header("lucky")));
    for id in 0..3 {
        for log in [&unlucky, &lucky] {
            log.record(Time::default(), &hop(&Frame::Start, id));
        }
        flush(&logs);
    }
    unlucky.finish();
    lucky.finish();
    logs.flush(LONG).unwrap();
    let mut reader = FrameLogReader::open(directory.path("frames-lucky.jsonl")).unwrap();
    assert_eq!(reader.by_ref().count(), 3);
    assert!(reader.footer().is_some());
}

#[test]
fn without_a_footer_the_flushed_events_are_read() {
    let directory = Directory::new();
    for name in ["frames.jsonl", "frames.jsonl.gz"] {
        let logs = FrameLogWriter::new(directory.path(name)).unwrap();
        let log = logs.conversation(&header("x"));
        log.record(Time::default(), &hop(&Frame::Start, 1));
        flush(&logs);
        let path = directory.path(&name.replace("frames", "frames-x"));
        let mut reader = FrameLogReader::open(path).unwrap();
        assert_eq!(reader.by_ref().filter_map(Result::ok).count(), 1, "{name}");
        assert_eq!(reader.footer(), None);
    }
}
