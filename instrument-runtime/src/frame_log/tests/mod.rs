//! Writes logs and reads them again, with and without faults.

mod broken;
mod deferred;
mod faults;
mod late;
mod many;
mod parts;
mod round_trip;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::FrameLogWriter;
use crate::engine::frame::{Direction, Frame, FrameId, FramePushed, ProcessorRef};

/// A timeout far longer than any test needs.
const LONG: Duration = Duration::from_secs(60);

/// A directory of one test, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("pipecat-frame-log-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        names_in(&self.0)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn hop<'a>(frame: &'a Frame<'a>, id: u64) -> FramePushed<'a> {
    FramePushed {
        source: ProcessorRef::named("a"),
        destination: ProcessorRef::named("b"),
        direction: Direction::Downstream,
        id: Some(FrameId(id)),
        sibling: None,
        frame,
    }
}

fn flush(logs: &FrameLogWriter) {
    logs.flush(LONG).unwrap();
}
