//! A typo in the name of the argument that takes observers.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observer)]
fn build(observers: Vec<pipecat_instrument::Observer>, name: &str) -> Task {
    drop((observers, name));
    Task
}

fn main() {
    build(Vec::new(), "");
}
