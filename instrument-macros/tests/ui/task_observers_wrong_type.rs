//! An argument for another type than `Observer`, without `via`.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observers)]
fn build(observers: Vec<Box<dyn Fn()>>) -> Task {
    drop(observers);
    Task
}

fn main() {
    build(Vec::new());
}
