//! `via` as a string.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observers, via = "adapter::observer")]
fn build(observers: Vec<u8>) -> Task {
    drop(observers);
    Task
}

fn main() {
    build(Vec::new());
}
