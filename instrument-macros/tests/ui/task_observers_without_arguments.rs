//! `observers` above a function without arguments.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observers)]
fn build() -> Task {
    Task
}

fn main() {
    build();
}
