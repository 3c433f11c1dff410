//! An argument behind a shared reference.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observers)]
fn build(observers: &Vec<pipecat_instrument::Observer>) -> Task {
    let _ = observers.len();
    Task
}

fn main() {
    build(&Vec::new());
}
