//! An argument without a `push` method.
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
