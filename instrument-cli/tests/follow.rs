//! `pipecat-trace replay --follow`: logs that are still being written.
#![allow(clippy::unwrap_used, reason = "a failure here fails the test")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use pipecat_instrument_runtime::frame_log::PartSize;
use support::call::Call;
use support::{command, recording, scratch};

/// A timeout far longer than any test needs.
const LONG: Duration = Duration::from_secs(60);

/// A running `replay --follow`, and the lines that it prints.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(arguments: &[&str], logs: &[&Path]) -> Self {
        Self::of(&mut command(&[&["replay", "--follow"], arguments].concat(), logs))
    }

    fn of(command: &mut std::process::Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let _ = send.send(line.unwrap());
            }
        });
        Self { child, lines }
    }

    /// Waits for a line that begins with `beginning`.
    fn wait_for_line(&self, beginning: &str) {
        loop {
            let line =
                self.lines.recv_timeout(LONG).unwrap_or_else(|_| panic!("no line begins with {beginning}"));
            if line.starts_with(beginning) {
                return;
            }
        }
    }

    /// Waits for its end, and returns its status and standard error.
    fn wait_for_end(self) -> (Option<i32>, String) {
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

fn fresh(name: &str) -> PathBuf {
    let directory = scratch(&format!("follow-{name}"));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn exchange(call: &mut Call, question: &str) {
    call.wait(3_000).user_says(800, question).asks(300).bot_says("Yes.", "Yes.");
    call.flush();
}

#[test]
fn following_prints_each_turn_while_the_call_goes_on() {
    for name in ["frames.jsonl", "frames.jsonl.gz"] {
        let directory = fresh(name);
        let log = directory.join(name.replace("frames", "frames-call"));
        let follower = Follower::start(&[], &[&log]);
        let mut call = Call::begin("call", &directory.join(name), None);
        exchange(&mut call, "One?");
        exchange(&mut call, "Two?");
        exchange(&mut call, "Three?");
        follower.wait_for_line("conversation call");
        follower.wait_for_line("turn 1");
        follower.wait_for_line("│  user \"One?\"");
        call.ends();
        follower.wait_for_line("turn 3");
        let (status, problems) = follower.wait_for_end();
        assert_eq!(status, Some(0), "{problems}");
    }
}

#[test]
fn a_turn_times_out_while_nothing_is_written() {
    let directory = fresh("silence");
    let mut call = Call::begin("call", &directory.join("frames.jsonl"), None);
    exchange(&mut call, "One?");
    let follower = Follower::start(&["--turn-end-timeout", "500"], &[&directory.join("frames-call.jsonl")]);
    follower.wait_for_line("turn 1");
    call.ends();
    assert_eq!(follower.wait_for_end().0, Some(0));
}

#[test]
fn following_continues_in_the_next_part() {
    let directory = fresh("parts");
    let follower = Follower::start(&[], &[&directory.join("frames-call.part-0001.jsonl")]);
    let mut call = Call::begin("call", &directory.join("frames.jsonl"), Some(PartSize::bytes(2_000)));
    for turn in 1..=5 {
        exchange(&mut call, &format!("Question {turn}?"));
    }
    follower.wait_for_line("turn 2");
    call.ends();
    follower.wait_for_line("turn 5");
    assert_eq!(follower.wait_for_end().0, Some(0));
    assert!(fs::read_dir(directory).unwrap().count() > 2);
}

#[test]
fn several_logs_are_followed_at_once() {
    let directory = fresh("several");
    let logs = ["one", "two"].map(|id| directory.join(format!("frames-{id}.jsonl")));
    let follower = Follower::start(&[], &[&logs[0], &logs[1]]);
    let mut calls = ["one", "two"].map(|id| Call::begin(id, &directory.join("frames.jsonl"), None));
    for call in &mut calls {
        exchange(call, "First?");
        exchange(call, "Second?");
        exchange(call, "Third?");
    }
    let mut seen: Vec<String> = Vec::new();
    while seen.len() < 2 {
        let line = follower.lines.recv_timeout(LONG).unwrap();
        if line.starts_with("conversation ") && !seen.contains(&line) {
            seen.push(line);
        }
    }
    calls.iter_mut().for_each(Call::ends);
    assert_eq!(follower.wait_for_end().0, Some(0));
    seen.sort();
    assert_eq!(seen, ["conversation one", "conversation two"]);
}

#[test]
fn standard_input_is_followed_to_its_end() {
    let mut follower = Follower::start(&[], &[Path::new("-")]);
    let log = fs::read(recording("a_simple")).unwrap();
    let mut stdin = follower.child.stdin.take().unwrap();
    stdin.write_all(&log[..log.len() / 2]).unwrap();
    stdin.flush().unwrap();
    stdin.write_all(&log[log.len() / 2..]).unwrap();
    drop(stdin);
    follower.wait_for_line("turn 2");
    let (status, problems) = follower.wait_for_end();
    assert_eq!((status, problems.as_str()), (Some(0), ""));
}

#[test]
fn spans_are_written_as_they_end() {
    let directory = fresh("otlp");
    let mut call = Call::begin("call", &directory.join("frames.jsonl"), None);
    let log = directory.join("frames-call.jsonl");
    exchange(&mut call, "One?");
    let follower = Follower::start(&["--otlp-json", "-"], &[&log]);
    exchange(&mut call, "Two?");
    exchange(&mut call, "Three?");
    let line = follower.lines.recv_timeout(LONG).unwrap();
    let request: serde_json::Value = serde_json::from_str(&line).unwrap();
    let spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    // A line contains complete turns only.
    for turn in names.chunks(4) {
        assert_eq!(turn, ["pipecat.stt", "pipecat.llm", "pipecat.tts", "pipecat.conversation.turn"]);
    }
    call.ends();
    assert_eq!(follower.wait_for_end().0, Some(0));
}

#[test]
fn following_reports_bad_lines_and_refuses_other_files() {
    let directory = fresh("bad");
    let log = directory.join("bad.jsonl");
    let lines = fs::read_to_string(recording("a_simple")).unwrap();
    fs::write(&log, lines.replacen('\n', "\noops\n", 1)).unwrap();
    let (status, problems) = Follower::start(&[], &[&log]).wait_for_end();
    assert_eq!(status, Some(1));
    assert!(problems.contains("bad.jsonl: line 2: not JSON"), "{problems}");

    fs::write(&log, "hello\n").unwrap();
    let (status, problems) = Follower::start(&[], &[&log]).wait_for_end();
    assert_eq!(status, Some(2));
    assert!(problems.contains("not a frame log"), "{problems}");
}

#[test]
fn a_closed_pipe_ends_following() {
    let directory = fresh("enough");
    let mut call = Call::begin("call", &directory.join("frames.jsonl"), None);
    exchange(&mut call, "One?");
    let mut child = command(&["replay", "--follow"], &[&directory.join("frames-call.jsonl")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    for turn in 2..=4 {
        exchange(&mut call, &format!("Question {turn}?"));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "though the call goes on");
    call.ends();
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_the_open_turn() {
    let directory = fresh("ctrl-c");
    let mut call = Call::begin("call", &directory.join("frames.jsonl"), None);
    for turn in 1..=3 {
        exchange(&mut call, &format!("Question {turn}?"));
    }
    let follower = Follower::start(&[], &[&directory.join("frames-call.jsonl")]);
    follower.wait_for_line("turn 1");
    call.wait(500).user_says(900, "Is anybody there?").asks(200);
    call.flush();
    // The open turn has begun when the turn before it is printed.
    follower.wait_for_line("turn 3");
    let pid = follower.child.id().to_string();
    let interrupted = std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(interrupted.success());
    follower.wait_for_line("turn 4");
    let (status, problems) = follower.wait_for_end();
    assert_eq!(status, Some(0), "{problems}");
    call.ends();
}
