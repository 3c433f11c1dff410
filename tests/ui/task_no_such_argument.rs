//! `observers` names no argument.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observer)]
fn build(observers: Vec<u8>, name: &str) -> Task {
    let _ = (observers, name);
    Task
}

fn main() {
    build(Vec::new(), "");
}
