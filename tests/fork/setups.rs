//! The setup of a parent, in its child: what is queued at the fork is the parent's.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::trace::{Tracer, TracerProvider};
use pipecat_instrument::frame::{Frame, Processor, Role};
use pipecat_instrument::setup::{self, Setup};
use pipecat_instrument::{ObserveOptions, ObserverProvider};
use pipecat_instrument_runtime::emit::Tracers;

use super::child::{Directory, SetOnDrop, in_child};
use crate::support::push;

/// Far less than the five seconds that dropping a setup may take.
const SOON: Duration = Duration::from_secs(2);

/// Returns a setup whose backend is away, with one span in its queue.
fn with_queued_span(spool: &Path) -> Setup {
    let setup = setup::builder().endpoint("http://127.0.0.1:1").spool(spool, 1 << 20).build().unwrap();
    setup.provider().tracer("test").in_span("a span", |_| {});
    setup
}

/// Returns the number of requests in the spool. The file without spans is the one with which the parent tries the directory.
fn request_count(spool: &Path) -> usize {
    let is_request = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".request") && !name.ends_with("-0.request")
    };
    files_of(spool).iter().filter(|path| is_request(path)).count()
}

fn files_of(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let files = |path: PathBuf| if path.is_dir() { files_of(&path) } else { vec![path] };
    entries.flatten().flat_map(|entry| files(entry.path())).collect()
}

/// A call with the span of an LLM.
fn begin_and_end_a_call(observers: &ObserverProvider) {
    let observer = observers.observe(ObserveOptions::new());
    push(&observer, &Processor::new("Llm", "OpenAILLMService", Role::Llm), 1, &Frame::LlmResponseStart);
    observer.close();
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

#[test]
fn child_of_a_busy_parent_does_not_wait_for_its_locks() {
    let directory = Directory::new("busy-setup");
    let mut setup = Some(with_queued_span(&directory.0.join("spool")));
    let observers = ObserverProvider::new(Tracers::new(&setup.as_ref().unwrap().provider()));
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _done = SetOnDrop(&is_done);
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    begin_and_end_a_call(&observers);
                }
            });
        }
        for _ in 0..20 {
            in_child(&directory, || {
                begin_and_end_a_call(&observers);
                let setup = setup.take().unwrap();
                assert!(setup.provider().force_flush().is_ok());
                let _ = setup.flush();
                let _ = setup.shutdown(Duration::from_secs(10));
            });
        }
    });
    let _ = setup.take().unwrap().shutdown(Duration::from_millis(200));
}
