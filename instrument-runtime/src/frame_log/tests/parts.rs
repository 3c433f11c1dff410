//! Logs that are split into parts and read again as one, and logs that are read while they are written.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;

use super::{Directory, LONG, flush, hop};
use crate::engine::frame::{Frame, FrameId, FramePushed, Processor, Role, TextChunk};
use crate::engine::time::Time;
use crate::frame_log::{
    ConversationLog, FrameLogReadError, FrameLogReader, FrameLogWriter, HeaderInfo, PartSize, is_part_after,
};

/// A size that a few events reach.
const SMALL: PartSize = PartSize::bytes(2_000);
const EVENTS: u64 = 40;

fn conversation(logs: &FrameLogWriter) -> ConversationLog {
    logs.conversation(&HeaderInfo::new("x", Time::from_unix_nanos(1)))
}

fn record(log: &ConversationLog, id: u64) {
    let llm = Processor { model: Some("small".into()), ..Processor::new("Llm#0", "Llm", Role::Llm) };
    // Words that do not compress well.
    let words = (1..8).map(|word| format!("{:016x} ", (id * 8 + word).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let text: String = words.collect();
    let frame = Frame::LlmText(TextChunk::new(&text));
    let hop = FramePushed { source: (&llm).into(), ..hop(&frame, id) };
    log.record(Time::from_unix_nanos(id), &hop);
}

/// Writes a complete log in parts.
fn write_parts(path: &Path) {
    let logs = FrameLogWriter::in_parts(path, SMALL).unwrap();
    let log = conversation(&logs);
    (0..EVENTS).for_each(|id| record(&log, id));
    log.finish();
    flush(&logs);
}

/// Returns the ids of all events. Asserts that no line is bad and that each source has its model.
fn ids(reader: &mut FrameLogReader<'_>) -> Vec<u64> {
    let id = |event: crate::frame_log::LoggedEvent| {
        let frame = event.frame();
        let hop = event.hop(&frame);
        assert_eq!(hop.source.view().and_then(|service| service.model), Some("small"));
        hop.id.map_or(0, |FrameId(id)| id)
    };
    reader.by_ref().map(|event| id(event.unwrap())).collect()
}

fn open(path: PathBuf) -> FrameLogReader<'static> {
    FrameLogReader::open(path).unwrap()
}

#[test]
fn reading_the_first_part_reads_all_parts() {
    for extension in ["jsonl", "jsonl.gz"] {
        let directory = Directory::new();
        write_parts(&directory.path(&format!("frames.{extension}")));
        let names = directory.names();
        // A compressed part holds far more text.
        assert!(names.len() > 3 || extension == "jsonl.gz", "{names:?}");
        assert_eq!(names[0], format!("frames-x.part-0001.{extension}"));
        let mut reader = open(directory.path(&names[0]));
        assert_eq!(ids(&mut reader), (0..EVENTS).collect::<Vec<_>>());
        assert_eq!(reader.footer().map(|footer| (footer.events, footer.dropped)), Some((EVENTS, 0)));
    }
}

#[test]
fn compressed_parts_are_measured_by_their_size_on_disk() {
    let directory = Directory::new();
    let logs = FrameLogWriter::in_parts(directory.path("frames.jsonl.gz"), SMALL).unwrap();
    let log = conversation(&logs);
    for id in 0..EVENTS {
        record(&log, id);
        // The compressor buffers data until it is flushed.
        flush(&logs);
    }
    log.finish();
    flush(&logs);
    let names = directory.names();
    assert!(names.len() > 1, "{names:?}");
    for name in &names {
        let size = fs::metadata(directory.path(name)).unwrap().len();
        assert!(size < 3_000, "{name} is {size} bytes");
    }
    assert_eq!(ids(&mut open(directory.path(&names[0]))), (0..EVENTS).collect::<Vec<_>>());
}

#[test]
fn each_part_can_be_read_by_itself() {
    let directory = Directory::new();
    write_parts(&directory.path("frames.jsonl"));
    let names = directory.names();
    let alone = Directory::new();
    let mut all = Vec::new();
    for (index, name) in names.iter().enumerate() {
        fs::copy(directory.path(name), alone.path(name)).unwrap();
        let mut reader = open(alone.path(name));
        let part = u32::try_from(index).unwrap() + 1;
        assert_eq!(reader.header().part, Some(part));
        let here = ids(&mut reader);
        assert!(!here.is_empty());
        all.extend(here);
        let is_last = index + 1 == names.len();
        assert_eq!(reader.awaited_part(), (!is_last).then_some(part + 1), "{name}");
        assert_eq!(reader.footer().is_some(), is_last, "{name}");
        fs::remove_file(alone.path(name)).unwrap();
    }
    assert_eq!(all, (0..EVENTS).collect::<Vec<_>>());
}

#[test]
fn parts_in_one_stream_are_one_log() {
    let directory = Directory::new();
    write_parts(&directory.path("frames.jsonl"));
    let mut whole = Vec::new();
    for name in directory.names() {
        whole.extend(fs::read(directory.path(&name)).unwrap());
    }
    let mut reader = FrameLogReader::new(&*whole).unwrap();
    assert_eq!(ids(&mut reader), (0..EVENTS).collect::<Vec<_>>());
    assert!(reader.footer().is_some());
}

#[test]
fn a_part_that_was_compressed_later_is_found() {
    let directory = Directory::new();
    write_parts(&directory.path("frames.jsonl"));
    let second = directory.path("frames-x.part-0002.jsonl");
    let bytes = fs::read(&second).unwrap();
    let file = fs::File::create(directory.path("frames-x.part-0002.jsonl.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &bytes).unwrap();
    gzip.finish().unwrap();
    fs::remove_file(second).unwrap();
    assert_eq!(ids(&mut open(directory.path("frames-x.part-0001.jsonl"))), (0..EVENTS).collect::<Vec<_>>());
}

#[test]
fn a_foreign_file_with_the_name_of_a_part_is_not_read() {
    let directory = Directory::new();
    let foreign = "{\"frame_log\":1,\"writer\":\"other\",\"wall\":7,\"conversation_id\":\"x\",\"part\":2}\n";
    fs::write(directory.path("frames-x.part-0002.jsonl"), foreign).unwrap();
    fs::write(directory.path("frames-x.part-0003.jsonl"), "precious").unwrap();
    write_parts(&directory.path("frames.jsonl"));
    assert_eq!(fs::read_to_string(directory.path("frames-x.part-0002.jsonl")).unwrap(), foreign);
    assert_eq!(fs::read_to_string(directory.path("frames-x.part-0003.jsonl")).unwrap(), "precious");
    assert_eq!(ids(&mut open(directory.path("frames-x.part-0001.jsonl"))), (0..EVENTS).collect::<Vec<_>>());
    let part = |number| directory.path(&format!("frames-x.part-000{number}.jsonl"));
    assert!(is_part_after(&part(1), &part(4)), "read along with the first");
    for (earlier, later) in [(1, 2), (1, 3), (2, 4), (4, 1), (1, 1)] {
        assert!(!is_part_after(&part(earlier), &part(later)), "{earlier} {later}");
    }
}

#[test]
fn bad_lines_are_reported_with_their_part() {
    let directory = Directory::new();
    write_parts(&directory.path("frames.jsonl"));
    let second = directory.path("frames-x.part-0002.jsonl");
    let text = fs::read_to_string(&second).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(2, "oops");
    // The last line lacks its line break, as on a full disk.
    fs::write(&second, lines.join("\n")).unwrap();
    let reader = open(directory.path("frames-x.part-0001.jsonl"));
    let bad: Vec<String> = reader.filter_map(Result::err).map(|bad| bad.to_string()).collect();
    assert_eq!(bad, ["part 2, line 3: not JSON: expected value at column 1"]);
}

#[test]
fn following_waits_for_the_file_and_stops_at_the_footer() {
    for name in ["frames.jsonl", "frames.jsonl.gz"] {
        let directory = Directory::new();
        let first = directory.path(&name.replace("frames", "frames-x.part-0001"));
        let (send, followed) = channel();
        let reader = thread::spawn(move || {
            let mut reader = FrameLogReader::follow(first)?;
            for event in reader.by_ref() {
                let _ = send.send(event.is_ok());
            }
            Ok::<_, FrameLogReadError>(reader.footer())
        });
        let logs = FrameLogWriter::in_parts(directory.path(name), SMALL).unwrap();
        let log = conversation(&logs);
        for id in 0..EVENTS {
            record(&log, id);
            flush(&logs);
            assert_eq!(
                followed.recv_timeout(LONG),
                Ok(true),
                "{name}: event {id} comes while the log is open"
            );
        }
        log.finish();
        let footer = reader.join().unwrap().unwrap().unwrap();
        assert_eq!(footer.events, EVENTS, "{name}");
        assert!(directory.names().len() > 1, "{name}");
    }
}

#[test]
fn a_compressed_log_is_flushed_without_a_request() {
    let directory = Directory::new();
    let logs = FrameLogWriter::new(directory.path("frames.jsonl.gz")).unwrap();
    let log = conversation(&logs);
    record(&log, 1);
    let mut reader = FrameLogReader::follow(directory.path("frames-x.jsonl.gz")).unwrap();
    assert!(reader.next().is_some_and(|event| event.is_ok()), "the log is still open");
    let mut bytes = Vec::new();
    fs::File::open(directory.path("frames-x.jsonl.gz")).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(
        FrameLogReader::new(&*bytes).unwrap().filter_map(Result::ok).count(),
        1,
        "the log of a process that died here"
    );
    drop(log);
}
