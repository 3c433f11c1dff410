//! A panic in an annotated body is the user's: its place, and its way through the observer.

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

/// Where it panicked: line, from that of the first attribute, and column.
fn place_of_panic(run: impl FnOnce() + std::panic::UnwindSafe) -> (String, u32, u32) {
    static PLACE: Mutex<Option<(String, u32, u32)>> = Mutex::new(None);
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    let _alone = ONE_AT_A_TIME.lock();
    let before = Arc::new(std::panic::take_hook());
    let (others, this) = (Arc::clone(&before), std::thread::current().id());
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == this {
            let place = |at: &Location<'_>| (at.file().to_owned(), at.line() - FIRST, at.column());
            *PLACE.lock().unwrap() = info.location().map(place);
        } else {
            others(info);
        }
    }));
    assert!(catch_unwind(run).is_err());
    std::panic::set_hook(Box::new(move |info| before(info)));
    PLACE.lock().unwrap().take().unwrap()
}

#[test]
fn a_panic_points_at_the_users_line_and_column() {
    let _traced = Traced::new();
    let file = || "tests/instrument_task/panics.rs".to_owned();
    assert_eq!(place_of_panic(|| drop(Panics::sync())), (file(), 2, 9));
    assert_eq!(place_of_panic(|| drop(block_on(Panics::later()))), (file(), 7, 34));
}

#[test]
fn after_a_panic_the_next_task_is_observed() {
    let traced = Traced::new();
    place_of_panic(|| drop(Panics::sync()));
    place_of_panic(|| drop(block_on(Panics::later())));
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
fn with_a_panic_in_the_annotation(line: &str) -> Task {
    let _ = line;
    Task::default()
}

#[test]
fn a_panic_in_the_annotation_costs_the_trace_and_nothing_else() {
    crate::single_observer::unobserved(|| with_a_panic_in_the_annotation("x"));
}
