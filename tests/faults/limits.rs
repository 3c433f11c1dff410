//! Frame logs under limits on open files and file size. A shell sets them for a child process, as they apply to whole
//! processes.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pipecat_instrument::{ObserveOptions, Observer, PipecatInstrumentor};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::record::{SpanBuffer, SpanDetails};
use pipecat_instrument_runtime::frame_log::{FrameLogReader, ReplayReport, replay};

use crate::support::test_directory::TestDirectory;
use crate::support::{Traced, push};
use crate::turn_frames;

/// The variable with the log template, set in the child process.
const LOG: &str = "PIPECAT_INSTRUMENT_TEST_LIMITED_LOG";

/// Runs the test `name` in a child process with [`LOG`] set, after the shell command `limit`.
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

/// Pushes the frames of a turn to this many calls, frame by frame in rounds.
fn play_calls(calls: usize, log: &Path, after_each_round: impl Fn()) -> Traced {
    let traced = Traced::with(PipecatInstrumentor::builder().debug_log(log));
    let observe = |call: usize| {
        PipecatInstrumentor::observe(ObserveOptions::new().conversation_id(&format!("call-{call}"))).unwrap()
    };
    let observers: Vec<Observer> = (0..calls).map(observe).collect();
    for (id, (source, frame)) in (1..).zip(turn_frames()) {
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
fn logs_of_300_calls_are_complete_with_64_open_files() {
    const CALLS: usize = 300;

    if let Some(log) = std::env::var_os(LOG) {
        // The rest of a program needs files, too.
        let other_files: Vec<_> = (0..20).map(|_| fs::File::open("/dev/null").unwrap()).collect();
        play_calls(CALLS, Path::new(&log), flush);
        drop(other_files);
        return;
    }
    for extension in ["jsonl", "jsonl.gz"] {
        let directory = TestDirectory::new();
        let log = directory.0.join(format!("{{conversation_id}}.{extension}"));
        run_within("ulimit -n 64", "limits::logs_of_300_calls_are_complete_with_64_open_files", &log);
        for call in 0..CALLS {
            let (spans, report) = replayed(&directory.0.join(format!("call-{call}.{extension}")));
            assert_eq!(
                (report.events, report.dropped, report.bad_lines.len()),
                (turn_frames().len() as u64, 0, 0)
            );
            assert!(!report.broken_off);
            assert_eq!(spans.ended.len(), 4, "turn, STT, LLM, TTS");
        }
    }
}

/// A size limit acts like a full disk: the last write is short, and the next one fails.
#[test]
fn a_log_ends_at_the_size_limit_while_spans_continue() {
    const CALLS: usize = 3;

    if let Some(log) = std::env::var_os(LOG) {
        let traced = play_calls(CALLS, Path::new(&log), flush);
        assert_eq!(traced.spans().len(), CALLS * 4, "turn, STT, LLM, TTS");
        return;
    }
    let directory = TestDirectory::new();
    let log = directory.0.join("{conversation_id}.jsonl");
    // The limit raises a signal, which would end the process.
    run_within(
        "trap '' XFSZ; ulimit -f 5",
        "limits::a_log_ends_at_the_size_limit_while_spans_continue",
        &log,
    );
    for call in 0..CALLS {
        let log = directory.0.join(format!("call-{call}.jsonl"));
        let size = fs::metadata(&log).unwrap().len();
        assert_eq!(size, 5 * 512, "POSIX counts blocks of 512 bytes");
        let (spans, report) = replayed(&log);
        assert!(report.broken_off);
        assert_eq!(report.bad_lines.len(), 1, "the truncated line");
        let SpanDetails::Turn(turn) = &spans.ended.last().unwrap().details else { panic!("{spans:?}") };
        assert_eq!(turn.input.as_deref(), Some("What is the weather?"));
    }
}
