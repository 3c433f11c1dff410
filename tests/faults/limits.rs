//! Frame logs of a process that may open few files, or write short ones: its shell says so, for a limit binds the whole
//! process.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pipecat_instrument::{ObserveOptions, Observer, PipecatInstrumentor};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::record::{SpanBuffer, SpanDetails};
use pipecat_instrument_runtime::frame_log::{FrameLogReader, ReplayReport, replay};

use crate::support::{Traced, push};
use crate::{Scratch, a_turn};

/// Where the test itself finds its logs' template, run once more within a limit.
const LOG: &str = "PIPECAT_INSTRUMENT_TEST_LIMITED_LOG";

/// Runs the test `name` once more, with [`LOG`] set, by a shell that first says `limit`.
fn run_within(limit: &str, name: &str, log: &Path) {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{limit}; exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--test-threads", "1"])
        .env(LOG, log)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn replayed(log: &Path) -> (SpanBuffer, ReplayReport) {
    let mut spans = SpanBuffer::default();
    let report = replay(&mut FrameLogReader::open(log).unwrap(), ConversationConfig::default(), &mut spans);
    (spans, report)
}

/// So many calls, each of which says a piece of its turn, then the next call, and so on.
fn talk(calls: usize, log: &Path, after_each_round: impl Fn()) -> Traced {
    let traced = Traced::with(PipecatInstrumentor::builder().debug_log(log));
    let observe = |call: usize| {
        PipecatInstrumentor::observe(ObserveOptions::new().conversation_id(&format!("call-{call}"))).unwrap()
    };
    let observers: Vec<Observer> = (0..calls).map(observe).collect();
    for (id, (source, frame)) in (1..).zip(a_turn()) {
        for observer in &observers {
            push(observer, &source, id, &frame);
        }
        after_each_round();
    }
    observers.iter().for_each(Observer::close);
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60)).unwrap();
    traced
}

fn flush() {
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60)).unwrap();
}

#[test]
fn three_hundred_calls_have_whole_logs_where_64_files_may_be_open() {
    const CALLS: usize = 300;

    if let Some(log) = std::env::var_os(LOG) {
        // Others need files, too: these are gone for the logs.
        let taken: Vec<_> = (0..20).map(|_| fs::File::open("/dev/null").unwrap()).collect();
        talk(CALLS, Path::new(&log), flush);
        drop(taken);
        return;
    }
    for extension in ["jsonl", "jsonl.gz"] {
        let directory = Scratch::new(&format!("limited-{extension}"));
        let log = directory.0.join(format!("{{conversation_id}}.{extension}"));
        run_within(
            "ulimit -n 64",
            "limits::three_hundred_calls_have_whole_logs_where_64_files_may_be_open",
            &log,
        );
        for call in 0..CALLS {
            let (spans, report) = replayed(&directory.0.join(format!("call-{call}.{extension}")));
            assert_eq!(
                (report.events, report.dropped, report.bad_lines.len()),
                (a_turn().len() as u64, 0, 0)
            );
            assert!(!report.broken_off);
            assert_eq!(spans.ended.len(), 4, "turn, STT, LLM, TTS");
        }
    }
}

/// What a full disk does to a file, a limit on its size does: the last write is short, and the next one an error.
#[test]
fn a_log_that_finds_no_room_ends_there_and_the_spans_do_not() {
    const CALLS: usize = 3;

    if let Some(log) = std::env::var_os(LOG) {
        let traced = talk(CALLS, Path::new(&log), flush);
        assert_eq!(traced.spans().len(), CALLS * 4, "turn, STT, LLM, TTS");
        return;
    }
    let directory = Scratch::new("full");
    let log = directory.0.join("{conversation_id}.jsonl");
    // With it comes a signal, which would end the process.
    run_within(
        "trap '' XFSZ; ulimit -f 5",
        "limits::a_log_that_finds_no_room_ends_there_and_the_spans_do_not",
        &log,
    );
    for call in 0..CALLS {
        let log = directory.0.join(format!("call-{call}.jsonl"));
        let size = fs::metadata(&log).unwrap().len();
        assert_eq!(size, 5 * 512, "POSIX counts blocks of 512 bytes");
        let (spans, report) = replayed(&log);
        assert!(report.broken_off);
        assert_eq!(report.bad_lines.len(), 1, "the line that was cut");
        let SpanDetails::Turn(turn) = &spans.ended.last().unwrap().details else { panic!("{spans:?}") };
        assert_eq!(turn.input.as_deref(), Some("What is the weather?"));
    }
}
