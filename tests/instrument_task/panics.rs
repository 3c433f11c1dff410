//! Panics in an annotated body: their location, and the state they leave.

use std::panic::{Location, catch_unwind};
use std::sync::{Arc, Mutex};

use pipecat_instrument::instrument_task;

use crate::single_observer::{Task, observed_once};
use crate::support::{Traced, block_on};

struct Panics;

#[rustfmt::skip]
impl Panics {
    #[instrument_task]
    fn sync() -> Task {
        panic!("here")
    }

    #[instrument_task]
    async fn later() -> Result<Task, ()> {
        let task = Err(()); task.expect("there is a task")
    }
}
const FIRST: u32 = line!() - 10;

/// Returns the location of a panic: file, line from that of the first attribute, and column.
fn panic_location(run: impl FnOnce() + std::panic::UnwindSafe) -> (String, u32, u32) {
    static LOCATION: Mutex<Option<(String, u32, u32)>> = Mutex::new(None);
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    let _alone = ONE_AT_A_TIME.lock();
    let before = Arc::new(std::panic::take_hook());
    let (others, this) = (Arc::clone(&before), std::thread::current().id());
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == this {
            let location = |at: &Location<'_>| (at.file().to_owned(), at.line() - FIRST, at.column());
            *LOCATION.lock().unwrap() = info.location().map(location);
        } else {
            others(info);
        }
    }));
    assert!(catch_unwind(run).is_err());
    std::panic::set_hook(Box::new(move |info| before(info)));
    LOCATION.lock().unwrap().take().unwrap()
}

#[test]
fn panic_location_is_the_users_line_and_column() {
    let _traced = Traced::new();
    let file = || "tests/instrument_task/panics.rs".to_owned();
    assert_eq!(panic_location(|| drop(Panics::sync())), (file(), 2, 9));
    assert_eq!(panic_location(|| drop(block_on(Panics::later()))), (file(), 7, 34));
}

#[test]
fn task_after_a_panic_is_observed() {
    let traced = Traced::new();
    panic_location(|| drop(Panics::sync()));
    panic_location(|| drop(block_on(Panics::later())));
    drop(traced);
    observed_once(|| {
        #[instrument_task]
        fn local() -> Task {
            Task::default()
        }
        local()
    });
}

#[instrument_task(conversation_id = [""; 0][line.len()])]
fn panic_in_argument(line: &str) -> Task {
    let _ = line;
    Task::default()
}

#[test]
fn panic_in_an_argument_costs_only_the_trace() {
    crate::single_observer::unobserved(|| panic_in_argument("x"));
}
