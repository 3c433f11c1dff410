//! Frame logs of a parent and its child: each writes files of its own.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pipecat_instrument::frame::{Direction, Frame, FrameId, FramePushed, ProcessorRef};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{ConversationLog, FrameLogReader, FrameLogWriter, HeaderInfo};

use super::child::{Directory, SetOnDrop, in_child};

const LONG: Duration = Duration::from_secs(10);

fn begin(logs: &FrameLogWriter) -> ConversationLog {
    logs.conversation(&HeaderInfo::new("call", Time::from_unix_nanos(1)))
}

fn record(log: &ConversationLog, id: u64) {
    log.record(
        Time::from_unix_nanos(id),
        &FramePushed {
            source: ProcessorRef::named("Mic"),
            destination: ProcessorRef::named("Stt"),
            direction: Direction::Downstream,
            id: Some(FrameId(id)),
            sibling: None,
            frame: &Frame::UserStartedSpeaking,
        },
    );
}

/// Returns when a log begins, the ids of its frames, and whether it has a footer.
fn read(path: &Path) -> (u64, Vec<u64>, bool) {
    let mut reader = FrameLogReader::open(path).unwrap();
    let ids = reader.by_ref().map(|event| event.unwrap());
    let ids = ids.filter_map(|event| event.hop(&event.frame()).id).map(|FrameId(id)| id).collect();
    (reader.header().begun.as_unix_nanos(), ids, reader.footer().is_some())
}

#[test]
fn child_continues_a_log_in_a_file_of_its_own() {
    let directory = Directory::new("log");
    let logs = FrameLogWriter::new(directory.0.join("{conversation_id}.jsonl")).unwrap();
    let log = begin(&logs);
    record(&log, 1);
    logs.flush(LONG).unwrap();
    // Waits in the queue at the fork.
    record(&log, 2);
    in_child(&directory, || {
        record(&log, 3);
        record(&log, 4);
        log.finish();
        logs.flush(LONG).unwrap();
    });
    record(&log, 5);
    log.finish();
    logs.flush(LONG).unwrap();
    assert_eq!(read(&directory.0.join("call.jsonl")), (1, vec![1, 2, 5], true));
    assert_eq!(read(&directory.0.join("call-2.jsonl")), (3, vec![3, 4], true));
}

#[test]
fn child_writes_the_logs_of_its_conversations() {
    let directory = Directory::new("own-log");
    let logs = FrameLogWriter::new(directory.0.join("{conversation_id}.jsonl")).unwrap();
    let of_parent = begin(&logs);
    record(&of_parent, 1);
    in_child(&directory, || {
        let log = logs.conversation(&HeaderInfo::new("of-child", Time::from_unix_nanos(7)));
        record(&log, 8);
        drop(log);
        logs.flush(LONG).unwrap();
    });
    assert_eq!(read(&directory.0.join("of-child.jsonl")), (7, vec![8], true));
}

#[test]
fn child_that_records_nothing_writes_nothing() {
    let directory = Directory::new("no-log");
    let logs = FrameLogWriter::new(directory.0.join("{conversation_id}.jsonl")).unwrap();
    let log = Some(begin(&logs));
    record(log.as_ref().unwrap(), 1);
    in_child(&directory, || {
        let log = log.as_ref().unwrap();
        log.finish();
        logs.flush(LONG).unwrap();
    });
    let mut log = log;
    in_child(&directory, || {
        drop(log.take());
        drop(logs.clone());
        logs.flush(LONG).unwrap();
    });
    record(log.as_ref().unwrap(), 2);
    drop(log);
    logs.flush(LONG).unwrap();
    assert_eq!(read(&directory.0.join("call.jsonl")), (1, vec![1, 2], true));
    assert!(!directory.0.join("call-2.jsonl").exists());
}

#[test]
fn grandchild_writes_a_log_of_its_own() {
    let directory = Directory::new("grandchild");
    let logs = FrameLogWriter::new(directory.0.join("{conversation_id}.jsonl")).unwrap();
    let log = begin(&logs);
    record(&log, 1);
    logs.flush(LONG).unwrap();
    in_child(&directory, || {
        record(&log, 2);
        logs.flush(LONG).unwrap();
        if let fork::Fork::Parent(child) = fork::fork().unwrap() {
            assert_eq!(fork::waitpid(child).unwrap(), 0);
        } else {
            record(&log, 3);
        }
        log.finish();
        logs.flush(LONG).unwrap();
    });
    assert_eq!(read(&directory.0.join("call-2.jsonl")), (2, vec![2], true));
    assert_eq!(read(&directory.0.join("call-3.jsonl")), (3, vec![3], true));
}

#[test]
fn child_of_a_busy_parent_does_not_wait_for_its_locks() {
    const CHILDREN: u64 = 30;
    let directory = Directory::new("busy");
    let logs = FrameLogWriter::new(directory.0.join("{conversation_id}.jsonl")).unwrap();
    let (log, is_done) = (begin(&logs), AtomicBool::new(false));
    record(&log, 1);
    logs.flush(LONG).unwrap();
    std::thread::scope(|scope| {
        let _done = SetOnDrop(&is_done);
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    record(&log, 1);
                }
            });
        }
        for child in 0..CHILDREN {
            in_child(&directory, || {
                record(&log, 10 + child);
                log.finish();
                logs.flush(LONG).unwrap();
            });
        }
    });
    for child in 0..CHILDREN {
        let path = directory.0.join(format!("call-{}.jsonl", child + 2));
        assert_eq!(read(&path), (10 + child, vec![10 + child], true));
    }
}
