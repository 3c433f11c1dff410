//! `task` as a string.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observers, task = "Task")]
fn build(observers: Vec<pipecat_instrument::Observer>) -> impl Sized {
    drop(observers);
    Task
}

fn main() {
    build(Vec::new());
}
