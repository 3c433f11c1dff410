//! Runs a part of a test in a child of `fork`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use fork::{Fork, waitpid_nohang};

/// How often, and how many times, the parent looks for the end of the child: for 30 seconds.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const POLLS: u32 = 1_500;

/// A directory for one test, removed after it.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fork-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Sets a flag when a test ends, also by a panic, so that its threads end.
pub(crate) struct SetOnDrop<'a>(pub(crate) &'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Forks, runs `act` in the child, and waits for it. Fails if `act` panics or hangs.
pub(crate) fn in_child(directory: &Directory, act: impl FnOnce()) {
    // A test that forks while another one does would wait for the other's child, too.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let failure = directory.0.join("failure");
    match fork::fork().unwrap() {
        Fork::Child => {
            let outcome = catch_unwind(AssertUnwindSafe(act));
            if let Err(panic) = &outcome {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                let _ = fs::write(&failure, text);
            }
            exit(i32::from(outcome.is_err()));
        }
        Fork::Parent(child) => {
            for _ in 0..POLLS {
                if let Some(status) = waitpid_nohang(child).unwrap() {
                    let text = fs::read_to_string(&failure).unwrap_or_default();
                    assert_eq!(status, 0, "in the child: {text}");
                    return;
                }
                sleep(POLL_INTERVAL);
            }
            let _ = Command::new("kill").args(["-9", &child.to_string()]).status();
            panic!("the child hangs");
        }
    }
}
