//! The setup of a parent, in its child: what is queued at the fork is the parent's.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opentelemetry::trace::{Tracer, TracerProvider};
use pipecat_instrument::setup::{self, Setup};

use super::child::{Directory, in_child};

/// Far less than the five seconds that dropping a setup may take.
const SOON: Duration = Duration::from_secs(2);

/// Returns a setup whose backend is away, with one span in its queue.
fn with_queued_span(spool: &Path) -> Setup {
    let setup = setup::builder().endpoint("http://127.0.0.1:1").spool(spool, 1 << 20).build().unwrap();
    setup.provider().tracer("test").in_span("a span", |_| {});
    setup
}

/// Returns the number of requests in the spool, once the file is gone with which the parent tries the directory.
fn request_count(spool: &Path) -> usize {
    let tried = Instant::now() + Duration::from_millis(500);
    loop {
        let count =
            files_of(spool).into_iter().filter(|path| path.extension() == Some("request".as_ref())).count();
        if count == 0 || Instant::now() > tried {
            return count;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn files_of(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let files = |path: PathBuf| if path.is_dir() { files_of(&path) } else { vec![path] };
    entries.flatten().flat_map(|entry| files(entry.path())).collect()
}

#[test]
fn child_neither_waits_nor_spools_for_its_parent() {
    let directory = Directory::new("setup");
    let spool = directory.0.join("spool");
    let mut setup = Some(with_queued_span(&spool));
    in_child(&directory, || {
        let begun = Instant::now();
        let _ = setup.as_ref().unwrap().flush();
        drop(setup.take());
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert_eq!(request_count(&spool), 0);
    });
    in_child(&directory, || {
        let begun = Instant::now();
        let report = setup.take().unwrap().shutdown(Duration::from_secs(10));
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert_eq!((report.destinations()[0].queued, request_count(&spool)), (1, 0));
    });
    let _ = setup.take().unwrap().shutdown(Duration::from_millis(200));
    assert!(request_count(&spool) > 0, "the parent spools its span");
}
