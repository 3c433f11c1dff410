//! Resources of this process. All functions return `None` on systems other than Linux.

use std::fs;
use std::time::Duration;

/// Returns the resident memory, in bytes.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Returns the CPU time of this thread.
pub(crate) fn thread_cpu_time() -> Option<Duration> {
    read_schedstat("/proc/thread-self/schedstat")
}

/// Returns the CPU time of the thread with this name.
pub(crate) fn cpu_time_of_thread(name: &str) -> Option<Duration> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let task = tasks
        .flatten()
        .map(|entry| entry.path())
        .find(|task| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim_end() == name))?;
    read_schedstat(task.join("schedstat"))
}

/// Returns the number of open files.
pub(crate) fn open_files() -> Option<usize> {
    fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

fn read_schedstat(schedstat: impl AsRef<std::path::Path>) -> Option<Duration> {
    let text = fs::read_to_string(schedstat).ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
