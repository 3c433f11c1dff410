//! Real processes on one directory. Each child runs [`child`] in this test's own program.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{MIB, SpanCounts, Spool, SpoolError, TestDirectory, URL, append, drain};

const ROLE: &str = "PIPECAT_TEST_SPOOL_ROLE";
const DIRECTORY: &str = "PIPECAT_TEST_SPOOL_DIRECTORY";
const REQUESTS_PER_PROCESS: usize = 60;

/// Begins each line that a child prints for its parent.
const LINE: &str = "spool: ";

fn spawn(role: &str, directory: &TestDirectory) -> Child {
    spawn_with(Command::new(std::env::current_exe().unwrap()), role, directory)
}

fn spawn_with(mut program: Command, role: &str, directory: &TestDirectory) -> Child {
    program
        .args(["--exact", "export::spool::tests::processes::child", "--nocapture"])
        .env(ROLE, role)
        .env(DIRECTORY, &directory.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Returns the lines that a child prints, as they come.
fn lines(child: &mut Child) -> impl Iterator<Item = String> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.filter_map(|line| line.unwrap().split_once(LINE).map(|(_, text)| text.to_owned()))
}

#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let mut spool = Spool::new(std::env::var_os(DIRECTORY).unwrap().into(), MIB, URL).unwrap();
    if role == "limited" {
        let error = spool.append(&[1; 9_000], 1, &mut SpanCounts::default()).unwrap_err();
        println!("{LINE}{}", matches!(error, SpoolError::Io { .. }));
        append(&mut spool, b"small", 1);
        let request = spool.take().request.unwrap();
        let halves = [(b"first half".to_vec(), 1), (vec![1; 9_000], 1)];
        let error = spool.append_halves(&request, &halves).unwrap_err();
        println!("{LINE}{}", matches!(error, SpoolError::Io { .. }));
        return;
    }
    if role == "holder" {
        append(&mut spool, b"held", 1);
        append(&mut spool, b"free", 1);
        let _held = spool.take().request.unwrap();
        println!("{LINE}ready");
        // Until this process is killed.
        let _ = std::io::stdin().read_line(&mut String::new());
        return;
    }
    for number in 0..REQUESTS_PER_PROCESS {
        append(&mut spool, format!("{role} {number}").as_bytes(), 1);
        if number % 2 == 1 {
            drain(&mut spool)
                .0
                .iter()
                .for_each(|request| println!("{LINE}{}", String::from_utf8_lossy(request)));
        }
    }
}

#[test]
fn processes_share_a_directory_and_send_each_request_once() {
    let directory = TestDirectory::new();
    let mut children = ["a", "b", "c"].map(|role| spawn(role, &directory));
    let mut sent: Vec<String> = children.iter_mut().flat_map(lines).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    let (left, damaged) = drain(&mut directory.spool());
    sent.extend(left.into_iter().map(|request| String::from_utf8(request).unwrap()));
    sent.sort();
    let mut expected: Vec<String> = ["a", "b", "c"]
        .iter()
        .flat_map(|role| (0..REQUESTS_PER_PROCESS).map(move |number| format!("{role} {number}")))
        .collect();
    expected.sort();
    assert_eq!((sent, damaged), (expected, super::NONE));
}

#[test]
fn a_request_held_by_a_killed_process_is_taken() {
    let directory = TestDirectory::new();
    let mut holder = spawn("holder", &directory);
    assert_eq!(lines(&mut holder).next().as_deref(), Some("ready"));
    let mut spool = directory.spool();
    assert_eq!(drain(&mut spool).0, [b"free"], "the other is in delivery");
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(drain(&mut spool).0, [b"held"]);
}

/// The limit fails a write in its middle, as a full disk does.
#[cfg(unix)]
#[test]
fn a_write_that_fails_halfway_leaves_nothing_behind() {
    let directory = TestDirectory::new();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let mut child = spawn_with(shell, "limited", &directory);
    assert_eq!(lines(&mut child).collect::<Vec<_>>(), ["true", "true"]);
    assert!(child.wait().unwrap().success());
    assert_eq!(directory.files().len(), 1);
    assert_eq!(drain(&mut directory.spool()).0, [b"small"]);
}
