//! What the system says of this process. Linux only; elsewhere nothing is known.

use std::fs;
use std::time::Duration;

/// Bytes of its memory that are not swapped out.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// For how long this thread has had a core.
pub(crate) fn time_of_this_thread() -> Option<Duration> {
    time_in("/proc/thread-self/schedstat")
}

/// The same of the thread that the system knows as `name`.
pub(crate) fn time_of_thread(name: &str) -> Option<Duration> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let task = tasks
        .flatten()
        .map(|entry| entry.path())
        .find(|task| fs::read_to_string(task.join("comm")).is_ok_and(|of| of.trim_end() == name))?;
    time_in(task.join("schedstat"))
}

/// How many files it has open.
pub(crate) fn open_files() -> Option<usize> {
    fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

fn time_in(schedstat: impl AsRef<std::path::Path>) -> Option<Duration> {
    let text = fs::read_to_string(schedstat).ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
