//! An argument that nothing can be pushed into.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observers)]
fn build(observers: Option<pipecat_instrument::Observer>) -> Task {
    drop(observers);
    Task
}

fn main() {
    build(None);
}
